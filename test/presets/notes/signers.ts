/** Signers that were not written here: the packages stripe and jose. */
import { createHash } from "node:crypto";
import { SignJWT } from "jose";
import Stripe from "stripe";

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
