/** Signs with openssl, which knows nothing of this project. */
import { execFileSync } from "node:child_process";

/** The HMAC of a message, as `openssl dgst -mac HMAC` makes it (openssl-dgst(1)). */
export function opensslHmac(
  secret: string,
  message: string,
  how: { readonly algorithm?: "sha256" | "sha1"; readonly encoding?: "hex" | "base64" } = {},
): string {
  const { algorithm = "sha256", encoding = "hex" } = how;
  const key = `hexkey:${Buffer.from(secret).toString("hex")}`;
  const args = ["dgst", `-${algorithm}`, "-mac", "HMAC", "-macopt", key, "-binary"];
  return execFileSync("openssl", args, { input: message }).toString(encoding);
}
