/** Reads the private key of a target, in any form that a key has in its file. */
import { createPrivateKey, type KeyObject } from "node:crypto";
import type { ParsedKey } from "ssh2";
import { OperatorError } from "../../errors.ts";
import { operatorKey } from "../operator-key.ts";
import type { SftpTarget } from "../publisher.ts";

/** The library, which is loaded when a target needs it. */
export type Ssh2 = typeof import("ssh2");

/**
 * Takes OpenSSH's and PuTTY's forms and PEM: PKCS #1, SEC 1, and PKCS #8, in which OpenSSL writes every key (RFC 5208).
 * Throws OperatorError when it cannot be read, naming the setting.
 */
export function readPrivateKey(ssh2: Ssh2, target: SftpTarget, text: string): ParsedKey {
  const passphrase = target.passphrase ?? undefined;
  // ssh2 wants no empty line at the end, which every key file has.
  const key = parsed(ssh2, text.trim(), passphrase) ?? parsed(ssh2, fromPkcs8(text, passphrase), undefined);
  if (key !== undefined) return key;
  if (!isEncrypted(text)) {
    throw new OperatorError(
      operatorKey(target, "privateKey"),
      "is no private key that can be read. It has to be RSA, ECDSA or Ed25519, in OpenSSH's form or in PEM; " +
        "ssh-keygen -p -f FILE rewrites others",
    );
  }
  throw new OperatorError(
    operatorKey(target, "passphrase"),
    target.passphrase === null ? "is missing; the private key is encrypted" : "does not open the private key",
  );
}

function parsed(ssh2: Ssh2, text: string | undefined, passphrase: string | undefined): ParsedKey | undefined {
  if (text === undefined) return undefined;
  const read = ssh2.utils.parseKey(text, passphrase);
  const key = Array.isArray(read) ? read[0] : read;
  return key !== undefined && !(key instanceof Error) && key.isPrivateKey() ? key : undefined;
}

/** ssh2 does not read PKCS #8, so such a key is written in a form that it does; undefined for any other key. */
function fromPkcs8(text: string, passphrase: string | undefined): string | undefined {
  if (!/-----BEGIN (ENCRYPTED )?PRIVATE KEY-----/.test(text)) return undefined;
  let key: KeyObject;
  try {
    key = createPrivateKey({ key: text, ...(passphrase !== undefined && { passphrase }) });
  } catch {
    return undefined;
  }
  if (key.asymmetricKeyType === "rsa") return key.export({ type: "pkcs1", format: "pem" }).toString();
  if (key.asymmetricKeyType === "ec") return key.export({ type: "sec1", format: "pem" }).toString();
  return key.asymmetricKeyType === "ed25519" ? ed25519InOpensshForm(key) : undefined;
}

/** As OpenSSH's PROTOCOL.key says: one key, not encrypted, with two equal numbers and padding to eight bytes. */
function ed25519InOpensshForm(key: KeyObject): string {
  const { x = "", d = "" } = key.export({ format: "jwk" });
  const [publicKey, seed] = [x, d].map((part) => Buffer.from(part, "base64url")) as [Buffer, Buffer];
  const type = lengthFirst("ssh-ed25519");
  const shown = Buffer.concat([type, lengthFirst(publicKey)]);
  const own = Buffer.concat([
    ...[Buffer.alloc(8), type, lengthFirst(publicKey), lengthFirst(Buffer.concat([seed, publicKey]))],
    lengthFirst(""),
  ]);
  const padding = Buffer.from(Array.from({ length: (8 - (own.length % 8)) % 8 }, (_, index) => index + 1));
  const bytes = Buffer.concat([
    ...[Buffer.from("openssh-key-v1\0"), lengthFirst("none"), lengthFirst("none"), lengthFirst("")],
    ...[uint32(1), lengthFirst(shown), lengthFirst(Buffer.concat([own, padding]))],
  ]);
  const lines = bytes.toString("base64").replace(/(.{70})(?=.)/g, "$1\n");
  return `-----BEGIN OPENSSH PRIVATE KEY-----\n${lines}\n-----END OPENSSH PRIVATE KEY-----`;
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** A string of RFC 4251 section 5. */
function lengthFirst(content: Buffer | string): Buffer {
  const bytes = Buffer.from(content);
  return Buffer.concat([uint32(bytes.length), bytes]);
}

/** OpenSSH's form names the cipher behind a fixed start (PROTOCOL.key); PEM and PuTTY's form have a line for it. */
function isEncrypted(text: string): boolean {
  const body = /BEGIN OPENSSH PRIVATE KEY-----([A-Za-z0-9+/=\s]+)-----END/.exec(text)?.[1];
  if (body === undefined)
    return /^Proc-Type: 4,ENCRYPTED|BEGIN ENCRYPTED PRIVATE KEY|^Encryption: (?!none)/m.test(text);
  const start = Buffer.from("openssh-key-v1\0");
  const bytes = Buffer.from(body, "base64");
  const cipher = bytes.subarray(start.length + 4, start.length + 8).toString("latin1");
  return bytes.subarray(0, start.length).equals(start) && cipher !== "none";
}
