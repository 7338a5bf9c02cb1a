/**
 * Measures what Slipway adds to a build: the example Angular application is pushed, built and published to an FTPS host
 * on this machine, once with nothing cached and then warm. Needs npm's registry, and bubblewrap and slirp4netns or
 * another --isolation. Then `prerender.ts`, which needs Chromium.
 *
 *     node bench/build/run.ts [--rounds 3] [--isolation bubblewrap|user|none]
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { callOperation } from "../../src/cli/control.ts";
import { loadSettings } from "../../src/cli/settings.ts";
import { startSlipway } from "../../src/demo/slipway.ts";
import { siteFolder, startPartners } from "../../src/demo/world.ts";
import { benchPrerender } from "./prerender.ts";
import { createStageTimes } from "./stage-times.ts";

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "3" }, isolation: { type: "string", default: "bubblewrap" } },
});
const rounds = Number(values.rounds);
const PAGE = "src/app/pages/about.ts";
const SENTENCE = "Tidewater has recorded";

/** From live to the next push, as nobody pushes in the same moment: meanwhile the next worker is made ready. */
const PAUSE_MS = 3000;

/** The build's own command says when it begins and ends, so that what Slipway adds can be told from it. */
const siteKeys = `    isolation: ${values.isolation}
    build: { command: "echo begins $(date +%s%3N) && npm run build && echo ends $(date +%s%3N)" }
`;

type Measured = {
  readonly installMs: number;
  /** From the push's webhook to the build command's first line. */
  readonly untilBuildMs: number;
  /** From the push's webhook to live, without the install stage and the build command. */
  readonly ownMs: number;
};

const partners = await startPartners({ siteFolder: siteFolder("angular"), siteKeys });
const settings = await loadSettings({ ...partners.settings });
const times = createStageTimes();
const page = readFileSync(join(partners.repository.folder, PAGE), "utf8");
const slipway = await startSlipway(partners, { onLog: times.onLog });
try {
  const cold = await deploy("cold", "Since 1871 Tidewater has recorded");
  const warm: Measured[] = [];
  for (let round = 1; round <= rounds; round++)
    warm.push(await deploy(`warm ${round}`, `Year ${round}: Tidewater has recorded`));
  printGoals(cold, warm);
} finally {
  await slipway.stop();
  await partners.stop();
}
await benchPrerender();

/** Pushes a change and waits until it is live. */
async function deploy(name: string, sentence: string): Promise<Measured> {
  const { repository, github } = partners;
  await repository.commit({ message: name, changes: { [PAGE]: page.replace(SENTENCE, sentence) } });
  const push = await repository.push();
  await delay(PAUSE_MS);
  const pushedAtMs = Date.now();
  await github.deliverPush({ folder: repository.folder, ...push });
  const { id, stages, endedAtMs } = await times.next();
  const transcript = String(await callOperation(settings, "log", { name: id }));
  const printedAtMs = (word: string) => Number(new RegExp(`^${word} (\\d+)$`, "m").exec(transcript)?.[1]);
  const installMs = stages.get("install") ?? 0;
  const buildMs = printedAtMs("ends") - printedAtMs("begins");
  const measured = {
    installMs,
    untilBuildMs: printedAtMs("begins") - pushedAtMs,
    ownMs: endedAtMs - pushedAtMs - installMs - buildMs,
  };
  const shown = [...stages].map(([stage, ms]) => `${stage} ${ms}`).join(", ");
  console.log(`${name.padEnd(8)} ${shown} ms; the build's own command ${buildMs} ms`);
  return measured;
}

function printGoals(cold: Measured, warm: readonly Measured[]): void {
  const best = (pick: (one: Measured) => number) => Math.min(...warm.map(pick));
  const line = (what: string, value: string, goal: string) =>
    console.log(`${what.padEnd(48)}${value.padEnd(12)}${goal}`);
  const ratio = best((one) => one.installMs) / cold.installMs;
  line("install stage, warm against cold", `${ratio.toFixed(3)} ×`, "≤ 0.1 ×");
  line("push to the build command's first line, warm", `${best((one) => one.untilBuildMs)} ms`, "≤ 1000 ms");
  line("push to live without install and build, warm", `${best((one) => one.ownMs)} ms`, "≤ 1500 ms and the wire");
}
