/** Who asks, where and when, as every handler of what people ask for is told. */
import type { Config } from "../config/schema.ts";
import { workspaceRules } from "../handlers/authorize.ts";
import type { Asking } from "../handlers/commanding.ts";
import type { Asker, AskingEvent } from "./look-up-person.ts";

/** `nowMs` is when it is decided, where nobody said when it was asked. */
export function askingOf(config: Config, event: AskingEvent, { person, ownTeam }: Asker, nowMs: number): Asking {
  const workspace = workspaceRules(config, ownTeam);
  if (event.type === "check_run") {
    return { person, workspace, to: null, triggerId: null, askedAtMs: nowMs, cause: event.cause };
  }
  const { reply: to, triggerId, askedAtMs, cause } = event;
  return { person, workspace, to, triggerId, askedAtMs, cause };
}
