/** Keys that open one deployment's transcript for a while: an expiring HMAC of its id, in the link itself. */
import { createHmac, timingSafeEqual } from "node:crypto";
import type { Secret } from "./secret.ts";

/** GitHub and Slack keep the links; a month is as long as anybody looks back. */
const VALID_MS = 30 * 24 * 3_600_000;

export type LogKeys = {
  /** The key for a deployment, good for 30 days from `nowMs`, rounded up to a day so that links stay the same. */
  sign(deploymentId: string, nowMs: number): string;
  check(deploymentId: string, key: string, nowMs: number): boolean;
};

/** Keys derived from `secrets`: the first one signs, all are accepted, so that rotating breaks no link. */
export function createLogKeys(secrets: readonly Secret[]): LogKeys {
  // Derived, so that a link tells nothing about the secret that signs webhooks.
  const keys = secrets.map((secret) =>
    createHmac("sha256", secret.reveal()).update("slipway transcript links").digest(),
  );
  const mac = (key: Buffer, id: string, expires: string) =>
    createHmac("sha256", key).update(`${id}\n${expires}`).digest().subarray(0, 16);

  return {
    sign(deploymentId, nowMs) {
      const day = 24 * 3_600_000;
      const expires = String(Math.ceil((nowMs + VALID_MS) / day) * day);
      const [key] = keys;
      if (!key) throw new Error("no secret to sign with");
      return `${expires}.${mac(key, deploymentId, expires).toString("hex")}`;
    },
    check(deploymentId, key, nowMs) {
      const match = /^(\d{1,15})\.([0-9a-f]{32})$/.exec(key);
      if (!match?.[1] || !match[2] || Number(match[1]) < nowMs) return false;
      const given = Buffer.from(match[2], "hex");
      const expires = match[1];
      return keys.map((it) => timingSafeEqual(mac(it, deploymentId, expires), given)).includes(true);
    },
  };
}
