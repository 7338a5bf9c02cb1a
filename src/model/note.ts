/** Notes: a payment, an order, a form that somebody sent; told once, in a channel. */
import { type Extractor, extract } from "./extractor.ts";
import { maskShapes, maskValue, plainValue } from "./mask.ts";
import {
  cut,
  labelsOf,
  MISSING,
  parseNoteTemplate,
  renderNoteTemplate,
  type Shown,
  secretPlace,
  shownBy,
} from "./note-template.ts";
import { isPersonalLabel } from "./personal-label.ts";
import type { Payload, Received } from "./received.ts";

export type NoteField = {
  readonly label: string;
  readonly value: string;
  /** Whether it says something of a person; shown masked unless the source says otherwise. */
  readonly isPersonal: boolean;
};

export type Note = {
  /** "Payment of €49.00 failed". */
  readonly title: string;
  readonly fields: readonly NoteField[];
  /** Where it can be looked at in the sender's own pages. */
  readonly url: string | null;
  readonly tone: "good" | "bad" | "neutral";
};

/** What a source, or one of its routes, says of how its notes are told. */
export type NoteSettings = {
  /** A template instead of the preset's own title. */
  readonly text?: string | undefined;
  /** The fields instead of the preset's own. */
  readonly fields?: Readonly<Record<string, Extractor>> | undefined;
  /** Labels of fields, or places, that are not masked. */
  readonly show?: readonly string[] | undefined;
};

const MAX_FIELDS = 20;
const MAX = { title: 500, label: 60, value: 300 } as const;

/**
 * A note as it is told and kept: with the source's own words where it has some, everything bounded, and what is personal
 * masked unless the source shows it. Nothing behind this function knows the values any more. `note` is what the preset
 * read; null where there is no preset, and `title` is what it is called then.
 */
export function shapeNote(
  note: Note | null,
  { text, fields, show = [] }: NoteSettings,
  { received, payload, title }: { readonly received: Received; readonly payload: Payload; readonly title: string },
): Note {
  const isShown = shownBy(show);
  const template = text === undefined ? null : parseNoteTemplate(text);
  const own = fields === undefined ? (note?.fields ?? []) : pickFields(fields, received, payload);
  const words =
    template && "parts" in template
      ? renderNoteTemplate(template, received, payload, isShown).text
      : maskShapes(plainValue(note?.title ?? title));
  return {
    title: cut(words, MAX.title),
    fields: own.slice(0, MAX_FIELDS).map((field) => maskField(field, isShown)),
    url: note?.url ?? null,
    tone: note?.tone ?? "neutral",
  };
}

type Picked = NoteField & { readonly place?: Extractor };

function pickFields(fields: Readonly<Record<string, Extractor>>, received: Received, payload: Payload): Picked[] {
  return Object.entries(fields).map(([label, place]) => {
    const raw = secretPlace(place) === null ? extract(place, received, payload) : null;
    const value = raw === null ? "" : plainValue(raw);
    const isPersonal = isPersonalLabel([label], value) || isPersonalLabel(labelsOf(place), value);
    return { label, value: value || MISSING, isPersonal: isPersonal && value !== "", place };
  });
}

/** What was not shaped (`shapeNote`), with the fields masked that are personal. */
export function hidePersonal(note: Note): Note {
  const hide = (field: NoteField): NoteField =>
    field.isPersonal ? { ...field, value: maskValue(field.value), isPersonal: false } : field;
  return { ...note, fields: note.fields.map(hide) };
}

function maskField({ label, value, isPersonal, place }: Picked, isShown: Shown): NoteField {
  const plain = plainValue(value);
  const known = cut(maskShapes(plainValue(label)), MAX.label);
  if (isShown(place ?? null, label)) return { label: known, value: cut(plain, MAX.value), isPersonal: false };
  const masked = isPersonal ? maskValue(plain) : maskShapes(plain);
  return { label: known, value: cut(masked, MAX.value), isPersonal: false };
}
