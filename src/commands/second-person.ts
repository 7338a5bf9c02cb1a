/** What needs two people: one asks in the site's channel, another one agrees or not, and what they agree to is done then. */
import { isDeepStrictEqual } from "node:util";
import type { Config } from "../config/schema.ts";
import { OperatorError, PermanentError } from "../errors.ts";
import type { Deed, OperateEffect } from "../model/effect.ts";
import { requestId } from "../model/id.ts";
import type { Notice } from "../model/notice.ts";
import { areTwo, slackUserIn } from "../model/person.ts";
import { untilText } from "../model/site.ts";
import { slackChannelOf, tellNotice } from "../notify/tell.ts";
import {
  answerRequest,
  askRequest,
  type DeedRequest,
  expireRequests,
  findRequest,
  openRequests,
} from "../store/requests.ts";
import type { Tx, Work } from "../store/work.ts";
import { chooseRelease } from "./choose-release.ts";
import { type DeedContext, type DeedMoment, requireSite } from "./deed-context.ts";
import { consentText, deedText } from "./deed-text.ts";
import { requireHold } from "./hold-site.ts";
import { type Operated, operate } from "./operate.ts";
import { planRollback } from "./rollback-site.ts";

/** How long somebody may take to agree. What they see then may no longer be so. */
const ANSWER_WITHIN_MS = 30 * 60_000;

export type Asking = Pick<OperateEffect, "site" | "deed" | "by" | "where" | "cause">;

/**
 * Asks in the site's channel for somebody else who agrees. What is asked for names releases by their ids, so that what is
 * agreed to is what was shown. The same request, or one that equals it, is asked once. Throws PermanentError where it
 * would be refused at once, before anything is written.
 */
export function* askSecondPerson(
  tx: Tx,
  context: DeedContext,
  { site, deed: wanted, by, where, cause }: Asking,
  { nowMs, random }: DeedMoment,
): Work<{ readonly request: DeedRequest; readonly isNew: boolean; readonly says: string }> {
  requireSite(context, site);
  if (!context.telling.hasSlack || slackChannelOf(context.config, site) === null) {
    throw new OperatorError(
      `sites.${site}.channel`,
      "this needs a second person (secondPerson), and there is no channel in Slack to ask one in",
    );
  }
  const { deed, what } = yield* settleDeed(tx, context, wanted, { site, by }, nowMs);
  const open = (yield* openRequests(tx, site, nowMs)).find((it) => it.by === by && isDeepStrictEqual(it.deed, deed));
  const id = requestId(nowMs, random());
  const asked = { id, site, deed, what, by, where, cause, nowMs, expiresAtMs: nowMs + ANSWER_WITHIN_MS };
  const request = open ?? (yield* askRequest(tx, asked));
  const isNew = request.id === id;
  if (isNew) yield* tellNotice(tx, context.telling, noticeOf(request), noticeCause(request), nowMs);
  const until = untilText(request.expiresAtMs, nowMs);
  const says = `${site}: to ${request.what} needs somebody else who agrees; ${isNew ? "the channel is asked" : "that is asked already"}, ${until}`;
  return { request, isNew, says };
}

/**
 * Somebody answers. Approved, the deed is done in the name of both. Throws PermanentError where it was their own, is
 * answered or too late, or where the deed itself is refused: then nothing is written and the request stays as it is.
 */
export function* answerSecondPerson(
  tx: Tx,
  context: DeedContext,
  { request: id, approves, by }: { readonly request: string; readonly approves: boolean; readonly by: string },
  moment: DeedMoment,
): Work<Operated & { readonly request: DeedRequest }> {
  const request = yield* findRequest(tx, id);
  if (!request) throw new PermanentError(`there is no request ${id}`);
  refuseWhereOver(request, moment.nowMs);
  if (approves) refuseOwn(context.config, request.by, by);
  const asked = { site: request.site, by: bothText(request.by, by), cause: request.cause };
  const none: Operated = { says: `${request.site}: to ${request.what} is declined`, deployment: null, queued: [] };
  const operated = approves ? yield* operate(tx, context, request.deed, asked, moment) : none;
  const state = approves ? "approved" : "declined";
  const answered = yield* answerRequest(tx, id, { state, by, nowMs: moment.nowMs });
  // Between the question and here nothing else can have answered, unless another machine shares the store.
  if (!answered) throw new Error(`request ${id} was answered meanwhile`);
  yield* tellNotice(tx, context.telling, noticeOf(answered), noticeCause(answered), moment.nowMs);
  return { ...operated, request: answered };
}

/** Ends the requests that nobody answered in time, in the channel too. Answers with a sentence for each. */
export function* endExpiredRequests(
  tx: Tx,
  context: Pick<DeedContext, "telling">,
  { nowMs }: Pick<DeedMoment, "nowMs">,
): Work<string[]> {
  const expired = yield* expireRequests(tx, nowMs);
  for (const request of expired) {
    yield* tellNotice(tx, context.telling, noticeOf(request), noticeCause(request), nowMs);
  }
  return expired.map(({ id, site, what }) => `${id} on ${site} has expired: nobody agreed to ${what}`);
}

/**
 * How records name two people: whoever asked stands last, where `slackUserIn` finds them; what stands before is partly
 * what people call themselves.
 */
function bothText(asker: string, second: string): string {
  return `${second}, asked by ${asker}`;
}

/** The deed with what it means now, and that in words. Throws PermanentError where it would be refused. */
function* settleDeed(
  tx: Tx,
  context: DeedContext,
  deed: Deed,
  { site, by }: { site: string; by: string },
  nowMs: number,
): Work<{ deed: Deed; what: string }> {
  if (deed.kind === "rollback") {
    const { from, release } = yield* planRollback(tx, context, deed, { site, by });
    const way = `${from ? `from ${from.commit.slice(0, 7)} ` : ""}to ${release.commit.slice(0, 7)}`;
    const target = { kind: "hex", start: release.id } as const;
    return { deed: { ...deed, target, from: from?.id ?? null }, what: `roll back ${way}${consentText(deed)}` };
  }
  if (deed.kind === "redeploy" && deed.target !== null) {
    const { id, commit } = yield* chooseRelease(tx, site, deed.target);
    const what = `redeploy ${commit.slice(0, 7)}${consentText(deed)}`;
    return { deed: { ...deed, target: { kind: "hex", start: id } }, what };
  }
  if (deed.kind === "unlock" || deed.kind === "resume") yield* requireHold(tx, context, deed.kind, site);
  // The reason stands by itself.
  return { deed, what: deedText({ ...deed, reason: null }, nowMs) };
}

function refuseWhereOver({ id, state, answeredBy, expiresAtMs }: DeedRequest, nowMs: number): void {
  if (state === "expired" || (state === "open" && expiresAtMs <= nowMs)) {
    throw new PermanentError(`nobody agreed to ${id} in time; ask for it once more`);
  }
  if (state !== "open") throw new PermanentError(`${id} is ${state} already, by ${answeredBy}`);
}

/** Nobody agrees with themselves. */
function refuseOwn({ people }: Pick<Config, "people">, asker: string, second: string): void {
  const isOther = areTwo(people, asker, second);
  if (isOther === false) throw new PermanentError(`${asker} asked for that; somebody else has to agree`);
  if (isOther === null) {
    const key = `people.${slackUserIn(second) ?? ""}.github`;
    throw new PermanentError(`${asker} asked for that, and nobody knows that it was not ${second}: ${key} says so`);
  }
}

function noticeCause({ id }: DeedRequest): string {
  return `request ${id}`;
}

function noticeOf({ id, site, by, what, deed, state, answeredBy, expiresAtMs }: DeedRequest): Notice {
  const answer = state === "open" ? null : { kind: state, by: answeredBy };
  const reason = deed.reason ?? null;
  return { about: "second_person", request: id, site, by, what, reason, expiresAtMs, answer };
}
