/** What the command line prints: tables for people, JSON for programs. */
import { styleText } from "node:util";
import type { Delivery } from "../model/delivery.ts";
import { DEPLOYMENT_STATES, type Deployment, type DeploymentState } from "../model/deployment.ts";
import { askedText } from "../notify/wording/plain.ts";

const COLOURS: Record<string, Parameters<typeof styleText>[0]> = {
  live: "green",
  done: "green",
  failed: "red",
  dead: "red",
  denied: "red",
  refused: "yellow",
  asked: "yellow",
  unparseable: "red",
  building: "cyan",
  publishing: "cyan",
  queued: "yellow",
  held: "yellow",
  received: "yellow",
};

/** A word in the colour of its state; plain where nobody looks (styleText knows about NO_COLOR and pipes). */
export function coloured(state: string, width = 0): string {
  const word = state.padEnd(width);
  const colour = COLOURS[state];
  return colour ? styleText(colour, word, { stream: process.stdout }) : word;
}

const STATE_WIDTH = Math.max(...DEPLOYMENT_STATES.map((state: DeploymentState) => state.length));

/** One line about a deployment. */
export function deploymentLine(it: Deployment): string {
  const commit = it.commit.slice(0, 7) || "head   ";
  // The title of changed content names who changed it.
  const people = [it.trigger === "content" ? "" : it.author, askedText(it)].filter(Boolean).join("; ");
  const by = people ? ` (${printable(people)})` : "";
  const reason = it.reason ? ` — ${printable(it.reason)}` : "";
  const remarks = it.remarks.length > 0 ? ` (${printable(it.remarks.join("; "))})` : "";
  return `${it.id}  ${coloured(it.state, STATE_WIDTH)}  ${it.site}  ${commit}  ${when(it.createdAtMs)}  ${printable(it.title)}${by}${reason}${remarks}`;
}

/** One line about a delivery. */
export function deliveryLine(it: Omit<Delivery, "body">): string {
  const verdict =
    it.verdict === "new" ? "" : styleText("yellow", ` ${it.verdict.replace("_", " ")}`, { stream: process.stdout });
  return `${String(it.id).padStart(5)}  ${coloured(it.state, 11)}  ${it.source}  ${it.event}  ${it.key}  ${when(it.receivedAtMs)}${verdict}  ${it.outcome.map(printable).join("; ")}`;
}

/** A moment, in UTC. */
export function when(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19).replace("T", " ");
}

/** Text from outside without the control characters that could drive a terminal. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, " ");
}
