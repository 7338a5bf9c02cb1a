/** How to name a setting of an FTP target in errors: the keys of slipway.yaml, or the options of the command line. */
import { operatorKey } from "../operator-key.ts";
import type { FtpTarget } from "../publisher.ts";

/** The key of a target that was given on the command line. */
const COMMAND_LINE = "--to";

/** The key that an error belongs to: "sites.shop.publish", or "--to". */
export function keyOf(target: FtpTarget, setting: "publish" | "password"): string {
  return operatorKey(target, setting);
}

/** A setting with a value, as it is to be written: "`fingerprint: ab12`", or "`--fingerprint ab12`". */
export function written({ key }: FtpTarget, setting: "ca" | "fingerprint" | "plain", value: string): string {
  if (key !== COMMAND_LINE) return `\`${setting}: ${value}\``;
  return setting === "plain" ? "`--plain`" : `\`--${setting} ${value}\``;
}
