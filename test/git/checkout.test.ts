import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { OperatorError, PermanentError } from "../../src/errors.ts";
import { type CheckoutOptions, fetchHead } from "../../src/git/checkout.ts";
import { branchProblem, repositoryProblem } from "../../src/git/git-name.ts";
import { createGitRepository, temporaryFolder } from "./git-repository.ts";

function prepare(url: string, changes: Partial<CheckoutOptions> = {}) {
  const dataDir = changes.dataDir ?? temporaryFolder();
  const folder = join(dataDir, "work", "source");
  const lines: string[] = [];
  const options: CheckoutOptions = {
    site: "shop",
    url,
    token: null,
    branch: "main",
    dataDir,
    folder,
    env: { PATH: process.env.PATH },
    say: (text) => lines.push(text),
    signal: new AbortController().signal,
    gone: new AbortController().signal,
    async onGroup() {},
    ...changes,
  };
  return { options, folder, dataDir, lines };
}

/** Fetches and lays out. Answers with the head and the names in the folder. */
async function checkOut(options: CheckoutOptions) {
  const { head, layOut } = await fetchHead(options);
  await layOut();
  return { head, names: readdirSync(options.folder).sort() };
}

const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

describe("A checkout", () => {
  test("lays out exactly the head of the branch, however it moved since the last one", async () => {
    const repository = createGitRepository();
    repository.commit({ "a.txt": "one", "sub/b.txt": "b" });
    const first = repository.commit({ "a.txt": "two", "ünï cödé.txt": "x" }, "Second\n\nbody");
    const { options, folder, dataDir } = prepare(repository.url);

    const one = await checkOut(options);
    expect(one.head).toEqual({ commit: first, author: "Ada", title: "Second" });
    expect(one.names).toEqual(["a.txt", "sub", "ünï cödé.txt"]);
    writeFileSync(join(folder, "left over"), "");

    repository.git("checkout", "--quiet", "--orphan", "other");
    repository.git("rm", "-rf", "--quiet", ".");
    const second = repository.commit({ "c.txt": "c" });
    repository.git("branch", "-f", "main");
    const two = await checkOut(options);
    expect(two.head.commit).toBe(second);
    expect(two.names).toEqual(["c.txt"]);
    expect(readdirSync(join(dataDir, "git", "shop"))).toHaveLength(1);
  });

  test("transfers nothing when the head is known already", async () => {
    const repository = createGitRepository();
    repository.commit({ "a.txt": "one" });
    const { options, dataDir } = prepare(repository.url);
    await fetchHead(options);
    const [mirror = ""] = readdirSync(join(dataDir, "git", "shop"));
    const packs = () => readdirSync(join(dataDir, "git", "shop", mirror, "objects", "pack"));
    const before = packs();
    await fetchHead(options);
    expect(packs()).toEqual(before);
  });

  test("starts afresh when an earlier fetch was cut off", async () => {
    const repository = createGitRepository();
    const commit = repository.commit({ "a.txt": "one" });
    const { options, dataDir } = prepare(repository.url);
    await fetchHead(options);
    const [mirror = ""] = readdirSync(join(dataDir, "git", "shop"));
    const inMirror = (name: string) => join(dataDir, "git", "shop", mirror, name);
    writeFileSync(inMirror("slipway-fetching"), "");
    writeFileSync(inMirror("shallow.lock"), "");
    repository.commit({ "b.txt": "two" });

    const { head } = await checkOut(options);
    expect(head.commit).not.toBe(commit);
    expect(existsSync(inMirror("slipway-fetching"))).toBe(false);
  });

  test.each([
    "$(touch$IFS'owned')",
    "--upload-pack=touch$IFS'owned'",
    ";touch$IFS'owned'",
    "feature/ünï",
    "a'b\"c`d`",
    "@",
  ])("takes a branch called %s for a name and nothing else", async (branch) => {
    const repository = createGitRepository();
    const commit = repository.commit({ "a.txt": "one" });
    repository.git("update-ref", `refs/heads/${branch}`, commit);
    const { options, dataDir } = prepare(repository.url, { branch });
    const { head, names } = await checkOut(options);
    expect(head.commit).toBe(commit);
    expect(names).toEqual(["a.txt"]);
    expect(readdirSync(dataDir, { recursive: true }).filter((name) => String(name).endsWith("owned"))).toEqual([]);
  });

  test("of a branch that does not exist fails for good", async () => {
    const repository = createGitRepository();
    repository.commit({ "a.txt": "one" });
    const error = await failure(fetchHead(prepare(repository.url, { branch: "gone" }).options));
    expect(error).toBeInstanceOf(PermanentError);
    expect(error).toHaveProperty("message", `${repository.url} has no branch called "gone"`);
  });

  test("of a repository that is not there may be tried again", async () => {
    const { options, lines } = prepare("file:///nowhere/at/all.git");
    const error = await failure(fetchHead(options));
    expect(error).toBeInstanceOf(Error);
    expect(error).not.toBeInstanceOf(PermanentError);
    expect(lines.join("\n")).toContain("fatal:");
  });

  test("runs neither hooks nor filters of the repository", async () => {
    const repository = createGitRepository();
    const marker = join(temporaryFolder(), "owned");
    repository.commit({
      "a.txt": "one",
      ".gitattributes": "*.txt filter=evil\n",
      ".gitconfig": `[filter "evil"]\nsmudge = touch ${marker}\n[core]\nhooksPath = hooks\n`,
      ".lfsconfig": "",
      "hooks/post-checkout": `#!/bin/sh\ntouch ${marker}\n`,
    });
    const { options, dataDir } = prepare(repository.url);
    const home = join(dataDir, "home");
    mkdirSync(home);
    // The user's configuration counts as little as the repository's.
    writeFileSync(join(home, ".gitconfig"), `[filter "evil"]\nsmudge = touch ${marker}\n`);
    const { names } = await checkOut({ ...options, env: { PATH: process.env.PATH, HOME: home } });
    expect(names).toContain("a.txt");
    expect(existsSync(marker)).toBe(false);
  });

  test("refuses a URL or a branch that cannot be one, and names the setting", async () => {
    const url = await failure(fetchHead(prepare("ext::sh -c touch% owned").options));
    expect(url).toBeInstanceOf(OperatorError);
    expect(url).toHaveProperty("key", "sites.shop.git");
    const branch = await failure(fetchHead(prepare("file:///x", { branch: "$(touch x)" }).options));
    expect(branch).toBeInstanceOf(OperatorError);
    expect(branch).toHaveProperty("key", "sites.shop.branch");
  });
});

/** Makes the keys of hosts. A machine that has none skips these tests, except where all have to run. */
const hasOpenssl = spawnSync("openssl", ["version"]).status === 0;

describe("The token", () => {
  const token = "ghs_0123456789abcdefghij";
  const basic = `Basic ${Buffer.from(`x-access-token:${token}`).toString("base64")}`;

  /** A host that has nothing, and remembers what it was sent. */
  async function createHost(redirectTo: string | null = null) {
    const folder = temporaryFolder();
    const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
    const made = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
    const names = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"];
    execFileSync("openssl", ["req", ...made, ...names, "-keyout", key, "-out", cert], { stdio: "ignore" });
    const seen: Array<string | undefined> = [];
    const server = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (request, response) => {
      seen.push(request.headers.authorization);
      if (redirectTo === null) response.writeHead(404).end();
      else response.writeHead(301, { location: `${redirectTo}${request.url}` }).end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    return { url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, cert, seen };
  }

  /** A folder with a `git` that notes its arguments before it is git. */
  function createSpy() {
    const folder = temporaryFolder();
    const real = execFileSync("/bin/sh", ["-c", "command -v git"], { encoding: "utf8" }).trim();
    writeFileSync(join(folder, "git"), `#!/bin/sh\nprintf '%s\\n' "$@" >> '${folder}/seen'\nexec '${real}' "$@"\n`);
    chmodSync(join(folder, "git"), 0o755);
    return { path: `${folder}:${process.env.PATH}`, seen: () => readFileSync(join(folder, "seen"), "utf8") };
  }

  test.skipIf(!hasOpenssl && !process.env.CI)(
    "reaches its host in a header, and neither arguments, mirror nor transcript",
    async () => {
      const host = await createHost();
      const spy = createSpy();
      const { options, dataDir, lines } = prepare(`${host.url}/acme/shop.git`, {
        token,
        env: { PATH: spy.path, GIT_SSL_CAINFO: host.cert },
      });

      const error = await failure(fetchHead(options));

      expect(host.seen).toContain(basic);
      const files = readdirSync(dataDir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
      const written = files.map((entry) => readFileSync(join(entry.parentPath, entry.name), "utf8"));
      for (const text of [spy.seen(), lines.join("\n"), String(error), ...written]) {
        expect(text).not.toContain(token);
        expect(text).not.toContain(basic.slice(6));
      }
    },
  );

  test.skipIf(!hasOpenssl && !process.env.CI)("does not follow a redirect to another host", async () => {
    const other = await createHost();
    const host = await createHost(other.url);
    const cert = join(temporaryFolder(), "both.pem");
    writeFileSync(cert, readFileSync(host.cert, "utf8") + readFileSync(other.cert, "utf8"));
    const env = { PATH: process.env.PATH, GIT_SSL_CAINFO: cert };
    await failure(fetchHead(prepare(`${host.url}/acme/shop.git`, { token, env }).options));
    expect(host.seen).toContain(basic);
    expect(other.seen.length).toBeGreaterThan(0);
    expect(other.seen.every((header) => header === undefined)).toBe(true);
  });

  test("is not sent over anything but https", async () => {
    const error = await failure(fetchHead(prepare("file:///x", { token }).options));
    expect(error).toBeInstanceOf(PermanentError);
  });
});

test.each([
  ["main", null],
  ["release/2.0", null],
  ["-x", null],
  ["", "is empty or very long"],
  ["a b", "has a space, a control character or one of ~ ^ : ? * [ \\"],
  ["a\nb", "has a space, a control character or one of ~ ^ : ? * [ \\"],
  ["main:refs/heads/other", "has a space, a control character or one of ~ ^ : ? * [ \\"],
  ["a..b", "has '..' or '@{'"],
  ["a@{1}", "has '..' or '@{'"],
  ["/a", "has an empty part"],
  ["a//b", "has an empty part"],
  ["a/", "has an empty part"],
  [".a", "has a part that starts with a dot"],
  ["a/.b", "has a part that starts with a dot"],
  ["a.lock/b", "has a part that ends with .lock"],
  ["a.", "ends with a dot"],
])("As git-check-ref-format has it, the branch %j %s", (name, problem) => {
  expect(branchProblem(name)).toBe(problem);
});

test.each([
  ["https://github.com/acme/shop.git", null],
  ["ssh://git@git.example.com:2222/acme/shop.git", null],
  ["file:///srv/git/shop.git", null],
  ["http://example.com/x.git", "does not start with https://, ssh:// or file://"],
  ["git@example.com:acme/shop.git", "does not start with https://, ssh:// or file://"],
  ["--upload-pack=x", "does not start with https://, ssh:// or file://"],
  ["file:x", "does not start with file://"],
  ["https://user:password@example.com/x.git", "has a password in it; arguments and logs would show it"],
  ["ssh://-oProxyCommand=x/y", "has a host that starts with -"],
])("The repository %j %s", (url, problem) => {
  expect(repositoryProblem(url)).toBe(problem);
});
