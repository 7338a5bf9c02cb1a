/** Tells how `slipway publish` ended: to people, to programs, and to GitHub Actions. */
import { styleText } from "node:util";
import { bytesText, count, durationText } from "../model/quantities.ts";
import type { Release } from "../model/release.ts";
import type { PublishPreview, PublishResult } from "../publish/options.ts";
import { addSummary, codeBlock, errorAnnotation, isGithubActions, setOutputs } from "./github-actions.ts";
import type { PublishArguments } from "./publish-arguments.ts";
import { previewLines, previewText, resultText, summaryTable } from "./publish-report.ts";

type Ended = { readonly label: string; readonly release: Release };
export type PublishOutcome =
  | (Ended & { readonly kind: "published"; readonly result: PublishResult })
  | (Ended & { readonly kind: "preview"; readonly preview: PublishPreview });

export type Telling = {
  readonly given: PublishArguments;
  readonly env: NodeJS.ProcessEnv;
  readonly process: Pick<NodeJS.Process, "stdout" | "stderr">;
};

/** Tells of a publish, or of the plan for one, that came to its end. */
export function tellOutcome(outcome: PublishOutcome, telling: Telling & { readonly elapsedMs: number }): void {
  const { given, env, process, elapsedMs } = telling;
  const output = given.json ? process.stderr : process.stdout;
  const { title, text } = titleAndText(outcome, elapsedMs);
  if (outcome.kind === "preview") for (const line of previewLines(outcome.preview)) output.write(`${line}\n`);
  output.write(`${styleText("green", `${title}:`, { stream: output })} ${text}\n`);
  if (given.json) process.stdout.write(`${JSON.stringify(toJson(outcome, elapsedMs))}\n`);
  if (isGithubActions(env)) {
    const numbers = numbersOf(outcome);
    setOutputs(env, numbers);
    addSummary(env, summaryTable(title, outcome.label, { ...cells(numbers), time: durationText(elapsedMs) }));
  }
}

/** Tells of a publish that failed, or was cancelled (a warning). */
export function tellFailure(message: string, telling: Telling & { readonly isWarning: boolean }): void {
  const { given, env, process, isWarning } = telling;
  if (given.json) process.stdout.write(`${JSON.stringify({ ok: false, error: message })}\n`);
  const colour = isWarning ? "yellow" : "red";
  if (!isGithubActions(env)) {
    process.stderr.write(`${styleText(colour, message, { stream: process.stderr })}\n`);
    return;
  }
  // The runner reads both streams; standard output stays clean for whoever reads the JSON.
  (given.json ? process.stderr : process.stdout).write(`${errorAnnotation(message)}\n`);
  addSummary(env, `### Publishing failed\n\n${codeBlock(message)}\n`);
}

function titleAndText(outcome: PublishOutcome, elapsedMs: number) {
  return outcome.kind === "published"
    ? { title: "Live", text: resultText(outcome.result, elapsedMs) }
    : { title: "Plan", text: `${previewText(outcome.preview)}. Nothing was changed.` };
}

function numbersOf(outcome: PublishOutcome) {
  if (outcome.kind === "published") {
    const { added, changed, removed, uploadedBytes } = outcome.result.stats;
    return { added, changed, removed, bytes: uploadedBytes };
  }
  const { added, changed, removed, bytes } = outcome.preview;
  return { added: added.length, changed: changed.length, removed: removed.length, bytes };
}

function cells({ added, changed, removed, bytes }: ReturnType<typeof numbersOf>): Record<string, string> {
  return { new: count(added), changed: count(changed), removed: count(removed), uploaded: bytesText(bytes) };
}

/** Times in milliseconds, sizes in bytes. */
function toJson(outcome: PublishOutcome, elapsedMs: number): unknown {
  const { label: target, release } = outcome;
  const shared = { ok: true, dryRun: outcome.kind === "preview", target, release: release.id };
  const took = { elapsedMs: Math.round(elapsedMs) };
  if (outcome.kind === "published") {
    const { stats, changeoverMs, profile } = outcome.result;
    return { ...shared, ...stats, changeoverMs, ...took, hostKey: profile.hostKey };
  }
  const { profile, ...plan } = outcome.preview;
  return { ...shared, ...plan, ...took, hostKey: profile.hostKey };
}
