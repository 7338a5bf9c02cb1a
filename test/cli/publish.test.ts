/** `slipway publish` as whoever runs it meets it: a process, a folder and a host. */
import { createHash } from "node:crypto";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createCertificate } from "../../src/demo/certificate.ts";
import { createFtpServer, type FtpServer, type Misbehaviour } from "../../src/demo/ftp/ftp-server.ts";
import { BUILT_PROGRAM } from "../built-program.ts";
import { PATIENCE } from "../patience.ts";
import { describeWith } from "../servers/available.ts";
import { startVsftpd } from "../servers/debian-ftp.ts";
import { createKeyPair, startOpenssh } from "../servers/openssh.ts";
import { type Ended, runPublishProcess, startPublish } from "./publish-process.ts";

const PASSWORD = "the-secret-word";

let root: string;
let dist: string;
let site: string;
let to: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "slipway-publish-"));
  dist = join(root, "dist");
  site = join(root, "host", "site");
  to = `dir:${site}`;
  await mkdir(site, { recursive: true });
  await write({ "index.html": "<h1>One</h1>", "about.html": "about", "img/logo.svg": "<svg/>" });
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function write(files: Readonly<Record<string, string>>, folder = dist): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
}

/** What a host serves: everything but Slipway's own folder. */
async function live(folder = site): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const served = paths.map((path) => path.slice(folder.length + 1)).filter((path) => !path.startsWith(".slipway"));
  return Object.fromEntries(
    await Promise.all(served.map(async (path) => [path, await readFile(join(folder, path), "utf8")])),
  );
}

const publish = (args: readonly string[] = [], env: Readonly<Record<string, string>> = {}) =>
  runPublishProcess([dist, "--to", to, ...args], { env });

describe("slipway publish", () => {
  it("puts a folder on a host, then only what changed, then nothing, and says each time what it did", async () => {
    const first = await publish();
    expect(first).toMatchObject({ code: 0, err: "" });
    expect(first.out).toMatch(/Live: 0 changed, 3 new, 0 removed; \d+ B in [\d.]+ s/);
    expect(await live()).toEqual({ "index.html": "<h1>One</h1>", "about.html": "about", "img/logo.svg": "<svg/>" });

    await write({ "index.html": "<h1>Two</h1>", "new.html": "new" });
    await rm(join(dist, "about.html"));
    const second = await publish();
    expect(second.out).toMatch(/Live: 1 changed, 1 new, 1 removed; 15 B in [\d.]+ s; the site changed over within /);
    expect(await live()).toEqual({ "index.html": "<h1>Two</h1>", "new.html": "new", "img/logo.svg": "<svg/>" });

    expect((await publish()).out).toMatch(/Live: all 3 files are on the host already \([\d.]+ s\)\n$/);
  });

  it("prints the plan of a dry run and leaves the host as it is", async () => {
    await publish();
    await write({
      "index.html": "two",
      ...Object.fromEntries(Array.from({ length: 25 }, (_, n) => [`p${n}.html`, "p"])),
    });
    await rm(join(dist, "about.html"));
    const before = await readdir(join(root, "host"), { recursive: true });
    const { code, out } = await publish(["--dry-run"]);
    expect(code).toBe(0);
    expect(out).toMatch(/New \(25\):\n( {2}\+ p\d+\.html\n){20} {2}\+ … and 5 more\n/);
    expect(out).toContain("Changed (1):\n  ~ index.html\nRemoved (1):\n  - about.html\n");
    expect(out).toMatch(/Plan: 1 changed, 25 new, 1 removed, 1 unchanged; 28 B to upload\. Nothing was changed\.\n$/);
    expect(await readdir(join(root, "host"), { recursive: true })).toEqual(before);
    const json = JSON.parse((await publish(["--dry-run", "--json"])).out);
    expect(json).toMatchObject({ ok: true, dryRun: true, changed: ["index.html"], removed: ["about.html"] });
    expect(json.added).toHaveLength(25);
  });

  it("prints one JSON object and nothing else on standard output with --json", async () => {
    const { out, err } = await publish(["--json"]);
    expect(out.trimEnd().split("\n")).toHaveLength(1);
    expect(JSON.parse(out)).toMatchObject({ ok: true, target: to, added: 3, changed: 0, removed: 0, files: 3 });
    expect(err).toContain("Live: ");
    const failed = await runPublishProcess([join(root, "no"), "--to", to, "--json"]);
    expect([failed.code, JSON.parse(failed.out)]).toEqual([
      1,
      { ok: false, error: expect.stringMatching(/no folder/) },
    ]);
  });

  it("says only how it ended with --quiet", async () => {
    expect((await publish(["--quiet"])).out).toMatch(/^Live: [^\n]+\n$/);
  });

  it("replaces files of others only when it is told to, and leaves those it is told to keep", async () => {
    await write({ "index.html": "theirs", "keep/me.txt": "mine" }, site);
    await write({ "keep/me.txt": "from the build" });
    const refused = await publish(["--keep", "keep/**"]);
    expect([refused.code, refused.err]).toEqual([1, expect.stringMatching(/index\.html.*--adopt/)]);
    expect((await live())["index.html"]).toBe("theirs");
    expect((await publish(["--keep", "keep/**", "--dry-run"])).out).toMatch(/--adopt[^\n]*\n {2}! index\.html/);
    expect((await publish(["--keep", "keep/**", "--adopt"])).code).toBe(0);
    expect(await live()).toMatchObject({ "index.html": "<h1>One</h1>", "keep/me.txt": "mine" });
  });

  it("removes more than half of a site only when it is told to", async () => {
    await publish();
    await Promise.all(["about.html", "img"].map((path) => rm(join(dist, path), { recursive: true })));
    const refused = await publish();
    expect([refused.code, refused.err]).toEqual([1, expect.stringContaining("--allow-removals")]);
    expect((await publish(["--dry-run"])).out).toContain("--allow-removals");
    expect((await publish(["--allow-removals"])).code).toBe(0);
    expect(await live()).toEqual({ "index.html": "<h1>One</h1>" });
  });

  it("remembers in --state what it published, and does without when that is damaged", async () => {
    const state = join(root, "state");
    expect((await publish(["--state", state])).code).toBe(0);
    const [name] = await readdir(state);
    const saved = JSON.parse(await readFile(join(state, name ?? ""), "utf8"));
    expect(saved).toMatchObject({ target: to, files: expect.arrayContaining([["about.html", expect.anything(), 5]]) });
    await writeFile(join(state, name ?? ""), "{");
    await write({ "index.html": "two" });
    const { code, out } = await publish(["--state", state]);
    expect([code, out]).toEqual([0, expect.stringMatching(/is damaged and not used[\s\S]*Live: 1 changed/)]);
  });

  it.each<[string, (given: string[]) => string[], RegExp]>([
    ["no target", () => [], /required option '--to <url>'/],
    ["a target that is none", () => ["--to", "http://x/"], /^--to: is no target/],
    ["a password in the target", () => ["--to", "ftps://u:hunter2@h/"], /^--to: carries a password.*SLIPWAY_PASSWORD/],
    ["plain FTP by accident", () => ["--to", "ftp://u@h/"], /^--to: .*unencrypted.*--plain/],
    ["no password", () => ["--to", "ftps://u@h/"], /^no password: set SLIPWAY_PASSWORD/],
    ["an option that there is not", (given) => [...given, "--cloud"], /unknown option '--cloud'/],
    [
      "an option of another protocol",
      (given) => [...given, "--host-key", `SHA256:${"a".repeat(43)}`],
      /--host-key: belongs/,
    ],
    ["a strategy that there is not", (given) => [...given, "--strategy", "magic"], /rename, swap, symlink/],
    ["no number", (given) => [...given, "--keep-assets", "few"], /^--keep-assets: /],
    ["no length of time", (given) => [...given, "--timeout", "soon"], /^--timeout: /],
    [
      "a target inside of the folder",
      () => ["--to", `dir:${join(dist, "img")}`],
      /^--to: lies in the folder to publish/,
    ],
    [
      "two answers to one question",
      () => ["--to", "sftp://u@h/", "--host-key", `SHA256:${"a".repeat(43)}`, "--accept-new-host-key"],
      /--host-key and --accept-new-host-key/,
    ],
  ])("is used wrongly with %s: exit code 2, one line, and no secret in it", async (_, args, message) => {
    const { code, out, err } = await runPublishProcess([dist, ...args(["--to", to])]);
    expect([code, out, err]).toEqual([2, "", expect.stringMatching(message)]);
    expect(err).not.toContain("hunter2");
    expect(err).not.toContain("    at ");
  });

  it.each<[string, () => Promise<unknown>, RegExp]>([
    ["is missing", () => rm(dist, { recursive: true }), /^There is no folder .*dist\.\n$/],
    ["has no page", () => Promise.all(["index.html", "about.html"].map((path) => rm(join(dist, path)))), /no page/],
    [
      "has names that hosts change",
      () => write({ " a.html": "", "b ": "" }),
      /^2 names.*\n {2}" a\.html" has.*\n {2}"b " has/,
    ],
  ])("fails with a clear sentence when the folder %s", async (_, spoil, message) => {
    await spoil();
    expect(await publish()).toMatchObject({ code: 1, err: expect.stringMatching(message) });
  });

  it("annotates a run of GitHub Actions, and gives it a summary and outputs", async () => {
    const files = { GITHUB_STEP_SUMMARY: join(root, "summary.md"), GITHUB_OUTPUT: join(root, "output") };
    const actions = { GITHUB_ACTIONS: "true", GITHUB_REPOSITORY: "acme/shop", GITHUB_RUN_ID: "7", ...files };
    expect((await publish([], actions)).code).toBe(0);
    expect(await readFile(files.GITHUB_OUTPUT, "utf8")).toBe("added=3\nchanged=0\nremoved=0\nbytes=23\n");
    expect(await readFile(files.GITHUB_STEP_SUMMARY, "utf8")).toMatch(
      /^### Live <code>dir:.*\n[\s\S]*\| 3 \| 0 \| 0 \| 23 B \|/,
    );
    await write({ "a ": "", "b\n::error::x": "" });
    const failed = await publish([], actions);
    expect(failed.code).toBe(1);
    expect(failed.out.split("\n").filter((line) => line.startsWith("::"))).toEqual([
      expect.stringMatching(/^::error title=slipway publish::2 names cannot be published\..*%0A/),
    ]);
    expect(await readFile(files.GITHUB_STEP_SUMMARY, "utf8")).toContain("\n    2 names cannot be published.");
  });
});

describe("slipway publish over FTP", () => {
  let server: FtpServer;
  beforeEach(async () => {
    server = createFtpServer({ root: site, user: "deploy", password: PASSWORD });
    await server.start();
    to = `ftp://deploy@127.0.0.1:${server.port}/`;
  });
  afterEach(() => server.stop());

  const env = { SLIPWAY_PASSWORD: PASSWORD };
  const ftp = (args: readonly string[] = []) => startPublish([dist, "--to", to, "--plain", ...args], { env });

  it("logs in with a password from the environment, a file or standard input, and shows it nowhere", async () => {
    await writeFile(join(root, "password"), `${PASSWORD}\n`);
    const ways: Array<Promise<Ended>> = [
      ftp().ended,
      runPublishProcess([dist, "--to", to, "--plain", "--password-file", join(root, "password")]),
      runPublishProcess([dist, "--to", to, "--plain", "--password-file", "-"], { input: `${PASSWORD}\r\n` }),
    ];
    for (const way of ways) {
      const { code, out, err } = await way;
      expect([code, out, err]).toEqual([0, expect.stringContaining("Live: "), ""]);
      expect(out).not.toContain(PASSWORD);
    }
    expect(await live()).toMatchObject({ "about.html": "about" });
  });

  it("asks a terminal for the password and does not show what is typed", async () => {
    const command = [process.execPath, BUILT_PROGRAM, "publish", dist, "--to", to, "--plain"].join(" ");
    // script(1) gives it a terminal and passes on what is typed.
    const { code, out } = await runPublishProcess(["-qec", command, "/dev/null"], {
      command: ["script"],
      input: `${PASSWORD}\n`,
    });
    expect([code, out]).toEqual([0, expect.stringContaining("Password of deploy@127.0.0.1: ")]);
    expect(out).toContain("Live");
    expect(out.replace(/^.*?Password of/s, "")).not.toContain(PASSWORD);
  });

  it("says which option is wrong when the password is", async () => {
    const { code, err } = await runPublishProcess([dist, "--to", to, "--plain"], {
      env: { SLIPWAY_PASSWORD: "not-the-word" },
    });
    expect([code, err]).toEqual([1, expect.stringMatching(/^SLIPWAY_PASSWORD: [^\n]+\n$/)]);
    expect(err).not.toContain("not-the-word");
  });

  it("is cancelled by Ctrl-C with the site as it was, and goes on next time with what arrived", async () => {
    await write(Object.fromEntries(Array.from({ length: 60 }, (_, n) => [`p${n}.html`, `page ${n}`])));
    server.misbehave({ replyDelayMs: 20 });
    const first = ftp();
    await vi.waitFor(() => expect(server.log.stored.length).toBeGreaterThan(10), { timeout: 60_000 });
    first.kill("SIGINT");
    expect(await first.ended).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^Cancelled; the site is as it was/),
    });
    expect(await live()).toEqual({});
    server.misbehave(null);
    const second = await ftp().ended;
    expect([second.code, second.out]).toEqual([0, expect.stringMatching(/\d+ files .*not sent again/)]);
    expect(Object.keys(await live())).toHaveLength(63);
  });

  /** Has a change published by a host that misbehaves, and waits for the change-over to begin. */
  async function untilChangeOver(misbehaviour: Misbehaviour) {
    await ftp().ended;
    await write({ "index.html": "two", "about.html": "two", "img/logo.svg": "two" });
    server.log.reset();
    server.misbehave(misbehaviour);
    const running = ftp();
    await vi.waitFor(() => expect(server.log.lines.join("\n")).toMatch(/RNFR \S+\/journal$/m), { timeout: 60_000 });
    return running;
  }

  it("finishes a change-over that has begun, also when it is told to stop", async () => {
    const running = await untilChangeOver({ replyDelayMs: 60 });
    running.kill("SIGINT");
    running.kill("SIGTERM");
    const { code, out } = await running.ended;
    expect([code, out]).toEqual([
      0,
      expect.stringContaining("The site is being changed over; this is finished first."),
    ]);
    expect(out).toMatch(/Live: 3 changed/);
    expect(await live()).toMatchObject({ "index.html": "two", "about.html": "two", "img/logo.svg": "two" });
  });

  it("ends at once at a second Ctrl-C, and the next publish finishes what it left", async () => {
    const running = await untilChangeOver({ interrupt: { verb: "RNTO", nth: 3, how: "hang" } });
    running.kill("SIGINT");
    await vi.waitFor(() => expect(running.output()).toContain("finished first"), PATIENCE);
    const interrupt = setInterval(() => running.kill("SIGINT"), 100);
    const { code, out } = await running.ended;
    clearInterval(interrupt);
    expect([code, out]).toEqual([130, expect.stringContaining("publish again to finish it")]);
    server.misbehave(null);
    const next = await ftp().ended;
    expect([next.code, next.err]).toEqual([0, ""]);
    expect(await live()).toMatchObject({ "index.html": "two", "about.html": "two", "img/logo.svg": "two" });
  });

  it("stops at its deadline and says which option set it", async () => {
    server.misbehave({ interrupt: { verb: "STOR", how: "hang" } });
    const { code, err } = await ftp(["--timeout", "2s"]).ended;
    expect([code, err]).toEqual([
      1,
      expect.stringMatching(/^--timeout: not done within 2\.0 s; the site is as it was/),
    ]);
  });

  it("fails cleanly when a file changes while it is being published", async () => {
    await write(Object.fromEntries(Array.from({ length: 30 }, (_, n) => [`p${n}.html`, `page ${n}`])));
    server.misbehave({ replyDelayMs: 25 });
    const running = ftp(["--connections", "1"]);
    await vi.waitFor(() => expect(server.log.stored.length).toBeGreaterThan(2), { timeout: 60_000 });
    await Promise.all(Array.from({ length: 30 }, (_, n) => writeFile(join(dist, `p${n}.html`), `page X`)));
    expect(await running.ended).toMatchObject({
      code: 1,
      err: expect.stringMatching(/was changed while it was being published/),
    });
    expect(await live()).toEqual({});
  });
});

const certificate = await createCertificate();

describeWith("vsftpd", "slipway publish to vsftpd with TLS", () => {
  it("publishes with a certificate that it is told to trust, and not without", async () => {
    // The account that it serves has to reach its folder.
    for (const folder of [root, dirname(site)]) await chmod(folder, 0o755);
    const server = await startVsftpd({ root: site, password: PASSWORD, tls: certificate });
    try {
      const args = [dist, "--to", `ftps://${server.user}@127.0.0.1:${server.port}/`];
      const env = { SLIPWAY_PASSWORD: PASSWORD };
      const refused = await runPublishProcess(args, { env });
      expect([refused.code, refused.err]).toEqual([1, expect.stringMatching(/certificate/)]);
      await writeFile(join(root, "ca.pem"), certificate.cert);
      const trusted = await runPublishProcess([...args, "--ca", join(root, "ca.pem")], { env });
      expect([trusted.code, trusted.out]).toEqual([0, expect.stringContaining("3 new")]);
      const insecure = await runPublishProcess([...args, "--insecure"], { env });
      expect([insecure.code, insecure.out]).toEqual([
        0,
        expect.stringMatching(/--insecure: [\s\S]*on the host already/),
      ]);
    } finally {
      await server.stop();
    }
  });
});

describeWith("sshd", "slipway publish to sshd", () => {
  it("logs in with a private key, and trusts the host's key only when it is told to, from then on no other", async () => {
    for (const folder of [root, dirname(site)]) await chmod(folder, 0o755);
    const key = createKeyPair();
    const server = await startOpenssh({ root: site, publicKey: key.public });
    try {
      const args = [dist, "--to", `sftp://${server.user}@127.0.0.1:${server.port}/`, "--state", join(root, "state")];
      const env = { SLIPWAY_PRIVATE_KEY: key.private };
      const refused = await runPublishProcess(args, { env });
      expect([refused.code, refused.err]).toEqual([1, expect.stringContaining(`--host-key ${server.fingerprints[0]}`)]);
      await writeFile(join(root, "key"), key.private);
      const first = await runPublishProcess([...args, "--key", join(root, "key"), "--accept-new-host-key", "--json"]);
      expect([first.code, first.err]).toEqual([0, expect.stringContaining("3 new")]);
      expect(JSON.parse(first.out).hostKey).toBe(server.fingerprints[0]);
      expect(await live()).toMatchObject({ "index.html": "<h1>One</h1>" });
      expect((await runPublishProcess(args, { env })).out).toContain("on the host already");
    } finally {
      await server.stop();
    }

    const other = await startOpenssh({ root: site, publicKey: key.public });
    try {
      const state = join(root, "state");
      const [name] = await readdir(state);
      const to = `sftp://${other.user}@127.0.0.1:${other.port}/`;
      const saved = JSON.parse(await readFile(join(state, name ?? ""), "utf8"));
      // As if the host had always been here: what is remembered is of its address.
      await writeFile(
        join(state, `${createHash("sha256").update(to).digest("hex")}.json`),
        JSON.stringify({ ...saved, target: to }),
      );
      const changed = await runPublishProcess([dist, "--to", to, "--state", state, "--accept-new-host-key"], {
        env: { SLIPWAY_PRIVATE_KEY: key.private },
      });
      expect([changed.code, changed.err]).toEqual([1, expect.stringMatching(/^--host-key: /)]);
    } finally {
      await other.stop();
    }
  });
});
