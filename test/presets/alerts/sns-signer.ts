/**
 * Signs messages as Amazon SNS does, with keys of its own: RSA and SHA-256 by the program openssl, SignatureVersion 2.
 * https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Where a receiver has to fetch the certificate; nothing of Amazon's is asked in tests. */
export const SNS_CERTIFICATE_URL =
  "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem";
export const SNS_TOPIC = "arn:aws:sns:us-east-1:123456789012:alarms";

export type SnsKey = { readonly key: string; readonly certificate: string };

/** `own` has the certificate that is published at SNS_CERTIFICATE_URL; `other` is somebody else's. */
export type SnsKeyName = "own" | "other";

const keys = new Map<SnsKeyName, SnsKey>();

/** Made when it is first asked for, in PEM. */
export function snsKey(name: SnsKeyName): SnsKey {
  const made = keys.get(name) ?? makeKey();
  keys.set(name, made);
  return made;
}

function makeKey(): SnsKey {
  const folder = mkdtempSync(join(tmpdir(), "slipway-sns-"));
  try {
    const [key, certificate] = [join(folder, "key.pem"), join(folder, "certificate.pem")];
    const subject = ["-subj", "/CN=sns.amazonaws.com", "-days", "30"];
    execFileSync(
      "openssl",
      ["req", "-x509", "-newkey", "rsa:2048", "-noenc", ...subject, "-keyout", key, "-out", certificate],
      { stdio: "ignore" },
    );
    return { key: readFileSync(key, "utf8"), certificate: readFileSync(certificate, "utf8") };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The fields that are signed, in this order, where the message has them. */
const SIGNED = {
  Notification: ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"],
  SubscriptionConfirmation: ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"],
  UnsubscribeConfirmation: ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"],
} as const;

export type SnsMessage = { readonly Type: keyof typeof SIGNED } & Readonly<Record<string, string>>;

/** The message with its signature, as JSON. */
export function signSns(message: SnsMessage, name: SnsKeyName = "own"): string {
  const folder = mkdtempSync(join(tmpdir(), "slipway-sns-"));
  try {
    const text = SIGNED[message.Type]
      .flatMap((field) => (message[field] === undefined ? [] : [`${field}\n${message[field]}\n`]))
      .join("");
    const key = join(folder, "key.pem");
    writeFileSync(key, snsKey(name).key, { mode: 0o600 });
    const signature = execFileSync("openssl", ["dgst", "-sha256", "-sign", key], { input: text });
    return JSON.stringify({
      ...message,
      SignatureVersion: "2",
      Signature: signature.toString("base64"),
      SigningCertURL: SNS_CERTIFICATE_URL,
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
