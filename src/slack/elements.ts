/** How the buttons and dialogs of ours are named, so that whoever draws them and whoever reads them agree. */
import { z } from "zod";
import { CLICKS, type Click } from "../model/event.ts";

/**
 * The `action_id` of a button. Within one block each must be another, hence the number. Buttons that only open an
 * address report back too: they are called "open".
 */
export function actionId(click: Click | "open", number?: number): string {
  return number === undefined ? `slipway.${click}` : `slipway.${click}.${number}`;
}

/**
 * What the button of that `action_id` is for; "open" for those that only open an address, null for others' buttons.
 * Messages of earlier versions, which are still there, say "slipway.consent.adopt".
 */
export function clickOf(action: string): Click | "open" | null {
  const name = /^slipway\.(?:consent\.)?(\w+)(?:\.\d+)?$/.exec(action)?.[1];
  if (name === "open") return name;
  return CLICKS.find((it) => it === name) ?? null;
}

/** The dialog that asks what to roll back to: its `callback_id`, its blocks, and the one action in each. */
export const ROLLBACK_MODAL = "slipway.rollback";
export const MODAL_BLOCKS = { to: "to", reason: "reason" } as const;
export const MODAL_ACTION = "value";

const replySchema = z.strictObject({
  channel: z.string(),
  user: z.string(),
  responseUrl: z.string().nullable(),
  thread: z.string().nullable(),
  isDirect: z.boolean(),
});

/** What the dialog remembers for us in `private_metadata` (3000 characters), as JSON. It comes back signed, unseen by people. */
export const modalMemory = z.strictObject({ site: z.string(), from: z.string().nullable(), reply: replySchema });
export type ModalMemory = z.output<typeof modalMemory>;
