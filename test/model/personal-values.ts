/** Addresses and numbers of people, in the ways they are written, and whether a text still holds them. */
import fc from "fast-check";

const digits = (length: number) =>
  fc.string({ unit: fc.constantFrom(..."0123456789"), minLength: length, maxLength: length });

const email = fc.emailAddress({ size: "small" });

/** ITU-T E.123 and what people make of it. */
const phone = fc
  .tuple(
    fc.constantFrom("+49 ", "+1-", "+44 (0)", "0049 ", "0", "(030) ", "+420"),
    fc.array(digits(3), { minLength: 2, maxLength: 4 }),
    fc.constantFrom(" ", "-", ".", "/", "", " - "),
    digits(2),
  )
  .map(([prefix, groups, gap, end]) => `${prefix}${groups.join(gap)}${gap}${end}`);

/** ISO 13616: the shapes of some countries, with any digits. */
const iban = fc
  .tuple(
    fc.constantFrom("DE", "FR", "NL", "ES", "gb"),
    digits(2),
    fc.array(digits(4), { minLength: 3, maxLength: 5 }),
    digits(2),
  )
  .chain(([country, check, groups, end]) =>
    fc.constantFrom("", " ").map((gap) => [`${country}${check}`, ...groups, end].join(gap)),
  );

/** ISO/IEC 7812: 13 to 19 digits. */
const card = fc
  .tuple(fc.array(digits(4), { minLength: 3, maxLength: 4 }), digits(3), fc.constantFrom("", " ", "-"))
  .map(([groups, end, gap]) => [...groups, end].join(gap));

export const personalValue = fc.oneof(
  email.map((value) => ({ kind: "email" as const, value })),
  phone.map((value) => ({ kind: "number" as const, value })),
  iban.map((value) => ({ kind: "number" as const, value })),
  card.map((value) => ({ kind: "number" as const, value })),
);
export type PersonalValue = { readonly kind: "email" | "number"; readonly value: string };

/** Whether the value can still be read there: as it is, or its digits one after the other with only gaps between them. */
export function holds(text: string, { kind, value }: PersonalValue): boolean {
  if (kind === "email") return text.toLowerCase().includes(value.toLowerCase());
  const number = value.replace(/[^0-9]/g, "");
  return text.replace(/[\s()./+-]/g, "").includes(number);
}
