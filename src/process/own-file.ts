/** Slipway's own files, whether it runs from its TypeScript or as `npm run build` left it in dist/. */
import { fileURLToPath } from "node:url";

/** This module lies one folder below the root of the program, in src/ and, as a part of whatever file, in dist/. */
const ROOT = new URL("../", import.meta.url);

/** A program of its own, to be run by Node: "pipeline/worker". In dist/ it is an entry of `scripts/build.ts`. */
export function ownProgram(name: "main" | `${string}/${string}`): string {
  return fileURLToPath(new URL(`${name}${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, ROOT));
}

/** Another file or folder, from the root of the program: "demo/sites/plain", "../package.json". */
export function ownFile(path: string): string {
  return fileURLToPath(new URL(path, ROOT));
}
