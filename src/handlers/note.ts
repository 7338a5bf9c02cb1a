/** A payment, an order or a form: told once, in its channel. */
import type { Effect } from "../model/effect.ts";
import type { NoteEvent } from "../model/event.ts";
import { hidePersonal } from "../model/note.ts";

export type NoteFacts = {
  /** Where it is told, and the key of slipway.yaml that says so; null: nowhere. */
  readonly channel: string | null;
  readonly setting: string;
};

/** What is personal and nobody chose to show is masked before it is kept anywhere but in the delivery. */
export function handleNote({ source, label, note, cause }: NoteEvent, facts: NoteFacts): Effect[] {
  return [{ do: "note", source, label, note: hidePersonal(note), cause, ...facts }];
}
