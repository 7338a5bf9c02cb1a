/** Entry of the prerendering process: a job's file as its argument, messages as lines of JSON on standard output. */
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import type { PrerenderJob, PrerenderMessage } from "./prerender-job.ts";
import { prerenderSite } from "./prerender-site.ts";

const [jobFile = ""] = process.argv.slice(2);
const stop = new AbortController();

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => stop.abort());
// Nobody reads any more.
process.stdout.on("error", () => stop.abort());

const { PATH = "/usr/local/bin:/usr/bin:/bin", LANG = "C.UTF-8", SLIPWAY_RUN } = process.env;

await prerenderSite({
  job: JSON.parse(await readFile(jobFile, "utf8")) as PrerenderJob,
  // Without isolation, the browser is known by this one to be part of the build: it has a process group of its own.
  env: { PATH, LANG, ...(SLIPWAY_RUN !== undefined && { SLIPWAY_RUN }) },
  temporaryFolder: tmpdir(),
  tell: (message: PrerenderMessage) => process.stdout.write(`${JSON.stringify(message)}\n`),
  signal: stop.signal,
});
// Playwright may keep timers of pages that hung.
process.exit(stop.signal.aborted ? 1 : 0);
