/** Builds that try to do harm each end in one clear failure, and the live site stays what it was. */
import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { BuildLimits, SiteBuild } from "../../src/model/build.ts";
import { createGitRepository } from "../git/git-repository.ts";
import { describeWithProgram } from "../servers/available.ts";
import { createJob, TEST_LIMITS } from "./deployment-job.ts";
import { runJob } from "./run-job.ts";

const SECRET = "very-secret-token-of-the-shop";

type Hostile = {
  readonly files?: Readonly<Record<string, string>>;
  readonly site?: Partial<SiteBuild>;
  readonly limits?: Partial<BuildLimits>;
};

/** Publishes a first release, then builds the hostile commit in bubblewrap. */
async function attack({ files = { "index.html": "hostile" }, site, limits }: Hostile) {
  const repository = createGitRepository();
  repository.commit({ "index.html": "one" });
  const first = createJob(repository.url);
  const live = await runJob(first.job);
  if (live.outcome.kind !== "live") throw new Error(live.transcript);
  const before = snapshot(first.target);
  repository.commit(files);
  const job = {
    ...first.job,
    previous: live.outcome.manifest,
    sandbox: { isolation: "bubblewrap" as const, allowHosts: [], limits: { ...TEST_LIMITS, ...limits } },
    site: { ...first.job.site, ...site },
    secrets: { API_TOKEN: SECRET },
  };
  const { outcome, transcript } = await runJob(job, undefined, {
    ...process.env,
    DATABASE_URL: "postgres://of-slipway",
  });
  expect(transcript).toMatch(/^isolation: bubblewrap/);
  expect(readdirSync(join(first.dataDir, "work"))).toEqual([]);
  return { outcome, transcript, after: snapshot(first.target), before };
}

const snapshot = (target: string) =>
  readdirSync(target)
    .filter((name) => !name.startsWith(".slipway"))
    .map((name) => [name, readFileSync(join(target, name), "utf8")]);

const builds = (command: string, site: Partial<SiteBuild> = {}) => ({ command, output: "dist", ...site });
const PAGE = "mkdir -p dist; cp index.html dist/";

describeWithProgram("bwrap", "A build that", () => {
  test.each<[string, Hostile, RegExp, string?]>([
    [
      "prints forever",
      { site: builds("yes this line"), limits: { printedBytes: 1024 ** 2 } },
      /printed more than 1 MB \(limits\.printed\)/,
    ],
    [
      "forks forever",
      { site: builds("while :; do sleep 1000 & done"), limits: { processes: 200 } },
      /more than 200 processes and threads at once \(limits\.processes\)/,
    ],
    [
      "fills the disk",
      { site: builds(`${PAGE}; head -c 900000000 /dev/zero > dist/large`), limits: { diskBytes: 50 * 1024 ** 2 } },
      /wrote more than 50 MB to disk \(limits\.disk\)/,
    ],
    [
      "ignores signals",
      { site: builds('trap "" INT TERM; while :; do sleep 0.1; done', { timeoutMs: 500 }) },
      /ran longer than 500 milliseconds \(build\.timeout\)/,
    ],
    [
      "deletes its own output",
      { site: builds(`${PAGE}; rm -rf dist`) },
      /The build left none of the folders dist\. Set build\.output/,
    ],
    [
      "deletes its workspace",
      { site: builds('rm -rf "$PWD" "$HOME" "$TMPDIR" 2>/dev/null; true') },
      /The build left none of the folders dist\./,
    ],
    [
      "makes more files than a site may have",
      {
        site: builds(`${PAGE}; i=0; while [ $i -lt 300 ]; do i=$((i+1)); : > dist/$i.html; done`),
        limits: { outputFiles: 200 },
      },
      /more than 200 files.*\(limits\.files\)/,
      "package",
    ],
    [
      "makes more content than a site may have",
      { site: builds(`${PAGE}; head -c 3000000 /dev/zero > dist/large`), limits: { outputBytes: 1024 ** 2 } },
      /larger than 1 MB \(limits\.output\)/,
      "package",
    ],
    [
      "links to the password file",
      { site: builds(`${PAGE}; ln -s /etc/passwd dist/users.txt`) },
      /"users\.txt" is a link that leads out of the folder/,
      "package",
    ],
    [
      "makes its output a link to another place",
      { site: builds("ln -s /etc dist") },
      /dist.*leads out of the repository/,
    ],
    ["has an empty output", { site: builds("mkdir dist") }, /The build is empty/, "package"],
  ])("%s ends in one clear failure", async (_, hostile, reason, stage = "build") => {
    const { outcome, transcript, before, after } = await attack(hostile);
    expect(outcome, transcript.slice(-2000)).toMatchObject({ kind: "failed", retry: false });
    if (outcome.kind !== "failed") return;
    expect(outcome.reason).toMatch(reason);
    expect(outcome.stage).toBe(stage);
    expect(after).toEqual(before);
  });

  test("has a lock file that does not match package.json says so, and what to do", { timeout: 60_000 }, async () => {
    const lock = { name: "shop", version: "1.0.0", lockfileVersion: 3, requires: true, packages: { "": {} } };
    const { outcome, transcript, before, after } = await attack({
      files: {
        "package.json": JSON.stringify({ name: "shop", version: "1.0.0", dependencies: { "is-number": "7.0.0" } }),
        "package-lock.json": JSON.stringify(lock),
      },
      site: { timeoutMs: 50_000, idleTimeoutMs: 50_000 },
    });
    expect(outcome, transcript).toMatchObject({ kind: "failed", stage: "install", retry: false });
    expect(outcome).toHaveProperty(
      "reason",
      expect.stringContaining("If package-lock.json does not match package.json: run npm install"),
    );
    expect(after).toEqual(before);
  });

  test("prints its secrets and what it finds of others' shows none of them", async () => {
    const says = [
      'echo "plain $API_TOKEN"',
      'printf %s "$API_TOKEN" | base64',
      'printf "cut "; printf %.9s "$API_TOKEN"; sleep 0.2; printf %s "$API_TOKEN" | cut -c10-',
      "cat /proc/*/environ | tr '\\0' '\\n'",
    ];
    const { outcome, transcript } = await attack({ site: builds(`${PAGE}; ${says.join("; ")}`) });
    expect(outcome, transcript).toMatchObject({ kind: "live" });
    expect(transcript).toContain("plain [secret]");
    expect(transcript).toContain("cut [secret]");
    expect(transcript).not.toContain(SECRET);
    expect(transcript).not.toContain(Buffer.from(SECRET).toString("base64"));
    expect(transcript).not.toContain("of-slipway");
  });

  test("asks Slipway itself, on loopback or at the machine's own address, gets no answer", async () => {
    const server = createServer((_, response) => response.end("the service"));
    await new Promise<void>((resolve) => server.listen(0, "0.0.0.0", resolve));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    const { port } = server.address() as AddressInfo;
    const own = Object.values(networkInterfaces()).flatMap((all) => all ?? []);
    const hosts = ["localhost", ...own.filter(({ family }) => family === "IPv4").map(({ address }) => address)];
    const code = `Promise.all(${JSON.stringify(hosts)}.map((host) => fetch("http://" + host + ":${port}", { signal: AbortSignal.timeout(2000) })
      .then((r) => r.text(), () => "no answer").then((text) => console.log(host, text))))`;
    const { transcript } = await attack({ files: { "ask.js": code }, site: builds(`${PAGE}; node ask.js`) });
    expect(transcript).not.toContain("the service");
    expect(transcript.match(/ no answer/g)).toHaveLength(hosts.length);
  });
});
