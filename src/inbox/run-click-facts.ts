/** The facts by which a click on the button of a held delivery is decided. */
import type { Config } from "../config/schema.ts";
import type { RunClickFacts } from "../handlers/run-click.ts";
import { workspaceWideRules } from "../handlers/site-rules.ts";
import type { ClickEvent } from "../model/event.ts";
import { findDelivery, isForgotten } from "../store/deliveries.ts";
import { lockName } from "../store/lock-name.ts";
import type { Tx, Work } from "../store/work.ts";
import { askingOf } from "./asking.ts";
import type { Asker } from "./look-up-person.ts";

export function* runClickFacts(tx: Tx, config: Config, event: ClickEvent, asker: Asker): Work<RunClickFacts> {
  const asking = askingOf(config, event, asker, event.askedAtMs);
  // Two who click at once see one another.
  yield* lockName(tx, `run delivery ${event.value}`);
  const delivery = /^\d{1,15}$/.test(event.value) ? yield* findDelivery(tx, event.value) : undefined;
  const known = delivery && { ...delivery, isForgotten: isForgotten(delivery) };
  return { ...asking, delivery: known ?? null, rules: workspaceWideRules(config, "held deliveries") };
}
