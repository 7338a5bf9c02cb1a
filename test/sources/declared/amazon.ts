/** A small Amazon for the tests: its own RSA key and certificate, and a server that hands out what it is told to. */
import { execFileSync } from "node:child_process";
import { createSign, generateKeyPairSync, type KeyObject } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const TOPIC = "arn:aws:sns:us-east-2:295079676684:alarms";
export const CERTIFICATE_PATH = "/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem";

const newKey = () => generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;

/** A self-signed certificate of this name for the key, made by openssl. Valid for a day from now. */
export function makeCertificate(
  name: string,
  privateKey: KeyObject = newKey(),
): { readonly key: KeyObject; readonly certificate: string } {
  const folder = mkdtempSync(join(tmpdir(), "slipway-sns-"));
  try {
    const [key, certificate] = [join(folder, "key.pem"), join(folder, "cert.pem")];
    writeFileSync(key, privateKey.export({ format: "pem", type: "pkcs8" }), { mode: 0o600 });
    execFileSync("openssl", ["req", "-x509", "-days", "1", "-subj", `/CN=${name}`, "-key", key, "-out", certificate]);
    return { key: privateKey, certificate: readFileSync(certificate, "utf8") };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

type Fields = Readonly<Record<string, string>>;

/** A message as SNS words it, signed by the sorted list of its keys that Amazon's documentation has. */
export function signMessage(key: KeyObject, fields: Fields, version: "1" | "2" = "2"): Record<string, string> {
  const names =
    fields.Type === "Notification"
      ? ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"]
      : ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"];
  const text = names
    .filter((name) => fields[name] !== undefined)
    .map((name) => `${name}\n${fields[name]}\n`)
    .join("");
  const signature = createSign(version === "1" ? "RSA-SHA1" : "RSA-SHA256")
    .update(text)
    .sign(key, "base64");
  return { ...fields, SignatureVersion: version, Signature: signature };
}

export type Amazon = {
  readonly origin: string;
  /** The paths that were asked for. */
  readonly asked: readonly string[];
  /** Fetches from here what is asked of any host, over a real socket. */
  readonly fetch: typeof globalThis.fetch;
  close(): Promise<void>;
};

export async function startAmazon(handle: RequestListener): Promise<Amazon> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? "");
    handle(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    origin,
    asked,
    fetch: (input, init) => {
      const { pathname, search } = new URL(String(input));
      return fetch(`${origin}${pathname}${search}`, init);
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
