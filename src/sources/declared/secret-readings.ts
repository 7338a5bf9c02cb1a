/** The ways in which a secret may have been meant: pasted with spaces or quotes, written as text, base64 or hex. */
import type { KeyObject } from "node:crypto";
import type { HmacVerification } from "../../config/source-definition.ts";
import { type ActiveSecret, isAccepted } from "../../secrets/secret-list.ts";
import { finding, type Reading } from "./finding.ts";
import { decodeKey, type KeyForm, readKey } from "./verification-key.ts";

const FORMS: readonly KeyForm[] = ["utf8", "base64", "hex", "whsec"];
const NAMES = { utf8: "text", base64: "base64", hex: "hex", whsec: "base64 after whsec_" } as const;

/** The texts that a secret may stand for. */
export function secretTexts(active: ActiveSecret, nowMs: number): Reading<string>[] {
  const { name } = active;
  const text = active.secret.reveal();
  const isOver = !isAccepted(active, nowMs);
  const old = isOver
    ? [
        finding(
          "old-secret",
          `It fits ${name}, which is accepted no more. Give the sender the new secret, or move the end of ${name} (until).`,
        ),
      ]
    : [];
  const trimmed = text.trim();
  const unquoted = trimmed.replace(/^(["'`])(.*)\1$/s, "$2");
  const readings: Reading<string>[] = [
    { value: text, findings: old },
    {
      value: trimmed,
      findings: [
        ...old,
        finding(
          "secret-trimmed",
          `It fits ${name} without the space or line break around it. Remove those from the value.`,
        ),
      ],
    },
    {
      value: unquoted,
      findings: [
        ...old,
        finding("secret-quotes", `It fits ${name} without the quotes around it. Remove those from the value.`),
      ],
    },
    {
      value: `${text}\n`,
      findings: [
        ...old,
        finding(
          "secret-newline",
          `It fits ${name} with a line break at its end. The sender was given the secret with one: set it there again, without.`,
        ),
      ],
    },
  ];
  return readings.filter(({ value }, at) => value !== "" && readings.findIndex((it) => it.value === value) === at);
}

/** The keys that a secret may stand for. */
export function secretKeys(
  active: ActiveSecret,
  hmac: Pick<HmacVerification, "algorithm" | "key">,
  nowMs: number,
): Reading<KeyObject>[] {
  const seen = new Set<string>();
  return secretTexts(active, nowMs).flatMap((text) =>
    [hmac.key, ...FORMS.filter((form) => form !== hmac.key)].flatMap((form): Reading<KeyObject>[] => {
      const key = readKey(text.value, { ...hmac, key: form });
      const id = decodeKey(text.value, form)?.toString("hex") ?? text.value;
      if (!key || seen.has(id)) return [];
      seen.add(id);
      const other = finding(
        "secret-form",
        `It fits ${active.name} read as ${NAMES[form]}, and it is read as ${NAMES[hmac.key]}. Set key: ${form}, or write the value in the form that is expected.`,
      );
      return [{ value: key, findings: form === hmac.key ? text.findings : [...text.findings, other] }];
    }),
  );
}
