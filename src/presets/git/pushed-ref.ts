/** What all git hosts other than GitHub say of a push, in the same fields or nearly so. */
import { z } from "zod";
import type { GitPush } from "../../model/git-push.ts";
import type { Preset, Reading, Verified } from "../preset.ts";

/** A whole commit, SHA-1 or SHA-256. It is shown and put into records, so it is nothing else. */
export const commitName = z.string().regex(/^([0-9a-f]{40}|[0-9a-f]{64})$/);

/** Longer messages and names are cut: the first line and the markers are read, and both are shown. */
const MAX_MESSAGE = 20_000;
const MAX_NAME = 200;
export const message = textOf(MAX_MESSAGE);
export const name = textOf(MAX_NAME);

/** Without NUL, which git has nowhere and databases refuse. */
function textOf(maxChars: number) {
  const said = z.string().nullish();
  return said.transform((text) => (text ?? "").slice(0, maxChars).replaceAll("\0", "").toWellFormed());
}

/** Refs: git-check-ref-format(1) lets them be longer, and no site has such a branch. */
export const refName = z.string().min(1).max(1000);

/** The commit, or null for the zeros that hosts send where there is none: a ref that is new, or was deleted. */
export const orNone = (commit: string): string | null => (/^0+$/.test(commit) ? null : commit);

/**
 * What is read from refs that moved. Where nothing moved the host tries the webhook with a commit that is there: Gitea's
 * "Test Delivery" does.
 */
export function pushes(moved: readonly GitPush[]): Reading {
  const push = moved.filter(({ before, after }) => before !== after);
  if (push.length > 0) return { push };
  return moved.length > 0 ? { ping: "a test: no branch moved" } : { ignored: "nothing was pushed" };
}

/** Reads the events of one name as `read` does, and has no use for any other. */
export function readingOnly(events: readonly string[], read: Preset["read"]): Preset["read"] {
  return (delivery) => (events.includes(delivery.event) ? read(delivery) : unused(delivery));
}

function unused({ event }: Verified): Reading {
  return { ignored: event === "" ? "it names no event" : `${event.slice(0, 60)} is no push` };
}
