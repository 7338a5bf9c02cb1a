/** How errors name the setting that an operator has to change. */
import type { Target } from "./publisher.ts";

/** The key of a target that was given on the command line. */
const COMMAND_LINE = "--to";

/** What takes the place of a site's keys there. */
const ON_COMMAND_LINE = {
  publish: "--to",
  password: "SLIPWAY_PASSWORD",
  privateKey: "--key",
  passphrase: "SLIPWAY_KEY_PASSPHRASE",
  agent: "SSH_AUTH_SOCK",
  hostKey: "--host-key",
} as const;

export function operatorKey({ key }: Target, setting: keyof typeof ON_COMMAND_LINE): string {
  return key === COMMAND_LINE ? ON_COMMAND_LINE[setting] : `${key}.${setting}`;
}

/** The setting with a value, as the operator writes it: "`hostKey: SHA256:…`". */
export function settingWith(target: Target, setting: keyof typeof ON_COMMAND_LINE, value: string): string {
  return target.key === COMMAND_LINE ? `\`${ON_COMMAND_LINE[setting]} ${value}\`` : `\`${setting}: ${value}\``;
}
