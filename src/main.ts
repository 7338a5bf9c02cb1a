#!/usr/bin/env node
/** The entry of the command line. */
import nodeModule from "node:module";
import { homedir } from "node:os";
import { join } from "node:path";

const OLDEST_NODE = 24;

if (Number.parseInt(process.versions.node, 10) < OLDEST_NODE) {
  console.error(`Slipway needs Node ${OLDEST_NODE} or newer, and this is Node ${process.versions.node}.`);
  process.exit(1);
}

// Keeps compiled code: `slipway publish` starts 85 ms sooner from its TypeScript, and 10 ms sooner from dist/. Only what
// is loaded after this call is kept, hence the import below. A machine of a CI is thrown away with all it kept. In the
// user's own folder: what lies in /tmp, Node's default, others could have put there.
const { CI, XDG_CACHE_HOME } = process.env;
if (!CI) nodeModule.enableCompileCache(join(XDG_CACHE_HOME || join(homedir(), ".cache"), "slipway", "compiled"));

const { runCommandLine } = await import("./cli/command-line.ts");
await runCommandLine(process.env);
