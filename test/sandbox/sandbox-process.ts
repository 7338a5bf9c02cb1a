/** A process that opens a sandbox and runs a command in it, to be killed: its arguments are the isolation, folder and command. */
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Isolation } from "../../src/model/build.ts";
import { openSandbox } from "../../src/sandbox/open-sandbox.ts";
import { LIMITS } from "./limits.ts";

const [isolation = "", dataDir = "", command = ""] = process.argv.slice(2);
const work = join(dataDir, "work", "shop");
mkdirSync(work, { recursive: true, mode: 0o700 });
const sandbox = await openSandbox({
  settings: { isolation: isolation as Isolation, allowHosts: [], limits: LIMITS },
  site: "shop",
  dataDir,
  env: process.env,
});
await sandbox.run({
  command,
  cwd: work,
  env: { PATH: "/usr/bin:/bin", HOME: work },
  timeoutMs: 60_000,
  idleTimeoutMs: null,
  secrets: [],
  signal: new AbortController().signal,
  gone: new AbortController().signal,
  async onGroup() {},
  onOutput: (text) => console.log(text),
  writable: [work],
  readable: [dirname(process.execPath)],
  network: "internet",
  limits: LIMITS,
});
