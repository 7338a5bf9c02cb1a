/** The version of this Slipway. */
import { readFileSync } from "node:fs";
import { ownFile } from "./own-file.ts";

/** As package.json says, which lies above src/ and above dist/ alike. */
export function slipwayVersion(): string {
  const { version } = JSON.parse(readFileSync(ownFile("../package.json"), "utf8")) as {
    version: string;
  };
  return version;
}
