/** The version of this Slipway. */
import { readFileSync } from "node:fs";

/** As package.json says, which lies above src/ and above dist/ alike. */
export function slipwayVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
    version: string;
  };
  return version;
}
