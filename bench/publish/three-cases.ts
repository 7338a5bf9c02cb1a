/** C0, C1 and C2: the first publish, one with nothing to do, and one of a small change. */
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { differences } from "./compare.ts";
import { PEERS } from "./peers.ts";
import { type Bench, emptyHost, type Run, runPeer } from "./run-peer.ts";
import { firstBuild, type Site, type SiteName, smallChange, writeSite } from "./sites.ts";

export const CASES = ["C0", "C1", "C2"] as const;
export type Case = (typeof CASES)[number];

/** A run and what was wrong on the host after it. */
export type Measured = Run & { readonly peer: string; readonly case: Case; readonly wrong: readonly string[] };

/** Runs all three with one peer, on an empty host. `onRun` gets each as it ends. */
export async function runCases(
  bench: Bench,
  name: string,
  site: SiteName,
  onRun: (run: Measured) => void,
): Promise<void> {
  const peer = PEERS[name];
  if (!peer) throw new Error(`no peer ${name}`);
  const { server } = bench;
  const local = join(server.work, "site");
  rmSync(local, { recursive: true, force: true });
  mkdirSync(local);
  emptyHost(server);
  peer.prepare?.(server);

  const first = firstBuild(site);
  const builds: Record<Case, [Site, Site]> = {
    C0: [first, new Map()],
    C1: [first, first],
    C2: [smallChange(first), first],
  };
  for (const which of CASES) {
    writeSite(local, ...builds[which]);
    const run = await runPeer(bench, peer.publish(server, local));
    onRun({ ...run, peer: name, case: which, wrong: differences(local, server.root) });
  }
}
