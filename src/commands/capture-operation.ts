/** To let one request of an unknown sender through and look at it. For whoever may open the control socket alone. */
import { z } from "zod";
import { PermanentError } from "../errors.ts";
import { type CapturedRequest, toCaptured } from "../model/capture.ts";
import { addAudit } from "../store/audit.ts";
import { asking, type LiveIntake, type OperationDeps } from "./operation.ts";

const MIN_MS = 1000;
const MAX_MS = 3_600_000;
/** Whoever waits asks again and again, so that a window closes when they went away. */
const WAIT_MS = 5000;

const source = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,39}$/, "is no name for a source; use a-z, 0-9 and -"),
});
const opening = source.extend({ ...asking, forMs: z.int().min(MIN_MS).max(MAX_MS) });

/** Opens the window, and writes down who did. */
export async function captureOpen(deps: OperationDeps, given: unknown): Promise<{ untilMs: number }> {
  const { name, by, forMs } = opening.parse(given);
  const { captures } = requireLive(deps);
  const nowMs = Date.now();
  const entry = {
    ...{ atMs: nowMs, who: `${by || "somebody"} (command line)`, where: "command line", rule: "data folder" },
    ...{ verb: "capture", what: `capture one request to /hooks/${name}`, site: null, deployment: null },
  };
  const outcome = "one request is taken without being verified, and not worked off";
  await deps.store.transact((tx) => addAudit(tx, { ...entry, result: "done", outcome }));
  const untilMs = nowMs + forMs;
  captures.open(name, untilMs);
  return { untilMs };
}

export type CaptureState =
  | { readonly state: "waiting" }
  | { readonly state: "closed" }
  | { readonly state: "captured"; readonly request: CapturedRequest };

/** What came, after some seconds at most. */
export async function captureWait(deps: OperationDeps, given: unknown): Promise<CaptureState> {
  const { name } = source.parse(given);
  const received = await requireLive(deps).captures.wait(name, AbortSignal.timeout(WAIT_MS));
  if (received === undefined) return { state: "waiting" };
  return received === null ? { state: "closed" } : { state: "captured", request: toCaptured(received) };
}

export async function captureClose(deps: OperationDeps, given: unknown): Promise<Record<string, never>> {
  requireLive(deps).captures.close(source.parse(given).name);
  return {};
}

function requireLive({ live }: OperationDeps): LiveIntake {
  if (live) return live;
  throw new PermanentError("Slipway does not run here, so nothing can arrive; start it with `slipway start`");
}
