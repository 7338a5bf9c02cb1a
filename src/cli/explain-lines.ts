/** Why requests are refused, and the story of one delivery, as lines for a terminal. */
import { styleText } from "node:util";
import type { DeliveryStory, Explanation, SourceStory } from "../commands/explain-operation.ts";
import { count } from "../model/quantities.ts";
import type { Rejection } from "../model/rejection.ts";
import { coloured, printable, when } from "./print.ts";

const heading = (text: string) => styleText("bold", text, { stream: process.stdout });
const MAX_SHOWN = 10;

export function explanationLines(explanation: Explanation): string[] {
  if (explanation.about === "delivery") return deliveryLines(explanation.delivery);
  const { sources } = explanation;
  if (sources.length === 1) return sources.flatMap(sourceLines);
  return sources.map(sourceLine);
}

/** One source among all of them. */
function sourceLine(story: SourceStory): string {
  const last = story.lastAccepted ? `last accepted ${when(story.lastAccepted.atMs)}` : "nothing accepted yet";
  const why = story.refused?.last.find(({ findings }) => findings?.length)?.findings?.[0]?.sentence;
  return printable([`${story.name}: ${last}; ${refusedText(story)}`, ...(why ? [why] : [])].join(". "));
}

function refusedText({ refused }: SourceStory): string {
  if (refused === null) return "Slipway does not run, and remembers refused requests only while it does";
  const counts = Object.entries(refused.counts).map(([status, times]) => `${count(times)} with ${status}`);
  return counts.length === 0
    ? `nothing refused since ${when(refused.sinceMs)}`
    : `refused since ${when(refused.sinceMs)}: ${counts.join(", ")}`;
}

function sourceLines(story: SourceStory): string[] {
  const { name, isConfigured, lastAccepted, secrets, refused, advice } = story;
  return [
    heading(isConfigured ? name : `${name} (no source of that name is configured)`),
    `  ${refusedText(story)}`,
    lastAccepted
      ? printable(
          `  last accepted: delivery ${lastAccepted.id}, ${lastAccepted.event}, ${when(lastAccepted.atMs)}${lastAccepted.matched ? `, with ${lastAccepted.matched}` : ""}`,
        )
      : "  nothing was accepted yet",
    ...secrets.map(({ secret, atMs }) => printable(`  secret ${secret} last fitted ${when(atMs)}`)),
    ...(refused?.last ?? []).slice(0, MAX_SHOWN).flatMap(rejectionLines),
    ...advice.map((sentence) => styleText("yellow", `  ${sentence}`, { stream: process.stdout })),
  ];
}

function rejectionLines(it: Rejection): string[] {
  const type = it.contentType || "no content type";
  return [
    printable(
      `  ${when(it.atMs)}  ${it.status}  ${it.client}  ${type}, ${count(it.bytes)} bytes; headers: ${it.headers.join(" ")}`,
    ),
    ...(it.findings ?? []).map(({ code, sentence }) => printable(`      ${sentence} (${code})`)),
  ];
}

const VERDICTS = {
  new: "new",
  suspected_replay: "suspected replay: the same bytes came before under another id",
  conflict: "conflict: its id came before with other bytes",
} as const;

function deliveryLines(it: DeliveryStory): string[] {
  const headers = Object.entries(it.request?.headers ?? {});
  return [
    heading(printable(`delivery ${it.id} of ${it.source}: ${it.event}`)),
    `  ${coloured(it.state)}, after ${it.attempts} ${it.attempts === 1 ? "try" : "tries"}; ${VERDICTS[it.verdict]}`,
    printable(`  the sender's id: ${it.key}`),
    `  arrived ${when(it.receivedAtMs)}, ${it.seen} ${it.seen === 1 ? "time" : "times"}, ${count(it.bytes)} bytes${it.finishedAtMs === null ? "" : `; done ${when(it.finishedAtMs)}`}`,
    `  SHA-256 of its bytes: ${it.digest}`,
    ...(it.matched ? [printable(`  verified with ${it.matched}`)] : []),
    ...(it.releasedBy ? [printable(`  ${it.releasedBy} said that it shall run`)] : []),
    ...it.outcome.map((sentence) => `  ${printable(sentence)}`),
    ...it.deployments.map(({ id, site, state }) => printable(`  ${id} of ${site} is ${state} now`)),
    ...(headers.length > 0 ? [`  what is kept of its request: ${it.request?.method ?? ""}`] : []),
    ...headers.map(([name, value]) => printable(`    ${name}: ${value}`)),
  ];
}
