/** Compiles src/ to dist/ for `npm publish` and `npx slipway`; what is no TypeScript is copied beside it. */
import { execFileSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

const at = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));

rmSync(at("dist"), { recursive: true, force: true });
execFileSync(process.execPath, [at("node_modules/typescript/bin/tsc"), "--project", at("tsconfig.build.json")], {
  stdio: "inherit",
});
if (existsSync(at("src/demo/sites"))) cpSync(at("src/demo/sites"), at("dist/demo/sites"), { recursive: true });
chmodSync(at("dist/main.js"), 0o755);
