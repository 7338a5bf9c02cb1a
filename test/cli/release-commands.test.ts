/** Releases, rollback, redeploy and drift as their user meets them: a running service, a real repository, a real folder. */
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import { freePort } from "../../src/demo/free-port.ts";
import { startSlipway } from "../../src/demo/slipway.ts";
import { BUILT_PROGRAM } from "../built-program.ts";
import { createGitRepository, temporaryFolder } from "../git/git-repository.ts";
import { createSecretScan, secretsIn } from "../secret-scan.ts";

const PROGRAM = fileURLToPath(new URL("./release-program.ts", import.meta.url));

async function createWorld({ siteKeys = "" } = {}) {
  const folder = temporaryFolder();
  const host = join(folder, "host");
  mkdirSync(host);
  const repository = createGitRepository();
  writeFileSync(
    join(folder, "slipway.yaml"),
    `sites: { shop: { repo: acme/shop, git: "${repository.url}", publish: "dir:${host}", isolation: none, ${siteKeys} } }`,
  );
  const settings: Record<string, string> = {
    WEBHOOK_SECRET: "the secret of the tests",
    DATA_DIR: join(folder, "data"),
    SLIPWAY_CONFIG: join(folder, "slipway.yaml"),
    HOST: "127.0.0.1",
    PORT: String(await freePort()),
  };
  const scan = createSecretScan(secretsIn(settings));
  onTestFinished(() => {
    scan.sawDatabase(join(folder, "data/slipway.db"));
    scan.check();
  });

  /** Runs a command to its end. */
  function run(...args: string[]): Promise<{ code: number | null; out: string }> {
    return new Promise((resolve) => {
      const child = spawn(process.execPath, [PROGRAM, ...args], {
        cwd: folder,
        env: { PATH: process.env.PATH, NO_COLOR: "1", ...settings },
      });
      let out = "";
      for (const stream of [child.stdout, child.stderr]) {
        stream.on("data", (chunk) => {
          out += chunk;
        });
      }
      child.once("close", (code) => {
        scan.saw(`what \`slipway ${args[0]}\` printed`, out);
        resolve({ code, out });
      });
    });
  }
  async function start(): Promise<void> {
    const onLog = (line: string) => scan.saw("the log", line);
    const slipway = await startSlipway({ folder, settings }, { program: BUILT_PROGRAM, onLog });
    onTestFinished(() => slipway.stop());
  }
  const shown = (path = "index.html") => readFileSync(join(host, path), "utf8");
  return { repository, host, run, start, shown };
}

type World = Awaited<ReturnType<typeof createWorld>>;

async function deploy({ repository, run }: World, files: Record<string, string>, message: string): Promise<void> {
  repository.commit(files, message);
  const { code, out } = await run("deploy", "shop", "--wait");
  expect([code, out]).toEqual([
    0,
    expect.stringMatching(/checkout…\ninstall…\nbuild…\npackage…\npublish…\nconfirm…\n.*live.*shop/),
  ]);
}

describe("The command line", () => {
  test("goes back to an earlier release and forward again, and shows it while it happens", {
    timeout: 120_000,
  }, async () => {
    const world = await createWorld();
    const { run, start, shown } = world;
    await start();
    await deploy(world, { "index.html": "one", "old.html": "old" }, "The first");
    await deploy(world, { "index.html": "two", "new.html": "new" }, "The second");

    const listed = await run("releases", "shop");
    const lines = listed.out.trimEnd().split("\n");
    expect(lines).toEqual([
      expect.stringMatching(/^live {2}[0-9a-f]{12} {2}[0-9a-f]{7} {2}[\d-]+ [\d:]+ {2} *3 files .* The second$/),
      expect.stringMatching(/^ *[0-9a-f]{12} .* 2 files differ +The first$/),
    ]);
    const ids = lines.map((line) => /[0-9a-f]{12}/.exec(line)?.[0] ?? "");

    const back = await run("rollback", "shop", "--wait");
    expect([back.code, back.out]).toEqual([
      0,
      expect.stringMatching(
        new RegExp(
          `^shop: from ${ids[0]} \\(commit \\w{7}\\) to ${ids[1]} \\(commit \\w{7}\\)\nshop: pushes are held until resume\n(.*…\n)*publish…\nconfirm…\n.*live.*The first`,
        ),
      ),
    ]);
    expect(shown()).toBe("one");

    const diff = await run("diff", "shop");
    expect(diff.out.trimEnd().split("\n")).toEqual([
      expect.stringMatching(
        new RegExp(`^shop: from ${ids[1]} .*, which is live, to ${ids[0]} .*: 1 added, 1 changed, 0 removed$`),
      ),
      ...["~ index.html", "+ new.html"],
    ]);

    // To where it came from, as data.
    const forward = await run("rollback", "shop", "-1", "--wait", "--json");
    expect(JSON.parse(forward.out)).toMatchObject({
      deployment: { state: "live" },
      to: { id: expect.stringContaining(ids[0] ?? "") },
      pushes: expect.stringMatching(
        /^pushes are held, as before: paused by .*: rolled back from \w{7}; resume ends that$/,
      ),
    });
    expect(shown()).toBe("two");
    const [live] = JSON.parse((await run("releases", "shop", "--json")).out);
    expect(live).toMatchObject({ isLive: true, title: "The second", files: 3 });

    const unknown = await run("rollback", "shop", "zzzz", "--wait");
    expect(unknown).toEqual({ code: 1, out: "shop has no kept release zzzz; `releases shop` lists them\n" });
  });

  test("tells what others changed on the host, and mends it", { timeout: 120_000 }, async () => {
    const world = await createWorld();
    const { run, start, host, shown } = world;
    await start();
    expect(await run("drift", "shop")).toEqual({
      code: 0,
      out: "shop: the host has no record of a release, and Slipway remembers none either\n",
    });
    await deploy(world, { "index.html": "one", "about.html": "about", "c.html": "c" }, "The first");
    expect(await run("drift", "shop")).toEqual({ code: 0, out: "shop: 3 files looked at, all as published\n" });

    writeFileSync(join(host, "index.html"), "defaced by others");
    writeFileSync(join(host, "about.html"), "abuot");
    rmSync(join(host, "c.html"));
    const found = await run("drift", "shop", "--content");
    expect(found.code).toBe(1);
    expect(found.out.trimEnd().split("\n")).toEqual([
      "missing  c.html",
      "changed  about.html",
      "changed  index.html",
      "shop: 3 of 3 files changed by others; `slipway redeploy shop` mends that",
    ]);
    const asData = JSON.parse((await run("drift", "shop", "--json", "--content")).out);
    expect(asData).toMatchObject({ isDrift: true, missing: ["c.html"], files: 3 });
    expect(asData.releaseId).toBe(asData.expectedReleaseId);

    const mended = await run("redeploy", "shop", "--wait");
    expect([mended.code, mended.out]).toEqual([0, expect.stringMatching(/publish…\nconfirm…\n/)]);
    expect([shown(), shown("about.html"), shown("c.html")]).toEqual(["one", "about", "c"]);
    expect((await run("drift", "shop", "--content")).code).toBe(0);
  });

  test("names the command that answers a refusal, and that command answers it", { timeout: 120_000 }, async () => {
    const world = await createWorld();
    const { run, start, repository, host, shown } = world;
    await start();
    writeFileSync(join(host, "index.html"), "somebody else's");
    repository.commit({ "index.html": "one" });
    const refused = await run("deploy", "shop", "--wait");
    expect([refused.code, refused.out]).toEqual([1, expect.stringMatching(/failed.*slipway deploy shop --adopt\n$/)]);
    expect((await run("deploy", "shop", "--adopt", "--wait")).code).toBe(0);
    expect(shown()).toBe("one");
  });

  test("goes back from a release that is on the host but fails to show", { timeout: 120_000 }, async () => {
    let host = "";
    const server = createServer((_, response) => {
      const page = readFileSync(join(host, "index.html"), "utf8");
      response.writeHead(page === "two" ? 500 : 200).end(page);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const world = await createWorld({ siteKeys: `confirm: { url: "${url}", wait: 500ms }` });
    const { run, start, repository, shown } = world;
    host = world.host;
    await start();
    await deploy(world, { "index.html": "one" }, "The first");
    repository.commit({ "index.html": "two" }, "The second");
    const failed = await run("deploy", "shop", "--wait");
    expect([failed.code, failed.out]).toEqual([1, expect.stringMatching(/failed.*answers 500; nothing was put back/)]);
    expect(shown()).toBe("two");
    // What is on the host counts as live, or a rollback would lead to the release before the last good one.
    expect((await run("releases", "shop")).out).toMatch(/^live .* The second\n.* The first\n$/);
    const back = await run("rollback", "shop", "--wait");
    expect([back.code, back.out]).toEqual([
      0,
      expect.stringMatching(
        /live.*The first \(Ada; rolled back, asked for by .*\) \(pushes are held until somebody resumes shop: .*\)\n$/,
      ),
    ]);
    expect(shown()).toBe("one");
  });

  test("says that a stopped Slipway does it later, and does not wait for that", { timeout: 120_000 }, async () => {
    const { run } = await createWorld();
    const { code, out } = await run("deploy", "shop", "--wait");
    expect([code, out]).toEqual([1, expect.stringMatching(/^Slipway is not running; .*\n.*queued.*shop/)]);
  });

  test("forgets releases beyond those that a site keeps", { timeout: 120_000 }, async () => {
    const world = await createWorld({ siteKeys: "releases: 2" });
    const { run, start } = world;
    await start();
    for (const word of ["one", "two", "three"]) await deploy(world, { "index.html": word }, `Page ${word}`);
    await expect
      .poll(async () => (await run("releases", "shop")).out.match(/Page \w+/g), { timeout: 10_000 })
      .toEqual(["Page three", "Page two"]);
  });
});
