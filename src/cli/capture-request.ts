/** `slipway sources capture`: waits for one request of an unknown sender, and shows it. Loaded when it runs. */
import { existsSync, writeFileSync } from "node:fs";
import type { CaptureState } from "../commands/capture-operation.ts";
import { fromCaptured } from "../model/capture.ts";
import { durationText } from "../model/quantities.ts";
import { readPayload } from "../model/received.ts";
import { parseSecretReference, resolveSecret } from "../secrets/secret-reference.ts";
import { captureLines, examine } from "./capture-lines.ts";
import { callOperation } from "./control.ts";
import { loadSettings } from "./settings.ts";
import { UsageError } from "./usage-error.ts";
import { whoAsks } from "./who-asks.ts";

export type CaptureGiven = {
  readonly forMs: number;
  readonly secret?: string;
  readonly save?: string;
  readonly json?: boolean;
};

/** Throws UsageError, and what `callOperation` throws. Sets the exit code to 1 where nothing came. */
export async function captureRequest(env: NodeJS.ProcessEnv, name: string, given: CaptureGiven): Promise<void> {
  if (given.save !== undefined && existsSync(given.save))
    throw new UsageError(`--save: ${given.save} is there already`);
  const secret = readSecret(given.secret, env);
  const settings = await loadSettings(env);
  const ask = (operation: "captureWait" | "captureClose") => callOperation(settings, operation, { name });
  await callOperation(settings, "captureOpen", { name, by: whoAsks(), forMs: given.forMs });
  const end = () => {
    void ask("captureClose").finally(() => process.exit(130));
  };
  process.once("SIGINT", end);
  const where = settings.config.url ? `${settings.config.url.replace(/\/+$/, "")}/hooks/${name}` : `/hooks/${name}`;
  console.error(
    `Send one request to ${where} within ${durationText(given.forMs)}. It is taken without being verified, shown here, and does nothing.`,
  );
  let state: CaptureState;
  do {
    state = (await ask("captureWait")) as CaptureState;
  } while (state.state === "waiting");
  process.off("SIGINT", end);
  if (state.state === "closed") {
    console.error("nothing came");
    process.exitCode = 1;
    return;
  }
  const received = fromCaptured(state.request);
  const captured = examine(name, received, await readPayload(received, "payload"), { secret, nowMs: Date.now() });
  if (given.json) console.log(JSON.stringify(captured, null, 2));
  else for (const line of captureLines(captured)) console.log(line);
  if (given.save !== undefined) {
    writeFileSync(given.save, `${JSON.stringify(captured.request, null, 2)}\n`, { flag: "wx" });
    console.error(`${given.save} holds the request, masked; look it over before you give it away`);
  }
}

function readSecret(text: string | undefined, env: NodeJS.ProcessEnv) {
  if (text === undefined) return null;
  const reference = parseSecretReference(text);
  if (!reference) throw new UsageError("--secret: is no reference to a secret; write env:NAME or file:/path");
  return { value: resolveSecret(reference, "--secret", env), reference: text };
}
