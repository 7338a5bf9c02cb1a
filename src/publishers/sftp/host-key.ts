/** Decides whether a host is the one that is meant, by the key it shows (RFC 4253 section 8). */
import { createHash } from "node:crypto";
import type { ServerHostKeyAlgorithm } from "ssh2";
import { OperatorError } from "../../errors.ts";
import { operatorKey, settingWith } from "../operator-key.ts";
import type { SftpTarget } from "../publisher.ts";

export type HostTrust = {
  /** Undefined when the host may be trusted. A key that is not `expected` may be one of several the host has. */
  judge(key: Buffer): OperatorError | undefined;
  /** The fingerprint that has to be shown; null when the first one is taken. */
  expected(): string | null;
  /** The fingerprint of the host that was trusted last. */
  trusted(): string | null;
};

/** `remembered` is the key of an earlier session, which then was trusted. */
export function createHostTrust(target: SftpTarget, remembered: string | null): HostTrust {
  let trusted: string | null = null;
  const expected = () => target.hostKey ?? remembered ?? trusted;
  return {
    expected,
    trusted: () => trusted,
    judge(key) {
      const shown = fingerprint(key);
      const wanted = expected();
      if (wanted === null && !target.acceptNewHostKey) return unknownHost(target, shown);
      if (wanted !== null && withoutPadding(wanted) !== shown) return changedHost(target, wanted, shown);
      trusted = shown;
      return undefined;
    },
  };
}

/** As `ssh-keygen -l` prints it: base64 without padding. */
function fingerprint(key: Buffer): string {
  return `SHA256:${withoutPadding(createHash("sha256").update(key).digest("base64"))}`;
}

function withoutPadding(text: string): string {
  return text.replace(/=+$/, "");
}

function unknownHost(target: SftpTarget, shown: string): OperatorError {
  return new OperatorError(
    operatorKey(target, "hostKey"),
    `the key of ${target.host} is not known. It shows ${shown}. If that is what the hosting company publishes, ` +
      `or what ssh-keygen -l prints on the host, write ${settingWith(target, "hostKey", shown)}`,
  );
}

function changedHost(target: SftpTarget, wanted: string, shown: string): OperatorError {
  return new OperatorError(
    operatorKey(target, "hostKey"),
    `${target.host} shows the key ${shown}, not ${wanted}${target.hostKey === null ? " as it did before" : ""}. ` +
      "Either the host was replaced, or someone is in between and reads along. Nothing was sent. " +
      `Ask the hosting company; if the new key is theirs, write ${settingWith(target, "hostKey", shown)}`,
  );
}

/** The kinds of keys a host may have, and the algorithms to ask for each (RFC 8709, RFC 5656, RFC 8332). */
const KINDS: ReadonlyArray<readonly ServerHostKeyAlgorithm[]> = [
  ["ssh-ed25519"],
  ["ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"],
  ["rsa-sha2-512", "rsa-sha2-256", "ssh-rsa"],
];

/** The algorithms to ask for, one kind at a time, to see a host's other keys than this one. */
export function algorithmsOfOtherKeys(key: Buffer): ReadonlyArray<readonly ServerHostKeyAlgorithm[]> {
  // A key begins with its type as a string: four bytes of length, then the name (RFC 4253 section 6.6).
  const type = key.subarray(4, 4 + key.readUInt32BE(0)).toString("latin1");
  return KINDS.filter((kind) => !kind.some((name) => name === type));
}
