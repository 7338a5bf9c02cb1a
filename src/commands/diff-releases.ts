/** What differs between two releases of a site. */
import { PermanentError } from "../errors.ts";
import type { Answer } from "../model/answer.ts";
import type { CommandTarget } from "../model/command.ts";
import { comparePaths, type Manifest } from "../model/release.ts";
import { findManifest } from "../store/releases.ts";
import { findSite } from "../store/sites.ts";
import type { Tx, Work } from "../store/work.ts";
import { chooseRelease } from "./choose-release.ts";
import { PREVIOUS } from "./rollback-site.ts";

/** What a publish of one release over another would do, named as people know them. */
export type NamedDiff = Omit<Extract<Answer, { kind: "diff" }>, "kind">;

const SHOWN = 20;

/** What would change from the live release to another, by default to the one before. Throws PermanentError. */
export function* diffLive(tx: Tx, site: string, target: CommandTarget | null): Work<NamedDiff> {
  const { liveRelease, liveCommit } = (yield* findSite(tx, site)) ?? {};
  if (!liveRelease) throw new PermanentError(`nothing is live on ${site} yet`);
  const { id, commit } = yield* chooseRelease(tx, site, target ?? PREVIOUS);
  const diff = compare(yield* filesOf(tx, site, liveRelease), yield* filesOf(tx, site, id));
  return { site, from: { id: liveRelease, commit: liveCommit ?? "" }, to: { id, commit }, ...diff };
}

function* filesOf(tx: Tx, site: string, id: string): Work<Manifest> {
  const manifest = yield* findManifest(tx, site, id);
  if (manifest) return manifest;
  throw new PermanentError(`the release ${id.slice(0, 12)} of ${site} is not kept (sites.${site}.releases)`);
}

function compare(from: Manifest, to: Manifest): Pick<NamedDiff, "added" | "changed" | "removed" | "paths"> {
  const added = [...to.keys()].filter((path) => !from.has(path));
  const changed = [...to].filter(([path, { sha256 }]) => (from.get(path)?.sha256 ?? sha256) !== sha256);
  const removed = [...from.keys()].filter((path) => !to.has(path));
  const paths = [
    ...added.map((path) => ["+", path] as const),
    ...changed.map(([path]) => ["~", path] as const),
    ...removed.map((path) => ["-", path] as const),
  ].sort((a, b) => comparePaths(a[1], b[1]));
  return {
    ...{ added: added.length, changed: changed.length, removed: removed.length },
    paths: paths.slice(0, SHOWN).map((one) => one.join(" ")),
  };
}
