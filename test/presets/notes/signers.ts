/** Signers that were not written here: openssl, and the packages stripe and jose. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { SignJWT } from "jose";
import Stripe from "stripe";

/** HMAC-SHA256 as `openssl dgst` makes it. */
export function openssl(secret: string, signed: string, encoding: "hex" | "base64"): string {
  return execFileSync("openssl", ["dgst", "-sha256", "-hmac", secret, "-binary"], { input: signed }).toString(encoding);
}

/** The header `Stripe-Signature`. */
export function stripeSignature(secret: string, payload: string, nowMs: number): string {
  return Stripe.webhooks.generateTestHeaderString({ payload, secret, timestamp: Math.floor(nowMs / 1000) });
}

/** Netlify's JWS: https://docs.netlify.com/deploy/deploy-notifications/#payload-signature */
export function netlifySignature(secret: string, body: string): Promise<string> {
  const claims = { sha256: createHash("sha256").update(body).digest("hex") };
  const key = new TextEncoder().encode(secret);
  return new SignJWT(claims).setProtectedHeader({ alg: "HS256", typ: "JWT" }).setIssuer("netlify").sign(key);
}
