/** A payment, an order or a form: told once, in its channel. */
import type { Effect } from "../model/effect.ts";
import type { NoteEvent } from "../model/event.ts";

export type NoteFacts = {
  /** Where it is told, and the key of slipway.yaml that says so; null: nowhere. */
  readonly channel: string | null;
  readonly setting: string;
};

export function handleNote({ source, label, note, cause }: NoteEvent, facts: NoteFacts): Effect[] {
  return [{ do: "note", source, label, note, cause, ...facts }];
}
