/** Somebody wants a delivery worked off that was held since it looks like a replay, or that has the id of another one. */
import type { Delivery } from "../model/delivery.ts";
import type { Effect } from "../model/effect.ts";
import type { ClickEvent } from "../model/event.ts";
import { nameOf } from "../model/person.ts";
import { authorize, type SiteRules } from "./authorize.ts";
import { type Asking, deny, note, say } from "./commanding.ts";

export type RunClickFacts = Asking & {
  /** Null where nothing is known of it any more. */
  readonly delivery:
    | (Pick<Delivery, "id" | "source" | "state" | "verdict" | "releasedBy"> & { readonly isForgotten: boolean })
    | null;
  /** What holds for the whole workspace: a delivery may be about any site. */
  readonly rules: SiteRules;
};

export function handleRunClick({ value }: Pick<ClickEvent, "value">, facts: RunClickFacts): Effect[] {
  const { delivery, person, rules, workspace } = facts;
  const what = `the button run for delivery ${value.slice(0, 60)}`;
  const verdict = authorize(person, { verb: "run", isOwn: false, isForced: false }, rules, workspace);
  if (!verdict.allowed) return deny(facts, { verb: "run", site: null, what }, verdict);
  const end = (result: "done" | "refused", outcome: string, rule: string): Effect[] => [
    ...say(facts, null, outcome),
    note(facts, { verb: "run", site: null, what, rule, result, outcome }),
  ];
  if (delivery === null) return end("refused", "Slipway knows nothing of this delivery any more.", "state");
  const { id, source, releasedBy } = delivery;
  if (releasedBy !== null) return end("refused", `${releasedBy} had delivery ${id} of ${source} run already.`, "state");
  if (delivery.isForgotten)
    return end("refused", `What delivery ${id} of ${source} said is forgotten by now; have it sent again.`, "state");
  const isWaiting = delivery.state === "held" || delivery.verdict === "conflict";
  if (!isWaiting)
    return end("refused", `Delivery ${id} of ${source} is ${delivery.state}; it waits for nobody.`, "state");
  const done = end("done", `Delivery ${id} of ${source} is worked off now.`, verdict.rule);
  return [{ do: "run_delivery", delivery: id, by: nameOf(person) }, ...done];
}
