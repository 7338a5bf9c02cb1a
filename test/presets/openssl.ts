/** Signs with openssl, which knows nothing of this project. */
import { execFileSync } from "node:child_process";

/** What was signed before: to start a program costs more than all else that these tests do. */
const made = new Map<string, string>();

/** The HMAC of a message, as `openssl dgst -mac HMAC` makes it (openssl-dgst(1)). */
export function opensslHmac(
  secret: string,
  message: string,
  how: { readonly algorithm?: "sha256" | "sha1"; readonly encoding?: "hex" | "base64" } = {},
): string {
  const { algorithm = "sha256", encoding = "hex" } = how;
  const asked = JSON.stringify([secret, message, algorithm, encoding]);
  const known = made.get(asked);
  if (known !== undefined) return known;
  const key = `hexkey:${Buffer.from(secret).toString("hex")}`;
  const args = ["dgst", `-${algorithm}`, "-mac", "HMAC", "-macopt", key, "-binary"];
  const signature = execFileSync("openssl", args, { input: message }).toString(encoding);
  made.set(asked, signature);
  return signature;
}
