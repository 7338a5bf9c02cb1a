/** Why a signature by Contentful's, Netlify's or Amazon's own rules does not fit. */
import { hash } from "node:crypto";
import { RetryLaterError } from "../../errors.ts";
import { headerOf } from "../../model/received.ts";
import { bodyReadings } from "./body-readings.ts";
import { type ExplainInput, noSecret, nothingFits } from "./explain-hmac.ts";
import { explainHeader, explainTime, finding, type SignatureFinding } from "./finding.ts";
import { secretKeys } from "./secret-readings.ts";
import { decodeSignature } from "./signature-header.ts";
import { type Readings, searchReading } from "./signing-search.ts";
import type { SnsCertificates } from "./sns-certificates.ts";
import { contradictingHeaders, readSnsMessage } from "./sns-message.ts";
import { CONTENTFUL_HEADERS, canonicalHead } from "./verify-contentful.ts";
import { isPinned, NETLIFY_HEADER, readJws } from "./verify-netlify.ts";
import { isSnsSignature } from "./verify-sns.ts";

const SHA256: Readings["algorithms"] = [{ value: "sha256", findings: [] }];
const keysOf = ({ secrets, nowMs }: ExplainInput) =>
  secrets.flatMap((active) => secretKeys(active, { algorithm: "sha256", key: "utf8" }, nowMs));
const isWithoutSecret = ({ secrets }: ExplainInput) => secrets.every(({ secret }) => secret.reveal() === "");

export async function explainContentful(
  { tolerance }: { readonly tolerance: number },
  input: ExplainInput,
): Promise<SignatureFinding[]> {
  const { received, payload, nowMs, field } = input;
  const problem = CONTENTFUL_HEADERS.map((name) => explainHeader(received, name)).find((it) => it !== null);
  if (problem) return [problem];
  if (isWithoutSecret(input)) return [noSecret];
  const [signatureHeader, , timeHeader] = CONTENTFUL_HEADERS;
  const time = explainTime(headerOf(received, timeHeader) ?? "", "ms", tolerance, nowMs);
  const signature = decodeSignature(headerOf(received, signatureHeader) ?? "", "hex", 32);
  if (!signature)
    return [finding("form", `The header ${signatureHeader} is no SHA-256 in hex. Compare with what the sender sends.`)];
  const found = await searchReading({
    keys: keysOf(input),
    algorithms: SHA256,
    messages: pathReadings(input),
    bodies: await bodyReadings(received, payload, field),
    signatures: [{ value: signature, findings: [] }],
  });
  return [...(time ? [time] : []), ...(found ?? [nothingFits(received)])];
}

/** The path is signed as well: proxies like to cut it. */
function pathReadings({ received }: ExplainInput): Readings["messages"] {
  const { target } = received;
  const path = target.split("?")[0] ?? "";
  const rest = target.slice(path.length);
  const targets = [
    target,
    path.endsWith("/") ? path.slice(0, -1) + rest : `${path}/${rest}`,
    path,
    decodeURISafely(target),
  ];
  return [...new Set(targets)].flatMap((it) => {
    const head = canonicalHead({ ...received, target: it });
    const other = finding(
      "path-changed",
      "It fits another path or query than the one that arrived, and both are signed. Let the proxy hand the address on as it is, and write it at the sender as it arrives.",
    );
    return head === null ? [] : [{ value: (body: Buffer) => [head, body], findings: it === target ? [] : [other] }];
  });
}

function decodeURISafely(text: string): string {
  try {
    return decodeURI(text);
  } catch {
    return text;
  }
}

export async function explainNetlify(input: ExplainInput): Promise<SignatureFinding[]> {
  const { received, payload, nowMs, field } = input;
  const problem = explainHeader(received, NETLIFY_HEADER);
  if (problem) return [problem];
  if (isWithoutSecret(input)) return [noSecret];
  const jws = readJws(headerOf(received, NETLIFY_HEADER) ?? "");
  if (!jws)
    return [
      finding("form", `The header ${NETLIFY_HEADER} is no token signed by HS256. Compare with what the sender sends.`),
    ];
  if (!isPinned(jws.header))
    return [finding("algorithm", "The token says another algorithm than HS256, which Netlify signs with.")];
  const found = await searchReading({
    keys: keysOf(input),
    algorithms: SHA256,
    messages: [{ value: () => [jws.signed], findings: [] }],
    bodies: [{ value: received.body, findings: [] }],
    signatures: [{ value: jws.signature, findings: [] }],
  });
  if (!found) return [nothingFits(received)];
  const { iss, sha256, exp } = jws.claims;
  const findings = [...found];
  if (iss !== "netlify")
    findings.push(
      finding("claims", "The token does not say that it is Netlify's (iss). Only Netlify's own are taken."),
    );
  if (typeof exp === "number" && exp * 1000 <= nowMs)
    findings.push(
      finding(
        "clock",
        "The token's end (exp) is over. It was sent again or held up on its way, or one of the clocks is wrong.",
      ),
    );
  const bodies = await bodyReadings(received, payload, field);
  const body = bodies.find(({ value }) => hash("sha256", value, "hex") === sha256);
  return [
    ...findings,
    ...(body?.findings ?? [
      finding(
        "body-changed",
        "The token is signed with this secret, for another body. Something between the sender and Slipway has changed it.",
      ),
    ]),
  ];
}

export async function explainSns(
  { topics }: { readonly topics: readonly string[] },
  input: ExplainInput,
  certificates: SnsCertificates,
): Promise<SignatureFinding[]> {
  const { received, payload } = input;
  if (received.headers["x-amz-sns-rawdelivery"]) {
    return [
      finding(
        "sns-raw",
        "The subscription uses raw message delivery, which is not signed. Switch that off in Amazon SNS.",
      ),
    ];
  }
  const message = readSnsMessage(payload.json);
  if (!message)
    return [
      finding(
        "sns-message",
        "It is no message of Amazon SNS with a signature of version 1 or 2. Compare with what the sender sends.",
      ),
    ];
  if (!topics.includes(message.topic)) {
    const topic = /^arn:[\w-]+:sns:[\w:.-]{1,300}$/.test(message.topic) ? message.topic : "something that is no topic";
    return [finding("sns-topic", `It is of ${topic}, which is not among topics. Add it there if it is yours.`)];
  }
  const headers = contradictingHeaders(received, message);
  if (headers.length > 0)
    return [
      finding(
        "sns-headers",
        `Its headers ${headers.join(", ")} say something else than the signed message. Something between Amazon and Slipway has changed it.`,
      ),
    ];
  return explainCertificate(message, certificates);
}

async function explainCertificate(
  message: NonNullable<ReturnType<typeof readSnsMessage>>,
  certificates: SnsCertificates,
): Promise<SignatureFinding[]> {
  try {
    const key = await certificates.keyAt(message.certificateUrl);
    if (!key)
      return [
        finding(
          "sns-certificate",
          "Its certificate is not at an address of Amazon SNS, is not Amazon's, or is not valid now. It was not signed by Amazon, or this machine's clock is wrong.",
        ),
      ];
    return isSnsSignature(message, key)
      ? []
      : [
          finding(
            "nothing-fits",
            "Amazon has not signed this message as it arrived. Something between Amazon and Slipway has changed it, or somebody else has sent it.",
          ),
        ];
  } catch (error) {
    if (!(error instanceof RetryLaterError)) throw error;
    return [
      finding(
        "sns-certificate",
        "Its certificate could not be fetched from Amazon. Let this machine reach https://sns.<region>.amazonaws.com.",
      ),
    ];
  }
}
