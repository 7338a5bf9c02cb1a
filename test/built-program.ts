/** Slipway as its users run it, made once before all tests. */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const at = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));

/** What `node` is given to run it. */
export const BUILT_PROGRAM = at("dist/main.js");

/** Called by vitest, before it starts. */
export default function buildProgram(): void {
  execFileSync(process.execPath, [at("scripts/build.ts")], { stdio: "pipe" });
}
