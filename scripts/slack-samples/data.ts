/** What the pictures of Slack are made of: made-up deployments and times. */
import type { InspectedMessage } from "../../src/demo/slack/inspector.ts";
import type { InspectedView } from "../../src/demo/slack/modal-picture.ts";
import type { Deployment, DeploymentStats } from "../../src/model/deployment.ts";

export type Told = { readonly text: string; readonly blocks: readonly unknown[] };
/** One picture: a channel with these messages, or what one person sees. */
export type Sample = {
  readonly name: string;
  readonly messages?: readonly InspectedMessage[];
  readonly ephemerals?: readonly Told[];
  readonly modals?: readonly InspectedView[];
};

export const NOW_MS = Date.UTC(2026, 0, 31, 14, 2);
export const MIN_MS = 60_000;
const STATS: DeploymentStats = {
  ...{ added: 3, changed: 11, removed: 1, unchanged: 1205 },
  ...{ uploadedBytes: 418_000, files: 1219, bytes: 48_300_000 },
};
export const RELEASE = "9f8e7d6c5b4a39281706f5e4d3c2b1a09f8e7d6c5b4a39281706f5e4d3c2b1a0";

/** One that waits, with `part` changed. */
export function deployment(part: Partial<Deployment>): Deployment {
  return {
    ...{ id: "d-mkx2k9x1-4f7a", site: "shop", state: "queued", stage: null, trigger: "push", cause: "push:1" },
    ...{ repoId: 1, repoName: "acme/shop", installationId: 1, branch: "main", author: "Alice Moreau" },
    ...{ commit: "a1b2c3d4e5f60718293a4b5c6d7e8f9001122334", title: "Show prices with tax & shipping <net>" },
    ...{ askedRelease: null, runId: null, askedCommit: null, force: false, cleanCaches: false, content: null },
    ...{ adopt: false, allowRemovals: false, askedBy: null, consent: null, releaseId: null, stats: null, reason: null },
    ...{ supersededBy: null, remarks: [], attempts: 1, isInterrupted: false, notBeforeMs: 0 },
    ...{ createdAtMs: NOW_MS - 4 * MIN_MS, startedAtMs: null, finishedAtMs: null },
    ...part,
  };
}

export const RUNS = { startedAtMs: NOW_MS - 4 * MIN_MS + 1000 };
export const ENDED = { startedAtMs: NOW_MS - 4 * MIN_MS + 12_000, finishedAtMs: NOW_MS - 3 * MIN_MS };
export const LIVE: Partial<Deployment> = {
  state: "live",
  stage: "confirm",
  stats: STATS,
  releaseId: RELEASE,
  ...ENDED,
};
export const FAILED: Partial<Deployment> = {
  ...{ state: "failed", stage: "build", reason: "`npm run build` ended with 1: src/app/price.ts is not valid" },
  ...ENDED,
};
export const ASKED: Partial<Deployment> = { trigger: "command", askedBy: "alice (Slack U0ALICE)" };
export const ADDRESSES = {
  siteUrl: "https://shop.example.com",
  logUrl: "https://deploy.example.com/deployments/d-mkx2k9x1-4f7a/log?key=x",
};

export const LOG = Array.from(
  { length: 60 },
  (_, n) => `[${String(n + 1).padStart(2, "0")}] built page /prices/${n + 1} in 12 ms`,
)
  .concat([
    "✘ [ERROR] TS2322: Type 'string' is not assignable to type 'number'.",
    "",
    "    src/app/price.ts:12:6:",
    "      12 │   const net: number = '12.50';",
    "         ╵         ~~~",
    "npm error Lifecycle script `build` failed with error code 1",
  ])
  .join("\n");

let clock = NOW_MS / 1000;

/** A message of Slipway's, a second after the one before. */
export function message(told: Told, part: Partial<InspectedMessage> = {}): InspectedMessage {
  clock += 1;
  return { ts: clock.toFixed(6), user: "U0SLIPWAY", ...told, ...part };
}
