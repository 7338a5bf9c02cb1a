/** Fields of notes from what senders report, and which answers of forms are somebody's own words. */
import type { NoteField } from "../../model/note.ts";
import { isPersonalLabel } from "../../model/personal-label.ts";

type Said = string | number | boolean | null | undefined;

/** A field of what is no person's; none where there is nothing to say. */
export function fact(label: string, value: Said): NoteField[] {
  return field(label, value, false);
}

/** A field of what says who somebody is. */
export function personal(label: string, value: Said): NoteField[] {
  return field(label, value, true);
}

function field(label: string, value: Said, isPersonal: boolean): NoteField[] {
  const text = value === null || value === undefined ? "" : String(value).trim();
  return text === "" ? [] : [{ label, value: text, isPersonal }];
}

/** What forms send beside what people fill in: what begins so, or is called so. */
const NOT_FILLED_IN =
  /^(_|g-recaptcha|h-captcha|cf-turnstile|form-name$|bot-field$|csrf|authenticity_token$|user_agent$|referrer$)/i;

/**
 * The fields of a form that does not say of which kind they are. Whatever may be somebody's own words is personal: all but
 * numbers, dates, and the small words that forms have for what is chosen ("pro", "blue-shirt", "on").
 */
export function answers(entries: Iterable<readonly [label: string, value: unknown]>): NoteField[] {
  const told: NoteField[] = [];
  for (const [label, said] of entries) {
    const value = textOf(said);
    if (value === "" || label === "" || NOT_FILLED_IN.test(label)) continue;
    told.push({ label, value, isPersonal: isPersonalLabel([label], value) || !isChosen(value) });
  }
  return told;
}

function isChosen(value: string): boolean {
  return /^[a-z0-9][a-z0-9_-]{0,29}$/.test(value) || /^-?\d{1,9}([.,]\d{1,3})?$/.test(value);
}

/** A value, or several, as one text; "" for what is none. */
export function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.slice(0, 20).map(textOf).filter(Boolean).join(", ");
  if (typeof value === "string") return value.trim();
  return typeof value === "number" || typeof value === "boolean" ? String(value) : "";
}
