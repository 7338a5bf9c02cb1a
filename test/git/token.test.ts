import { execFileSync } from "node:child_process";
import { chmodSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { OperatorError, PermanentError } from "../../src/errors.ts";
import { gitEnvironment } from "../../src/git/git-environment.ts";
import { openMirror } from "../../src/git/open-mirror.ts";
import { canServe, createGitHost } from "./git-host.ts";
import { createGitRepository, temporaryFolder } from "./git-repository.ts";
import { failure, prepareMirror } from "./mirror-options.ts";

const token = "ghs_0123456789abcdefghij";
const basic = `Basic ${Buffer.from(`x-access-token:${token}`).toString("base64")}`;

/** A repository, and the folder that a host serves it from as /.git. */
function createServed() {
  const repository = createGitRepository();
  const commit = repository.commit({ "a.txt": "one" });
  return { commit, folder: fileURLToPath(repository.url) };
}

/** A folder with a `git` that notes its arguments before it is git. */
function createSpy() {
  const folder = temporaryFolder();
  const real = execFileSync("/bin/sh", ["-c", "command -v git"], { encoding: "utf8" }).trim();
  writeFileSync(join(folder, "git"), `#!/bin/sh\nprintf '%s\\n' "$@" >> '${folder}/seen'\nexec '${real}' "$@"\n`);
  chmodSync(join(folder, "git"), 0o755);
  return { path: `${folder}:${process.env.PATH}`, seen: () => readFileSync(join(folder, "seen"), "utf8") };
}

describe.skipIf(!canServe)("The token", () => {
  test("opens its host, and stands in no argument, no file and no line of the transcript", async () => {
    const { commit, folder } = createServed();
    const host = await createGitHost({ folder, authorization: basic });
    const spy = createSpy();
    const env = { PATH: spy.path, GIT_SSL_CAINFO: host.cert };
    const { mirror, dataDir, lines } = prepareMirror(`${host.url}/.git`, { token, env });

    expect(await mirror.fetchHead("main")).toMatchObject({ commit });

    const files = readdirSync(dataDir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const written = files.map((entry) => readFileSync(join(entry.parentPath, entry.name), "utf8"));
    for (const text of [spy.seen(), lines.join("\n"), ...written]) {
      expect(text).not.toContain(token);
      expect(text).not.toContain(basic.slice(6));
    }
    expect(spy.seen()).toContain("fetch");
  });

  test("is given to no host that the repository's own redirects to", async () => {
    const { commit, folder } = createServed();
    const other = await createGitHost({ folder });
    const host = await createGitHost({ redirectTo: other.url });
    const cert = join(temporaryFolder(), "both.pem");
    writeFileSync(cert, readFileSync(host.cert, "utf8") + readFileSync(other.cert, "utf8"));
    const env = { PATH: process.env.PATH, GIT_SSL_CAINFO: cert };
    const { mirror } = prepareMirror(`${host.url}/.git`, { token, env });

    // Nothing is asked for there, so the fetch works, and a header of our own would have gone along with the second request.
    expect(await mirror.fetchHead("main")).toMatchObject({ commit });
    expect(other.seen.map(({ request }) => request)).toContain("POST /.git/git-upload-pack");
    expect(other.seen.every(({ authorization }) => authorization === undefined)).toBe(true);
  });

  test("is not given to a redirect's host that asks for it", async () => {
    const other = await createGitHost({ folder: createServed().folder, authorization: basic });
    const host = await createGitHost({ redirectTo: other.url });
    const cert = join(temporaryFolder(), "both.pem");
    writeFileSync(cert, readFileSync(host.cert, "utf8") + readFileSync(other.cert, "utf8"));
    const env = { PATH: process.env.PATH, GIT_SSL_CAINFO: cert };

    const error = await failure(prepareMirror(`${host.url}/.git`, { token, env }).mirror.fetchHead("main"));

    expect(error).toBeInstanceOf(Error);
    expect(other.seen.length).toBeGreaterThan(0);
    expect(other.seen.every(({ authorization }) => authorization === undefined)).toBe(true);
  });
});

describe.skipIf(!canServe)("A token of another host", () => {
  test.each([
    ["deploy", "glpat-with\\nback\\cslashes%s"],
    ["gitlab+deploy-token-1", "abc"],
  ])("goes with the user %s, letter by letter", async (user, secret) => {
    const { commit, folder } = createServed();
    const authorization = `Basic ${Buffer.from(`${user}:${secret}`).toString("base64")}`;
    const host = await createGitHost({ folder, authorization });
    const env = { PATH: process.env.PATH, GIT_SSL_CAINFO: host.cert };
    const url = `${host.url.replace("//", `//${user}@`)}/.git`;
    const { mirror } = prepareMirror(url, { token: secret, user, env });
    expect(await mirror.fetchHead("main")).toMatchObject({ commit });
  });

  test("does not go with a user that could say more than a name", () => {
    const { options } = prepareMirror("file:///x");
    const wrong = { ...options, url: "https://git.example.com/a.git", token: "abc", user: "x\npassword=y" };
    expect(() => openMirror(wrong)).toThrow(OperatorError);
  });
});

test("A token is not sent over anything but https", () => {
  const { options } = prepareMirror("file:///x");
  expect(() => openMirror({ ...options, token })).toThrow(PermanentError);
});

test("A token that could say more than a password is refused", () => {
  const { options } = prepareMirror("file:///x");
  const wrong = { ...options, url: "https://git.example.com/a.git", token: "abc\nhost=evil.example" };
  expect(() => openMirror(wrong)).toThrow(PermanentError);
});

test("Git has the token for one origin, and not at all over another protocol", () => {
  const env = gitEnvironment({}, { url: "https://git.example.com:8443/a/b.git", token });
  expect(Object.values(env)).toContain("credential.https://git.example.com:8443.helper");
  expect(Object.keys(env).filter((name) => env[name]?.includes(token))).toEqual(["SLIPWAY_GIT_TOKEN"]);
  const overSsh = gitEnvironment({}, { url: "ssh://git@git.example.com/a/b.git", token });
  expect(Object.values(overSsh).join("\n")).not.toContain(token);
});
