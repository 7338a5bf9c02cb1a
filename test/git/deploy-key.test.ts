/** Repositories over ssh, with a key and a host key of the site's own, against a real sshd. */
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it, onTestFinished } from "vitest";
import { PermanentError } from "../../src/errors.ts";
import { gitEnvironment } from "../../src/git/git-environment.ts";
import { openMirror } from "../../src/git/open-mirror.ts";
import { type SshAccess, sshEnvironment } from "../../src/git/ssh-environment.ts";
import { describeWith } from "../servers/available.ts";
import { createKeyPair, type KeyPair, type OpensshDaemon, startOpenssh } from "../servers/openssh.ts";
import { createGitRepository, temporaryFolder } from "./git-repository.ts";
import { failure, inMirror, prepareMirror } from "./mirror-options.ts";

type World = { readonly url: string; readonly commit: string; readonly key: KeyPair; readonly sshd: OpensshDaemon };

/** A repository with one commit, in the home of the only user of a host. */
async function startGitHost(hostKeys: readonly KeyPair[] = [createKeyPair()]): Promise<World> {
  const root = temporaryFolder();
  chmodSync(root, 0o755);
  const source = createGitRepository();
  const commit = source.commit({ "a.txt": "one" });
  const bare = join(root, "site.git");
  execFileSync("git", ["clone", "--quiet", "--bare", fileURLToPath(source.url), bare]);
  const key = createKeyPair();
  const sshd = await startOpenssh({ root, publicKey: key.public, hostKeys });
  onTestFinished(() => sshd.stop());
  return { url: `ssh://${sshd.user}@127.0.0.1:${sshd.port}${bare}`, commit, key, sshd };
}

const access = (world: World, changes: Partial<SshAccess> = {}): SshAccess => ({
  privateKey: world.key.private,
  hostKeys: world.sshd.fingerprints,
  setting: "sites.shop.gitHostKey",
  ...changes,
});

/** A `git` that notes its arguments and which key files are there while it runs. */
function createSpy(dataDir: string) {
  const folder = temporaryFolder();
  const real = execFileSync("/bin/sh", ["-c", "command -v git"], { encoding: "utf8" }).trim();
  const keys = `find '${dataDir}' -name '*.key' -printf '%f %m\\n'`;
  writeFileSync(
    join(folder, "git"),
    `#!/bin/sh\nprintf '%s\\n' "$@" >> '${folder}/seen'\n${keys} >> '${folder}/keys'\nexec '${real}' "$@"\n`,
  );
  chmodSync(join(folder, "git"), 0o755);
  const read = (name: string) => readFileSync(join(folder, name), "utf8");
  return { path: `${folder}:${process.env.PATH}`, seen: () => read("seen"), keys: () => read("keys") };
}

describeWith("sshd", "A deploy key", () => {
  it("opens its repository, and is gone when git is", async () => {
    const world = await startGitHost();
    const dataDir = temporaryFolder();
    const spy = createSpy(dataDir);
    // What is lost on the way of a secret: the last line break, and Unix's kind of it.
    const privateKey = world.key.private.trimEnd().replaceAll("\n", "\r\n");
    const options = { dataDir, env: { PATH: spy.path }, ssh: access(world, { privateKey }) };
    const { mirror, lines } = prepareMirror(world.url, options);

    expect(await mirror.fetchHead("main")).toMatchObject({ commit: world.commit });

    expect(spy.keys()).toMatch(/^slipway-scratch-[\w-]+\.key 600$/m);
    const files = readdirSync(dataDir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const written = files.map((entry) => readFileSync(join(entry.parentPath, entry.name), "latin1"));
    expect(files.filter(({ name }) => name.endsWith(".key"))).toEqual([]);
    for (const text of [spy.seen(), lines.join("\n"), ...written]) expect(text).not.toContain("PRIVATE KEY");
  });

  it("is not used for a host that shows another key, and the transcript names that one", async () => {
    const world = await startGitHost();
    const pinned = `SHA256:${"A".repeat(43)}`;
    for (const hostKeys of [[pinned], []]) {
      const { mirror, lines } = prepareMirror(world.url, { ssh: access(world, { hostKeys }) });
      const error = await failure(mirror.fetchHead("main"));
      expect(error).toBeInstanceOf(Error);
      expect(error).not.toBeInstanceOf(PermanentError);
      expect(lines.join("\n")).toContain(
        `sites.shop.gitHostKey does not name the key that the host shows. Compare it with what the host publishes, and write it there: ${world.sshd.fingerprints[0]}`,
      );
    }
    expect(world.sshd.log()).not.toContain("Accepted publickey");
  });

  it("goes with any of several host keys", async () => {
    const world = await startGitHost([createKeyPair("ecdsa")]);
    const hostKeys = [`SHA256:${"A".repeat(43)}`, ...world.sshd.fingerprints];
    const { mirror } = prepareMirror(world.url, { ssh: access(world, { hostKeys }) });
    expect(await mirror.fetchHead("main")).toMatchObject({ commit: world.commit });
  });

  it("that the host does not know is refused, whatever the machine's own keys are", async () => {
    const world = await startGitHost();
    const agent = temporaryFolder();
    const file = join(agent, "key");
    writeFileSync(file, world.key.private, { mode: 0o600 });
    const started = execFileSync("ssh-agent", ["-s", "-a", join(agent, "socket")], { encoding: "utf8" });
    const pid = Number(/SSH_AGENT_PID=(\d+)/.exec(started)?.[1]);
    onTestFinished(() => void process.kill(pid));
    const SSH_AUTH_SOCK = join(agent, "socket");
    execFileSync("ssh-add", ["-q", file], { env: { PATH: process.env.PATH, SSH_AUTH_SOCK } });
    const env = { PATH: process.env.PATH, SSH_AUTH_SOCK };

    const wrong = { env, ssh: access(world, { privateKey: createKeyPair().private }) };
    expect(await failure(prepareMirror(world.url, wrong).mirror.fetchHead("main"))).toBeInstanceOf(Error);
    // Without a deploy key the agent's is used, and the host is judged all the same.
    const ofAgent = { env, ssh: access(world, { privateKey: null }) };
    expect(await prepareMirror(world.url, ofAgent).mirror.fetchHead("main")).toMatchObject({ commit: world.commit });
  });

  it("that a killed process left behind goes with the next fetch", async () => {
    const world = await startGitHost();
    const { mirror, options, dataDir } = prepareMirror(world.url, { ssh: access(world) });
    await mirror.fetchHead("main");
    const left = inMirror(dataDir, "slipway-scratch-left.key");
    writeFileSync(left, world.key.private, { mode: 0o600 });
    await openMirror(options).fetchHead("main");
    expect(readdirSync(inMirror(dataDir))).not.toContain("slipway-scratch-left.key");
  });

  it("works in a folder with any name", async () => {
    const world = await startGitHost();
    const dataDir = join(temporaryFolder(), 'it\'s 100% "ours" $HOME');
    mkdirSync(dataDir);
    const { mirror } = prepareMirror(world.url, { dataDir, ssh: access(world) });
    expect(await mirror.fetchHead("main")).toMatchObject({ commit: world.commit });
  });
});

it("A key is not used over anything but ssh", () => {
  const { options } = prepareMirror("file:///x");
  const ssh = { privateKey: "x", hostKeys: [], setting: "sites.shop.gitHostKey" };
  expect(() => openMirror({ ...options, ssh })).toThrow(PermanentError);
});

it("A key that a site brings goes before what the machine's owner set for ssh", () => {
  const from = { GIT_SSH_COMMAND: "ssh -i /keys/of-somebody" };
  const own = sshEnvironment({ hostKeys: [], setting: "s" }, "/k");
  const env = { ...gitEnvironment(from, { url: "ssh://h/x", token: null }), ...own };
  expect(env.GIT_SSH_COMMAND).not.toContain("/keys/of-somebody");
});
