/**
 * Templates of notes: `{json:/data/object/amount|money:json:/data/object/currency} from {json:/customer/email}`. They pick
 * values by extractors and pass them through a few filters; there is no code, no loop and no template inside a template.
 */
import { EXTRACTOR_FORMS, type Extractor, extract, parseExtractor, printExtractor } from "./extractor.ts";
import { maskShapes, maskValue, plainValue } from "./mask.ts";
import { majorMoney, minorMoney } from "./money.ts";
import { isPersonalLabel } from "./personal-label.ts";
import type { Payload, Received } from "./received.ts";

/** What may follow a pick after a bar, for messages of errors. */
const FILTER_FORMS =
  "money:CURRENCY (of an amount in cents), price:CURRENCY (of an amount in whole units), date, upper, lower, mask, short or short:40";

type Filter =
  /** `money` takes the smallest unit of the currency, `price` the whole one; the currency is picked, too, or a code. */
  | { readonly by: "money" | "price"; readonly currency: Extractor }
  | { readonly by: "date" | "upper" | "lower" | "mask" }
  | { readonly by: "short"; readonly maxChars: number };

type Pick = { readonly from: Extractor; readonly filters: readonly Filter[] };

export type NoteTemplate = { readonly parts: ReadonlyArray<string | Pick> };

/** A template is a headline: longer ones are cut. */
const MAX_TEXT = 500;
const MAX_VALUE = 300;
const MAX_PICKS = 20;
const SHORT = 40;
/** What stands where a value is missing. */
export const MISSING = "–";

/** Reads a template, or says in a sentence without its subject what is wrong with it. */
export function parseNoteTemplate(text: string): NoteTemplate | { readonly problem: string } {
  const parts: Array<string | Pick> = [];
  let literal = "";
  for (let at = 0; at < text.length; ) {
    const character = text[at] ?? "";
    const isDouble = text[at + 1] === character;
    if (character === "{" && !isDouble) {
      const end = text.indexOf("}", at);
      if (end < 0) return { problem: `has a { at character ${at + 1} that no } ends; write {{ for a brace itself` };
      const pick = parsePick(text.slice(at + 1, end));
      if ("problem" in pick) return pick;
      if (literal !== "") parts.push(literal);
      literal = "";
      parts.push(pick);
      at = end + 1;
      continue;
    }
    const isBrace = character === "{" || character === "}";
    if (isBrace && !isDouble)
      return { problem: `has a } at character ${at + 1} that ends nothing; write }} for a brace itself` };
    literal += character;
    at += isBrace ? 2 : 1;
  }
  if (literal !== "") parts.push(literal);
  if (parts.filter((it) => typeof it !== "string").length > MAX_PICKS)
    return { problem: `picks more than ${MAX_PICKS} values` };
  return { parts };
}

function parsePick(text: string): Pick | { readonly problem: string } {
  const [place = "", ...rest] = text.split("|");
  const from = parsePlace(place);
  if (typeof from === "string") return { problem: from };
  const filters: Filter[] = [];
  for (const one of rest) {
    const filter = parseFilter(one.trim());
    if (typeof filter === "string") return { problem: filter };
    filters.push(filter);
  }
  return { from, filters };
}

/** What is no place in a request, or holds what nobody shall read, is refused with a sentence. */
function parsePlace(text: string): Extractor | string {
  const from = parseExtractor(text);
  const shown = text.trim().slice(0, 60);
  if (!from) return `has {${shown}}, which names no place in a request; write ${EXTRACTOR_FORMS}`;
  return secretPlace(from) ?? from;
}

/** Why a place in a request cannot be shown to people; null where it can. */
export function secretPlace(from: Extractor): string | null {
  const name = printExtractor(from).slice(0, 60);
  if (from.from === "path") return "has {path}, which is where secrets stand; it is never shown";
  if (from.from === "join") return `has {${name}}, which makes keys and no words; pick its parts one by one`;
  if (from.from === "header" && SECRET_HEADER.test(from.name))
    return `has {${name}}, which is where secrets stand; it is never shown`;
  return null;
}

const SECRET_HEADER = /^(proxy-)?authorization$|cookie|token|secret|signature|password|api-?key/;

function parseFilter(text: string): Filter | string {
  const [by = "", argument] = splitOnce(text);
  if ((by === "money" || by === "price") && argument !== undefined) {
    const currency: Extractor | string = /^[A-Za-z]{3}$/.test(argument)
      ? { from: "const", value: argument }
      : parsePlace(argument);
    return typeof currency === "string" ? currency : { by, currency };
  }
  if ((by === "date" || by === "upper" || by === "lower" || by === "mask") && argument === undefined) return { by };
  if (by === "short" && argument === undefined) return { by, maxChars: SHORT };
  if (by === "short" && /^[1-9]\d{0,2}$/.test(argument ?? "")) return { by, maxChars: Number(argument) };
  return `has the filter ${text.slice(0, 40)}, which there is not; there are ${FILTER_FORMS}`;
}

function splitOnce(text: string): [string, string | undefined] {
  const colon = text.indexOf(":");
  return colon < 0 ? [text, undefined] : [text.slice(0, colon), text.slice(colon + 1)];
}

/** All places that a template reads. */
export function placesOf({ parts }: NoteTemplate): Extractor[] {
  return parts.flatMap((part) =>
    typeof part === "string"
      ? []
      : [part.from, ...part.filters.flatMap((filter) => ("currency" in filter ? [filter.currency] : []))],
  );
}

/** Which values are shown as they are: fields by their labels or by their places, as `show` in slipway.yaml has them. */
export type Shown = (place: Extractor | null, label: string | null) => boolean;

/** Reads `show`: labels, in letters of any size, or extractors. A place has its last step for a label. */
export function shownBy(show: readonly string[]): Shown {
  const names = new Set(show.map((it) => it.trim().toLowerCase()));
  const places = new Set(show.flatMap((it) => parseExtractor(it) ?? []).map(printExtractor));
  return (place, label) =>
    (label !== null && names.has(label.trim().toLowerCase())) ||
    (place !== null && (places.has(printExtractor(place)) || names.has((labelsOf(place).at(-1) ?? "").toLowerCase())));
}

/** The names that lead to a place, the outermost first. */
export function labelsOf(place: Extractor): readonly string[] {
  if (place.from === "json") return place.pointer;
  return "name" in place ? [place.name] : [];
}

/** `isOpen`: it came from outside and was not masked yet. `isOurs`: it stands in slipway.yaml. */
type Told = { readonly text: string; readonly isOpen: boolean; readonly isOurs: boolean };

/**
 * The words. Values are masked where their names or their shapes tell that they are personal, also where several make an
 * address or a number together; `isShown` exempts some.
 */
export function renderNoteTemplate(
  { parts }: NoteTemplate,
  received: Received,
  payload: Payload,
  isShown: Shown = () => false,
): { readonly text: string } {
  const told = parts.map((part): Told => {
    if (typeof part === "string") return { text: part, isOpen: false, isOurs: true };
    return renderPick(part, received, payload, isShown);
  });
  return { text: cut(maskTogether(told).replace(/\s+/g, " ").trim(), MAX_TEXT) };
}

/** Neighbours are looked at as one text, up to a value that is shown or masked already. */
function maskTogether(told: readonly Told[]): string {
  let text = "";
  let run: Told[] = [];
  const flush = () => {
    const whole = run.map((it) => it.text).join("");
    const open: boolean[] = run.flatMap((it) => Array<boolean>(it.text.length).fill(it.isOpen));
    text += maskShapes(whole, (from, to) => !open.slice(from, to).includes(true));
    run = [];
  };
  for (const one of told) {
    if (one.isOpen || one.isOurs) run.push(one);
    else {
      flush();
      text += one.text;
    }
  }
  flush();
  return text;
}

function renderPick(pick: Pick, received: Received, payload: Payload, isShown: Shown): Told {
  const raw = extract(pick.from, received, payload);
  const value = raw === null ? "" : plainValue(raw);
  if (value === "") return { text: MISSING, isOpen: false, isOurs: false };
  const isFree = isShown(pick.from, null) || pick.from.from === "const";
  const isMasked = !isFree && isPersonalLabel(labelsOf(pick.from), value);
  let told: Told = { text: isMasked ? maskValue(value) : value, isOpen: !isFree && !isMasked, isOurs: false };
  for (const filter of pick.filters) {
    const currency = "currency" in filter ? (extract(filter.currency, received, payload) ?? "") : "";
    told = applyFilter(told, filter, value, currency);
  }
  return { ...told, text: cut(told.text, MAX_VALUE) };
}

/** Amounts and dates are read anew from the value: what they are made of is figures, whatever stood there. */
function applyFilter(told: Told, filter: Filter, value: string, currency: string): Told {
  switch (filter.by) {
    case "money":
    case "price": {
      const amount = filter.by === "money" ? minorMoney(value, currency) : majorMoney(value, currency);
      return { text: amount ?? MISSING, isOpen: false, isOurs: false };
    }
    case "date":
      return { text: dateText(value) ?? MISSING, isOpen: false, isOurs: false };
    case "upper":
      return { ...told, text: told.text.toUpperCase() };
    case "lower":
      return { ...told, text: told.text.toLowerCase() };
    case "mask":
      return { text: told.isOpen ? maskValue(value) : told.text, isOpen: false, isOurs: false };
    case "short":
      // First what it is, then the cut: half an address is no address any more.
      return { ...told, text: cut(told.isOpen ? maskShapes(told.text) : told.text, filter.maxChars) };
  }
}

/** Of seconds or milliseconds since 1970, or of an ISO date: "2026-01-31 14:02 UTC"; null for anything else. */
export function dateText(value: string): string | null {
  const number = /^\d{9,13}$/.test(value) ? Number(value) * (value.length <= 11 ? 1000 : 1) : null;
  const atMs = number ?? (/^\d{4}-\d{2}-\d{2}/.test(value) ? Date.parse(value) : Number.NaN);
  if (!Number.isFinite(atMs) || atMs > Date.UTC(9999, 11, 31)) return null;
  const iso = new Date(atMs).toISOString();
  return /^\d{4}-\d{2}-\d{2}$/.test(value) ? value : `${iso.slice(0, 16).replace("T", " ")} UTC`;
}

/** At most so many characters, with the "…", never cut inside one. */
export function cut(text: string, maxChars: number): string {
  const characters = [...text.slice(0, maxChars * 2 + 2)];
  return characters.length <= maxChars ? text : `${characters.slice(0, maxChars - 1).join("")}…`;
}
