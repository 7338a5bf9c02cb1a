/** Why a token that was sent does not fit. */
import type { TokenVerification } from "../../config/source-definition.ts";
import { extract, printExtractor } from "../../model/extractor.ts";
import type { ExplainInput } from "./explain-hmac.ts";
import { noSecret } from "./explain-hmac.ts";
import { explainHeader, finding, type Reading, type SignatureFinding } from "./finding.ts";
import { secretTexts } from "./secret-readings.ts";

/** Longer than any token. In characters. */
const MAX_TOKEN = 8192;

export function explainToken({ in: place, scheme }: TokenVerification, input: ExplainInput): SignatureFinding[] {
  const { received, payload, secrets, nowMs } = input;
  const text = extract(place, received, payload);
  if (text === null) {
    const problem = place.from === "header" ? explainHeader(received, place.name) : null;
    return [
      problem ??
        finding(
          "header-missing",
          `There is no token at ${printExtractor(place)}, or more than one. Compare with what the sender sends, and set token.in to where it stands.`,
        ),
    ];
  }
  if (secrets.every(({ secret }) => secret.reveal() === "")) return [noSecret];
  const expected = secrets.flatMap((active) => secretTexts(active, nowMs)).flatMap(withoutScheme);
  const given = tokenReadings(text.slice(0, MAX_TOKEN), scheme);
  const pairs = given.flatMap((one) =>
    expected.map((other) => ({ isEqual: one.value === other.value, findings: [...one.findings, ...other.findings] })),
  );
  const found = pairs
    .filter(({ isEqual }) => isEqual)
    .sort((one, other) => one.findings.length - other.findings.length)[0];
  return found ? [...found.findings] : [explainForm(text, scheme) ?? otherToken];
}

const otherToken = finding(
  "nothing-fits",
  "A token came, and it is another one than any secret of this source. Copy it from Slipway's side to the sender once more.",
);

/** A secret may have been written with the word that stands before it in the header. */
function withoutScheme(reading: Reading<string>): Reading<string>[] {
  const bare = reading.value.replace(/^(bearer|basic|token) +/i, "");
  if (bare === reading.value) return [reading];
  const note = finding(
    "token-form",
    "It fits the secret without the word before it (Bearer). Remove that from the value of the secret.",
  );
  return [reading, { value: bare, findings: [...reading.findings, note] }];
}

/** What the text that came may stand for. */
function tokenReadings(text: string, scheme: TokenVerification["scheme"]): Reading<string>[] {
  const words = /^((?:(?:bearer|basic|token) +)*)(.*)$/is.exec(text.trim());
  const [said, rest = ""] = [words?.[1]?.toLowerCase().split(/ +/).filter(Boolean) ?? [], words?.[2]];
  const isAsExpected = scheme === undefined ? said.length === 0 : said.length === 1 && said[0] === scheme;
  const form = isAsExpected ? [] : [explainScheme(said, scheme)];
  const isBasic = scheme === "basic" || said.at(-1) === "basic";
  const read = isBasic ? [decodeBase64(rest), rest] : [rest, decodeBase64(rest)];
  const bare = read.flatMap((value, at): Reading<string>[] => {
    const note = finding(
      "token-form",
      isBasic
        ? "The token came as plain text, and base64 of user:password is expected (RFC 7617)."
        : "The token came as base64, and is expected as it is.",
    );
    return value === null ? [] : [{ value, findings: at === 0 ? form : [...form, note] }];
  });
  return bare.flatMap(({ value, findings }) => [
    { value, findings: scheme === undefined && text !== text.trim() ? [...findings, spaced] : findings },
    { value: value.trim(), findings: [...findings, spaced] },
    {
      value: value.replace(/^(["'`])(.*)\1$/s, "$2"),
      findings: [...findings, finding("token-form", "The token came in quotes. Remove them at the sender.")],
    },
    {
      value: decodeUrl(value),
      findings: [
        ...findings,
        finding(
          "token-url-encoded",
          "The token came URL-encoded. Write it as it is at the sender, or use one of letters and digits alone.",
        ),
      ],
    },
  ]);
}

const spaced = finding(
  "token-form",
  "The token came with a space or line break around it. Remove those at the sender.",
);

function explainScheme(said: readonly string[], scheme: TokenVerification["scheme"]): SignatureFinding {
  const word = scheme === "bearer" ? "Bearer" : "Basic";
  if (scheme === undefined)
    return finding(
      "token-form",
      `Before the token stands ${said[0]}, and the token alone is expected. Set scheme: ${said[0] === "basic" ? "basic" : "bearer"}.`,
    );
  if (said.length === 0)
    return finding(
      "token-form",
      `Before the token the word ${word} is missing. Let the sender write it, or remove scheme.`,
    );
  if (said.length > 1)
    return finding(
      "token-form",
      `Before the token ${word} stands ${said.length} times. The sender adds it itself: give it the token alone.`,
    );
  return finding(
    "token-form",
    `Before the token stands ${said[0]}, and ${word} is expected. Set scheme to what the sender sends.`,
  );
}

/** What is plainly wrong with the form, whatever the token is. */
function explainForm(text: string, scheme: TokenVerification["scheme"]): SignatureFinding | null {
  const said = /^(bearer|basic|token) /i.exec(text.trim())?.[1]?.toLowerCase();
  return scheme !== undefined && said !== scheme ? explainScheme(said ? [said] : [], scheme) : null;
}

function decodeBase64(text: string): string | null {
  return /^[A-Za-z0-9+/]{4,}={0,2}$/.test(text) ? Buffer.from(text, "base64").toString("utf8") : null;
}

function decodeUrl(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
