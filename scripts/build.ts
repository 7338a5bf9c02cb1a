/**
 * Makes dist/ from src/, for `npm publish`, `npx slipway` and the image: a few files instead of some 400 modules, with which
 * `slipway publish` starts in two thirds of the time and the service with a fifth less work (measured 2026-11-30). What is no
 * TypeScript is copied beside them; dependencies stay what they are.
 */
import { chmodSync, cpSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type InputOptions, rolldown } from "rolldown";

const at = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));

/** Programs that share what they have in common, and the App for whoever hosts Probot. */
const SHARING = ["main", "pipeline/worker", "github/app"];

/** Programs that run where nothing else of Slipway can be read: each of them is one file. */
const ALONE = ["sandbox/listen-inside", "prerender/prerender-process"];

const options: Omit<InputOptions, "input"> = {
  cwd: at("."),
  platform: "node",
  // Nothing is rewritten for an older Node than `engines` asks for, whatever tsconfig.json says to the type checker.
  tsconfig: false,
  // The bundler's own small functions are no dependency.
  external: (id) => !/^[./\0]|^@oxc-project\/runtime\//.test(id),
};

async function build(names: readonly string[], isShared: boolean): Promise<void> {
  const input = Object.fromEntries(names.map((name) => [name, `src/${name}.ts`]));
  await using bundle = await rolldown({ ...options, input });
  // One folder deep like every module of src/: see src/process/own-file.ts.
  const chunkFileNames = "parts/[name]-[hash].js";
  await bundle.write({ dir: at("dist"), entryFileNames: "[name].js", chunkFileNames, codeSplitting: isShared });
}

rmSync(at("dist"), { recursive: true, force: true });
await build(SHARING, true);
for (const name of ALONE) await build([name], false);
cpSync(at("src/demo/sites"), at("dist/demo/sites"), { recursive: true });
chmodSync(at("dist/main.js"), 0o755);
