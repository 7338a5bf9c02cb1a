/** How a publish shows in a run of GitHub Actions: an annotation, a summary, outputs for later steps. */
import { appendFileSync } from "node:fs";

/** Whether this process is a step of a GitHub Actions run (GitHub Docs, "Default environment variables"). */
export function isGithubActions(env: NodeJS.ProcessEnv): boolean {
  return env.GITHUB_ACTIONS === "true";
}

/** An `::error::` line. */
export function errorAnnotation(message: string): string {
  return annotation("error", message);
}

/** A `::warning::` line. */
export function warningAnnotation(message: string): string {
  return annotation("warning", message);
}

/** Its data is escaped as the runner wants it (GitHub Docs, "Workflow commands"; actions/toolkit, command.ts). */
function annotation(kind: "error" | "warning", message: string): string {
  const data = message.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
  return `::${kind} title=slipway publish::${data}`;
}

/** Appends Markdown to the page of the run, where there is one. */
export function addSummary(env: NodeJS.ProcessEnv, markdown: string): void {
  if (env.GITHUB_STEP_SUMMARY) appendFileSync(env.GITHUB_STEP_SUMMARY, `${markdown}\n`);
}

/** Text as a code block, whatever is in it: an indented block has no end that the text could write itself. */
export function codeBlock(text: string): string {
  return text.replace(/^/gm, "    ");
}

/** Sets outputs of the step. Numbers only: text would need a delimiter that it does not contain. */
export function setOutputs(env: NodeJS.ProcessEnv, outputs: Readonly<Record<string, number>>): void {
  if (!env.GITHUB_OUTPUT) return;
  const lines = Object.entries(outputs).map(([name, value]) => `${name}=${value}\n`);
  appendFileSync(env.GITHUB_OUTPUT, lines.join(""));
}
