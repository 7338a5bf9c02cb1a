/** Signs with the program openssl: nothing of it was written here. */
import { execFileSync } from "node:child_process";

/** The HMAC-SHA256 of the body, in hex. */
export function hmacHex(secret: string, message: string): string {
  const key = `hexkey:${Buffer.from(secret).toString("hex")}`;
  const output = execFileSync("openssl", ["dgst", "-sha256", "-mac", "HMAC", "-macopt", key, "-hex"], {
    input: message,
    encoding: "utf8",
  });
  // "SHA2-256(stdin)= 757107…"
  return output.trim().split(" ").at(-1) ?? "";
}
