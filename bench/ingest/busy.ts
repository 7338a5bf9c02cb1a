/**
 * What a deployment costs the intake: p99 at a steady 100/s while builds, packaging and publishes of 2,000 files over
 * FTPS run, against the same server idle, in turn. Linux, as root (it changes scheduling classes back and forth).
 * Usage: node bench/ingest/busy.ts [--rounds 3] [--seconds 20]
 */
import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { callOperation } from "../../src/cli/control.ts";
import { loadSettings } from "../../src/cli/settings.ts";
import type { OperationName } from "../../src/commands/operations.ts";
import { startSlipway } from "../../src/demo/slipway.ts";
import { startPartners } from "../../src/demo/world.ts";
import type { Deployment } from "../../src/model/deployment.ts";

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "3" }, seconds: { type: "string", default: "20" } },
});
const ROUNDS = Number(values.rounds);
const SECONDS = Number(values.seconds);
const GENERATOR = fileURLToPath(new URL("./generator.ts", import.meta.url));

/** Works for three seconds, then writes 2,000 files that are new each time. */
const BUILD = `
import { mkdirSync, writeFileSync } from "node:fs";
import { createHash } from "node:crypto";
const end = Date.now() + 3000;
let seed = String(end);
while (Date.now() < end) seed = createHash("sha256").update(seed).digest("hex");
for (let i = 0; i < 2000; i++) {
  mkdirSync(\`dist/\${i % 40}\`, { recursive: true });
  writeFileSync(\`dist/\${i % 40}/\${i}.html\`, \`<p>\${seed} \${i}</p>\`.padEnd(4096, "x"));
}
`;

const site = mkdtempSync(join(tmpdir(), "slipway-bench-site-"));
writeFileSync(join(site, "build.mjs"), BUILD);
writeFileSync(
  join(site, "package.json"),
  JSON.stringify({ name: "site", private: true, scripts: { build: "node build.mjs" } }),
);
const partners = await startPartners({ siteFolder: site });
const slipway = await startSlipway(partners);
const settings = await loadSettings({ ...partners.settings });
// The FTP host runs in this process; in life it is another machine, which takes nothing from Slipway's processors.
execFileSync("chrt", ["--all-tasks", "--idle", "--pid", "0", String(process.pid)]);

/** Another process: it shoots, in the normal class that this one has left. */
function load(): Promise<number> {
  const secret = partners.settings.WEBHOOK_SECRET ?? "";
  const shape = [String(SECONDS), "10", "unique", "100"];
  const args = [GENERATOR, partners.settings.PORT ?? "", "/api/github/webhooks", secret, ...shape];
  return new Promise((resolve, reject) => {
    execFile("chrt", ["--other", "0", process.execPath, ...args], { maxBuffer: 1e8 }, (error, stdout) => {
      if (error) return reject(error);
      const { p99, refused } = JSON.parse(stdout) as { p99: number; refused: number };
      if (refused > 0) reject(new Error(`${refused} deliveries were refused`));
      else resolve(p99);
    });
  });
}

const ask = <T>(name: OperationName, input: unknown) => callOperation(settings, name, input) as Promise<T>;

/** Keeps deployments running until told to stop; answers with how many went live. */
async function deployAgainAndAgain(isOver: () => boolean, atMost = Number.POSITIVE_INFINITY): Promise<number> {
  let count = 0;
  while (!isOver() && count < atMost) {
    const { id } = await ask<Deployment>("deploy", { name: "shop" });
    for (let state = "queued"; state !== "live"; ) {
      await new Promise((resolve) => setTimeout(resolve, 500));
      const row = (await ask<Deployment[]>("deployments", { limit: 5 })).find((it) => it.id === id);
      state = row?.state ?? "failed";
      if (state === "failed") throw new Error(`the deployment failed: ${row?.reason}`);
    }
    count++;
  }
  return count;
}

const idle: number[] = [];
const busy: number[] = [];
let deployed = 0;
try {
  await load();
  // The first deployment loads the clients of GitHub and Slack; that is a start-up, not what is measured here.
  await deployAgainAndAgain(() => false, 1);
  for (let round = 0; round < ROUNDS; round++) {
    idle.push(await load());
    let isOver = false;
    const deploying = deployAgainAndAgain(() => isOver);
    busy.push(await load());
    isOver = true;
    deployed += await deploying;
  }
} finally {
  await slipway.stop();
  await partners.stop();
  rmSync(site, { recursive: true, force: true });
}
const median = (numbers: number[]) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
console.log(
  `p99 at a steady 100/s, ms: idle ${idle.map((it) => it.toFixed(1)).join(" ")}; while deploying ${busy.map((it) => it.toFixed(1)).join(" ")} (${deployed} deployments)`,
);
console.log(
  `while deploying is ${(median(busy) / median(idle)).toFixed(2)} × idle (medians ${median(busy).toFixed(1)} and ${median(idle).toFixed(1)} ms)`,
);
