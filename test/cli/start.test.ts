/** The service as a process, as its operator meets it: settings that are wrong, partners that are away, signals. */
import { type ChildProcess, spawn } from "node:child_process";
import { createHmac, randomUUID } from "node:crypto";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { freePort } from "../../src/demo/free-port.ts";
import { type RunningSlipway, startSlipway } from "../../src/demo/slipway.ts";
import { BUILT_PROGRAM } from "../built-program.ts";
import { createSecretScan, type SecretScan } from "../secret-scan.ts";

const WEBHOOK_SECRET = "the secret of the tests";
/** Nobody listens there, so whoever connects is refused at once. */
let closedPort: number;

let folder: string;
let running: RunningSlipway[];
let scan: SecretScan;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "slipway-start-"));
  running = [];
  scan = createSecretScan({ WEBHOOK_SECRET });
  closedPort = await freePort();
});
afterEach(async () => {
  for (const slipway of running) slipway.kill("SIGKILL");
  await Promise.all(running.map((slipway) => slipway.ended));
  const database = join(folder, "data/slipway.db");
  if (existsSync(database)) scan.sawDatabase(database);
  rmSync(folder, { recursive: true, force: true });
  scan.check();
});

async function settings(given: Record<string, string> = {}): Promise<Record<string, string>> {
  return {
    WEBHOOK_SECRET,
    DATA_DIR: join(folder, "data"),
    SLIPWAY_CONFIG: join(folder, "slipway.yaml"),
    HOST: "127.0.0.1",
    PORT: String(await freePort()),
    ...given,
  };
}

const configure = (yaml: string) => writeFileSync(join(folder, "slipway.yaml"), yaml);

async function start(env: Record<string, string>, onLog?: (line: string) => void): Promise<RunningSlipway> {
  const hear = (line: string) => {
    scan.saw("the log", line);
    onLog?.(line);
  };
  const slipway = await startSlipway({ folder, settings: env }, { program: BUILT_PROGRAM, onLog: hear });
  running.push(slipway);
  return slipway;
}

/** Runs a command to its end. */
function run(args: string[], env: Record<string, string>): Promise<{ code: number | null; out: string }> {
  return new Promise((resolve) => {
    const child: ChildProcess = spawn(process.execPath, [BUILT_PROGRAM, ...args], {
      cwd: folder,
      env: { PATH: process.env.PATH, ...env },
    });
    let out = "";
    child.stdout?.on("data", (chunk) => {
      out += chunk;
    });
    child.stderr?.on("data", (chunk) => {
      out += chunk;
    });
    child.once("close", (code) => {
      scan.saw(`what \`slipway ${args[0]}\` printed`, out);
      resolve({ code, out });
    });
  });
}

async function push(env: Record<string, string>): Promise<number> {
  const body = JSON.stringify({
    ref: "refs/heads/main",
    before: "0".repeat(40),
    after: "1".repeat(40),
    deleted: false,
    head_commit: { message: "Change", author: { name: "Ada" } },
    repository: { id: 42, full_name: "acme/shop" },
    installation: { id: 9 },
  });
  const answer = await fetch(`http://127.0.0.1:${env.PORT}/api/github/webhooks`, {
    method: "POST",
    body,
    headers: {
      "content-type": "application/json",
      "x-github-event": "push",
      "x-github-delivery": randomUUID(),
      "x-hub-signature-256": `sha256=${createHmac("sha256", WEBHOOK_SECRET).update(body).digest("hex")}`,
    },
  });
  return answer.status;
}

describe("slipway", () => {
  it("does not start with wrong settings, and names every one of them in one go", async () => {
    configure("sites: { shop: { repo: acme, brnch: main, publish: ftp.example.com, password: hunter2 } }");
    const env = { ...(await settings()), WEBHOOK_SECRET: "development", PORT: "x" };
    const { code, out } = await run(["start"], env);
    expect(code).toBe(1);
    for (const key of [
      "WEBHOOK_SECRET: is Probot",
      "PORT: ",
      "sites.shop.repo: ",
      "sites.shop.brnch: ",
      "did you mean branch?",
      "sites.shop.publish: ",
      "sites.shop.password: ",
    ]) {
      expect(out).toContain(key);
    }
    expect(out).not.toContain("hunter2");
    expect(out).not.toContain("    at ");
  });

  it("does not start with a secret that is not there", async () => {
    configure('sites: { shop: { repo: acme/shop, publish: "ftps://u@h/", password: "env:NOT_SET" } }');
    const { code, out } = await run(["check"], await settings());
    expect([code, out]).toEqual([
      1,
      expect.stringContaining("sites.shop.password: the environment variable NOT_SET is empty or missing"),
    ]);
  });

  it("is used wrongly with exit code 2, and shows its help with 0", async () => {
    expect((await run(["strat"], {})).code).toBe(2);
    expect((await run([], {})).code).toBe(2);
    const help = await run(["--help"], {});
    expect([help.code, help.out]).toEqual([0, expect.stringContaining("deliveries")]);
  });

  it("has a data folder to itself: a second one is refused in one line, and the command line asks the first", async () => {
    configure("sites: { shop: { repo: acme/shop, publish: 'dir:/srv' } }");
    const env = await settings();
    await start(env);
    const second = await run(["start"], { ...env, PORT: String(await freePort()) });
    expect([second.code, second.out]).toEqual([
      1,
      expect.stringMatching(/^DATA_DIR: .* is in use by another Slipway[^\n]*\n$/),
    ]);
    const status = await run(["status"], env);
    expect([status.code, status.out]).toEqual([0, expect.stringContaining("shop: nothing live yet")]);
  });

  it("takes deliveries while GitHub, Slack, the git host and the FTP host are away, and says of the deployment why it failed", {
    timeout: 120_000,
  }, async () => {
    const away = `127.0.0.1:${closedPort}`;
    configure(
      `sites: { shop: { repo: acme/shop, git: "https://${away}/shop.git", publish: "ftps://u@${away}/", password: "env:PW", channel: C0SHOP } }`,
    );
    const env = await settings({
      PW: "secret of the host",
      SLACK_BOT_TOKEN: "xoxb-1",
      SLACK_API_URL: `http://${away}/api/`,
      GITHUB_API_URL: `http://${away}`,
    });
    const lines: string[] = [];
    await start(env, (line) => lines.push(line));
    expect(await push(env)).toBe(200);
    await vi.waitFor(
      async () => {
        const { out } = await run(["deployments"], env);
        expect(out).toMatch(/(queued|failed).*shop.*(could not|unable to|refused|connect)/i);
      },
      { timeout: 90_000, interval: 500 },
    );
    expect(lines.join("\n")).not.toContain("secret of the host");
    expect((await fetch(`http://127.0.0.1:${env.PORT}/readyz`)).status).toBe(200);
  });

  it("stops in good order on SIGTERM, and goes on where it was", async () => {
    configure("sites: { shop: { repo: acme/other, publish: 'dir:/srv' } }");
    const env = await settings();
    const first = await start(env);
    expect(await push(env)).toBe(200);
    first.kill("SIGTERM");
    expect(await first.ended).toBe(0);
    await start(env);
    await vi.waitFor(
      async () => {
        const { out } = await run(["deliveries", "list"], env);
        expect(out).toMatch(/done.*skipped: no site is configured for acme\/shop/);
      },
      { timeout: 60_000 },
    );
  });
});
