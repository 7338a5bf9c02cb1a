/**
 * Masks: what is left of words that say who somebody is, so that a channel sees that there was an address and not which.
 * Two ways: by the shape of what stands in a text (e-mail addresses, numbers of phones, accounts and cards, IP addresses),
 * and of a whole value that is known to be personal.
 */

/** Longer values are cut before anything is looked for in them; nothing behind that is ever shown. */
const MAX_LOOKED_AT = 4000;
/** What hides inside words; the joiners stay, since scripts and emoji need them. */
const HIDDEN = /[\p{Cc}\u00ad\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu;

/**
 * A value from outside on one line, spelled as people read it: letters and digits of full width, say, are the usual ones
 * (Unicode's NFKC), since otherwise masks would not know them.
 */
export function plainValue(text: string): string {
  const short = text.slice(0, MAX_LOOKED_AT).toWellFormed();
  // NFKC makes three dots of the one that masks leave, and what is masked already must stay so.
  const plain = short.split("…").map((part) => part.normalize("NFKC"));
  return plain.join("…").replace(/\s+/g, " ").replace(HIDDEN, "").trim();
}

const EMAIL = /(?:"[^"\n…]{1,64}"|[^\s@…<>(),;]{1,64})(?:@|%40)[^\s@…<>(),;]{0,254}[\p{L}\p{N}]/gu;
const IBAN = /(?<![\p{L}\p{N}_])[A-Z]{2}\p{Nd}{2}(?:[ .-]?[A-Z\p{Nd}]){11,30}(?![\p{L}\p{N}_])/giu;
const IPV6 = /(?<![\w:])(?:[0-9a-f]{0,4}:){3,7}[0-9a-f]{0,4}(?![\w:])/giu;
/** Digits, with what people put between them when they write numbers of phones and cards. */
const NUMBER = /(?:[A-Za-z_]-?)?[+(]{0,3}\p{Nd}(?:[\s.()/\u2010-\u2013-]{0,3}\p{Nd})+/gu;

/** Whether the part of a text from one place to another may be shown as it is. */
export type MayShow = (from: number, to: number) => boolean;

/**
 * The text with everything masked that looks like an e-mail address or the number of a phone, an account, a card or an
 * IP address. `mayShow` exempts what is no value from outside.
 */
export function maskShapes(text: string, mayShow: MayShow = () => false): string {
  const found = [
    ...matches(text, EMAIL, maskEmail),
    ...matches(text, IBAN, maskIban),
    ...matches(text, IPV6, (it) => (/\p{Nd}|[a-f]/iu.test(it) ? `${it.split(":", 1)[0]}:…` : null)),
    ...matches(text, NUMBER, maskNumber),
  ].sort((a, b) => a.from - b.from || b.to - a.to);
  let told = "";
  let at = 0;
  for (const { from, to, mask } of found) {
    if (to <= at || mayShow(from, to)) continue;
    // What overlaps something that is masked already is left out whole.
    if (from < at) at = to;
    else {
      told += text.slice(at, from) + mask;
      at = to;
    }
  }
  return told + text.slice(at);
}

type Found = { readonly from: number; readonly to: number; readonly mask: string };

function matches(text: string, pattern: RegExp, mask: (found: string) => string | null): Found[] {
  return [...text.matchAll(pattern)].flatMap((match) => {
    const masked = mask(match[0]);
    return masked === null ? [] : [{ from: match.index, to: match.index + match[0].length, mask: masked }];
  });
}

/** "a…@e….com" */
function maskEmail(found: string): string {
  const at = found.search(/@|%40/);
  const local = found.slice(0, at).replace(/^[^\p{L}\p{N}]+/u, "");
  const domain = found.slice(at).replace(/^(@|%40)/, "");
  const end = /\.(\p{L}{2,10})$/u.exec(domain)?.[1];
  return `${firstOf(local)}…@${firstOf(domain)}…${end === undefined ? "" : `.${end}`}`;
}

/** "DE…00"; null where there are too few digits for an account. */
function maskIban(found: string): string | null {
  const digits = found.match(/\p{Nd}/gu) ?? [];
  return digits.length < 10 ? null : `${found.slice(0, 2)}…${digits.slice(-2).join("")}`;
}

/** "+49…12"; null for what is an amount, a date or a short number of something else. */
function maskNumber(found: string): string | null {
  // Behind a letter stand numbers of invoices and orders, which are written with dashes, too.
  const isNamed = /^[A-Za-z_]/.test(found);
  const prefix = isNamed ? (/^[A-Za-z_]-?/.exec(found)?.[0] ?? "") : "";
  const number = found.slice(prefix.length);
  const digits = number.match(/\p{Nd}/gu) ?? [];
  if (isDate(number) || /^[1-9]\d{0,8}\.\d{1,2}$/.test(number)) return null;
  const isPlus = number.includes("+");
  const isAddress = /^\d{1,3}(\.\d{1,3}){3}$/.test(number);
  const hasGaps = /[^\p{Nd}+(]/u.test(number);
  const isZero = /^[+(]*0/.test(number);
  const least = isPlus ? 6 : isNamed ? (isZero ? 9 : 10) : isZero || hasGaps ? 7 : 10;
  if (!isAddress && digits.length < least) return null;
  return `${prefix}${isPlus ? `+${digits.slice(0, 2).join("")}` : ""}…${digits.slice(-2).join("")}`;
}

/** "2026-01-31", "2026-01-31 14" (of a time), "31.1.2026", "1/31/2026". */
function isDate(number: string): boolean {
  const [, , month, day] = /^(19|20)\d{2}([-/.])(\d{1,2})\2(\d{1,2})(?: \d{1,2})?$/.exec(number)?.slice(1) ?? [];
  if (month && day) return Number(month) <= 12 && Number(day) <= 31;
  const [, one, other] = /^(\d{1,2})([-/.])(\d{1,2})\2(?:19|20)\d{2}$/.exec(number)?.filter((_, n) => n !== 2) ?? [];
  return one !== undefined && Number(one) <= 31 && Number(other) <= 31;
}

/** More words, or longer ones, are no name but something that somebody wrote. */
const MAX_NAME = { words: 4, chars: 60 };

/** What is left of a value that is personal as a whole: "J… D…", "a…@e….com", "+49…12", "H… (312 characters)". */
export function maskValue(value: string): string {
  const plain = plainValue(value);
  const shapes = maskShapes(plain);
  const words = plain.split(" ");
  if (words.length <= 1 && shapes !== plain) return shapes;
  if (/^[+(]*[\p{Nd}\s.()/-]+$/u.test(plain)) return shapes === plain ? `${firstOf(plain)}…` : shapes;
  if (words.length > MAX_NAME.words || plain.length > MAX_NAME.chars)
    return `${firstOf(plain)}… (${[...plain].length} characters)`;
  return words.map((word) => `${firstOf(word)}…`).join(" ");
}

const firstOf = (text: string) => [...text.slice(0, 8)][0] ?? "";
