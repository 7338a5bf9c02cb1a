/**
 * What visitors see of a publish: how long a site is a mixture of two releases, and how soon a rollback is live.
 * Seen on the host's disk, not by what Slipway says.
 */
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { differences } from "./compare.ts";
import type { Peer } from "./peers.ts";
import { type Bench, emptyHost, type Run, runPeer } from "./run-peer.ts";
import { firstBuild, pagesChanged, type Site, writeSite } from "./sites.ts";
import { median } from "./table.ts";

/** When the first and the last of the watched paths became another file, in ms since 1970. */
type Window = { readonly firstMs: number; readonly lastMs: number; readonly changed: number };

async function watch(folder: string, paths: readonly string[]): Promise<() => Promise<Window>> {
  const stop = new SharedArrayBuffer(4);
  const worker = new Worker(new URL("watch-paths.ts", import.meta.url), { workerData: { folder, paths, stop } });
  const message = () =>
    new Promise<unknown>((resolve, reject) => worker.once("message", resolve).once("error", reject));
  await message();
  return async () => {
    const answer = message();
    Atomics.store(new Int32Array(stop), 0, 1);
    Atomics.notify(new Int32Array(stop), 0);
    const times = Object.values((await answer) as Record<string, number | null>).filter((time) => time !== null);
    await worker.terminate();
    return { firstMs: Math.min(...times), lastMs: Math.max(...times), changed: times.length };
  };
}

async function publish(bench: Bench, peer: Peer, folder: string): Promise<Run> {
  const run = await runPeer(bench, peer.publish(bench.server, folder));
  const wrong = differences(folder, bench.server.root);
  if (run.exitCode !== 0 || wrong.length > 0) {
    throw new Error(`publishing ${folder} ended with ${run.exitCode}, wrong: ${wrong.slice(0, 5)}\n${run.output}`);
  }
  return run;
}

/** Written when it is needed: peers that go by times have to find it newer than what they published before. */
function build({ server }: Bench, name: string, site: Site): string {
  const folder = join(server.work, name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  writeSite(folder, site);
  return folder;
}

/** Seconds from the command to the last page live: release A, then B with 50 pages changed, then A again. */
export async function rollback50(bench: Bench, peer: Peer, rounds: number): Promise<void> {
  const a = firstBuild("s1");
  const b = pagesChanged(a, 50);
  const paths = [...b.values()].filter((file) => file.version === 2).map((file) => file.path);
  const seconds: number[] = [];
  for (let round = 0; round < rounds; round++) {
    emptyHost(bench.server);
    peer.prepare?.(bench.server);
    const folderA = build(bench, "a", a);
    await publish(bench, peer, folderA);
    await publish(bench, peer, build(bench, "b", b));
    const done = await watch(bench.server.root, paths);
    const startMs = performance.timeOrigin + performance.now();
    const run = await publish(bench, peer, folderA);
    const { lastMs, changed } = await done();
    if (changed !== paths.length) throw new Error(`${changed} of ${paths.length} pages changed`);
    seconds.push((lastMs - startMs) / 1000);
    console.log(
      `last page live after ${seconds.at(-1)?.toFixed(2)} s, process ended after ${run.seconds.toFixed(2)} s`,
    );
  }
  console.log(`rollback of 50 pages: ${median(seconds).toFixed(2)} s, goal ≤ 4 s`);
}

/**
 * How long the site is a mixture while a release of 200 files replaces another. A path counts from when it first differs, even if
 * its new content is not all there yet, which flatters peers that write in place.
 */
export async function visibleWindow(bench: Bench, peer: Peer, rounds: number): Promise<void> {
  const a = firstBuild("pages");
  const b = pagesChanged(a, a.size);
  const goal = { ftp: 0.4, ftps: 1, sftp: 1 }[bench.server.protocol];
  const seconds: number[] = [];
  for (let round = 0; round < rounds; round++) {
    emptyHost(bench.server);
    peer.prepare?.(bench.server);
    await publish(bench, peer, build(bench, "a", a));
    const folderB = build(bench, "b", b);
    const done = await watch(bench.server.root, [...a.keys()]);
    const run = await publish(bench, peer, folderB);
    const { firstMs, lastMs, changed } = await done();
    if (changed !== a.size) throw new Error(`${changed} of ${a.size} files changed`);
    seconds.push((lastMs - firstMs) / 1000);
    console.log(`a mixture for ${seconds.at(-1)?.toFixed(3)} s of ${run.seconds.toFixed(2)} s`);
  }
  console.log(`visible window of 200 files: ${median(seconds).toFixed(3)} s, goal ≤ ${goal} s`);
}
