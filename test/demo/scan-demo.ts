/**
 * Loaded into the demo before it starts: looks for the secrets that it hands to Slipway in all that is written while it
 * runs, and says at its end whether one was seen, and where.
 */
import childProcess, { type ChildProcess, type SpawnOptions } from "node:child_process";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import { createSecretScan, type SecretScan, secretsIn } from "../secret-scan.ts";

let scan: SecretScan | undefined;
const { spawn } = childProcess as { spawn(file: string, args: string[], options: SpawnOptions): ChildProcess };

function spawnWatched(file: string, args: string[], options: SpawnOptions): ChildProcess {
  const child = spawn(file, args, options);
  if (args.at(-1) !== "start") return child;
  const watching = createSecretScan(secretsIn(options.env ?? {}));
  scan = watching;
  for (const stream of [child.stdout, child.stderr])
    stream?.on("data", (chunk: Buffer) => watching.saw("the log", chunk.toString()));
  // The demo removes its folder only after this.
  child.once("exit", () => watching.sawDatabase(join(String(options.cwd), "data/slipway.db")));
  return child;
}
Object.assign(childProcess, { spawn: spawnWatched });
syncBuiltinESMExports();

const { write } = process.stdout;
process.stdout.write = ((...given: Parameters<typeof write>) => {
  scan?.saw("what the demo prints", String(given[0]));
  return write.apply(process.stdout, given);
}) as typeof write;

process.once("exit", () => {
  scan?.check();
  if (scan) process.stderr.write("No secret was seen.\n");
});
