/**
 * Prerenders an application of 200 pages, each of which waits for an answer of its server, with four pages at once and
 * one at a time, in turn; and says how much memory the process and its browser take, with few pages and with many.
 *
 *     node bench/build/prerender.ts
 */
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { prerenderCommand } from "../../src/prerender/prerender-command.ts";
import type { PrerenderJob } from "../../src/prerender/prerender-job.ts";
import { createPrerenderReport } from "../../src/prerender/prerender-report.ts";

/** Until the server answers. */
const ANSWER_MS = 100;
const ROUTES = 200;
const FEW = 50;

/** It says when a page is done, for those who ask; others wait until the network is quiet. */
const APP = `
  const app = document.getElementById("app");
  app.innerHTML = "<p>Loading</p>";
  const page = await (await fetch("/api" + location.pathname)).json();
  document.title = page.title;
  const rows = page.rows.map((row) => "<li><b>" + row + "</b> <a href='/'>first</a></li>").join("");
  app.innerHTML = "<h1>" + page.title + "</h1><ul>" + rows + "</ul>";
  document.documentElement.dataset.done = "";
`;
const SHELL =
  '<!doctype html><html lang="en"><head><title>Bench</title><script type="module" src="/app.js"></script></head>' +
  '<body><div id="app"></div></body></html>';
const READY = "'done' in document.documentElement.dataset";

type Run = { readonly routes: number; readonly parallel: number; readonly ready: string | null };
type Measured = { readonly ms: number; readonly peakBytes: number };

/** Measures and prints. Needs Chromium. */
export async function benchPrerender(): Promise<void> {
  const server = createServer(async (request, response) => {
    await delay(ANSWER_MS);
    const [, number] = /^\/api\/page-(\d+)$/.exec(request.url ?? "") ?? [];
    const rows = Array.from({ length: 40 }, (_, row) => `Row ${row} of page ${number}`);
    const page = number === undefined ? { title: "No such page", rows: [] } : { title: `Page ${number}`, rows };
    response.setHeader("content-type", "application/json").end(JSON.stringify(page));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  try {
    for (const [name, ready] of [
      ["a quiet network", null],
      ["an expression", READY],
    ] as const) {
      const four = await prerender(url, { routes: ROUTES, parallel: 4, ready });
      const one = await prerender(url, { routes: ROUTES, parallel: 1, ready });
      const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
      line(
        `${ROUTES} routes, ready by ${name}, 4 at once`,
        `${(one.ms / four.ms).toFixed(2)} ×`,
        `≥ 3 ×   (${seconds(four.ms)}, one at a time ${seconds(one.ms)})`,
      );
      if (ready !== null) continue;
      const few = await prerender(url, { routes: FEW, parallel: 4, ready });
      const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`;
      const grown = `${(four.peakBytes / few.peakBytes).toFixed(2)} × that with ${FEW} (${megabytes(few.peakBytes)})`;
      line(`  memory at its highest, ${ROUTES} routes`, megabytes(four.peakBytes), grown);
    }
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const line = (what: string, value: string, goal: string) => console.log(`${what.padEnd(48)}${value.padEnd(12)}${goal}`);

/** From the start of the process to its end, the browser's included. */
async function prerender(siteUrl: string, { routes, ...changes }: Run): Promise<Measured> {
  const root = mkdtempSync(join(tmpdir(), "slipway-bench-prerender-"));
  try {
    const folder = join(root, "output");
    mkdirSync(folder);
    writeFileSync(join(folder, "index.html"), SHELL);
    writeFileSync(join(folder, "app.js"), APP);
    const job: PrerenderJob = {
      ...{ folder, siteUrl, chromium: null },
      settings: {
        ...{ ...changes, crawl: false, timeoutMs: 60_000, allow: [siteUrl], maxPages: ROUTES },
        routes: Array.from({ length: routes }, (_, index) => `/page-${index}`),
      },
    };
    writeFileSync(join(root, "job.json"), JSON.stringify(job));
    const { file, args } = prerenderCommand(join(root, "job.json"));
    const startedAt = performance.now();
    const child = spawn(file, args, {
      env: { PATH: process.env.PATH, TMPDIR: root },
      stdio: ["ignore", "pipe", "inherit"],
    });
    let peakBytes = 0;
    const sampling = setInterval(() => {
      peakBytes = Math.max(peakBytes, memoryOf(child.pid ?? 0));
    }, 250);
    const report = createPrerenderReport({ progress() {}, say: console.error });
    try {
      report.read(await text(child.stdout));
    } finally {
      clearInterval(sampling);
    }
    const ms = performance.now() - startedAt;
    const { pages, failed } = report.result();
    if (pages !== routes) throw new Error(`${pages} of ${routes} pages were made: ${JSON.stringify(failed)}`);
    return { ms, peakBytes };
  } finally {
    rmSync(root, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** Resident memory of a process and all that descend from it, in bytes; pages that they share count for each. */
function memoryOf(leader: number): number {
  const parents = new Map<number, { parent: number; bytes: number }>();
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      const status = readFileSync(`/proc/${pid}/status`, "latin1");
      const field = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1] ?? 0);
      parents.set(Number(pid), { parent: field("PPid"), bytes: field("VmRSS") * 1024 });
    } catch {
      // It has ended meanwhile.
    }
  }
  const isOurs = (pid: number): boolean => pid === leader || (pid > 1 && isOurs(parents.get(pid)?.parent ?? 0));
  let sum = 0;
  for (const [pid, { bytes }] of parents) if (isOurs(pid)) sum += bytes;
  return sum;
}

if (import.meta.main) await benchPrerender();
