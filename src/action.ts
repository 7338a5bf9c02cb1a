/**
 * The entry of the GitHub Action. A runner brings the repository as it is, so what Slipway depends on is installed at
 * the first step: exactly what package-lock.json names, without running any script of it, and without the inputs.
 */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

if (!existsSync(new URL("../node_modules/basic-ftp", import.meta.url))) {
  // The inputs, secrets among them, are in variables that begin with INPUT_.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("INPUT_")));
  const args = ["ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  execFileSync("npm", args, { cwd: root, env, stdio: ["ignore", "ignore", "inherit"] });
}

const { publishAction } = await import("./cli/publish-action.ts");
await publishAction(process.env);
