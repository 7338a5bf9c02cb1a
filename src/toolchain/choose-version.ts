/** Picks a version out of those that are published, and says what there is instead where none fits. */
import semver from "semver";
import { PermanentError } from "../errors.ts";
import type { PublishedVersion } from "./npm-registry.ts";
import type { WantedVersion } from "./wanted-tools.ts";

/** The newest version in the range that runs on this Node, where that matters; null when there is none. */
export function chooseVersion(
  versions: readonly PublishedVersion[],
  range: string,
  node: string | null,
): string | null {
  const wanted = new semver.Range(range);
  const inRange = versions.filter(({ version }) => semver.valid(version) !== null && wanted.test(version));
  const newestFirst = inRange.sort((a, b) => semver.rcompare(a.version, b.version));
  const runs = ({ engines }: PublishedVersion) => node === null || engines === null || fits(node, engines);
  return newestFirst.find(runs)?.version ?? null;
}

export function fits(version: string, range: string): boolean {
  return semver.satisfies(version, range);
}

export function newest(versions: readonly string[]): string | null {
  return semver.rsort(versions.filter((version) => semver.valid(version) !== null))[0] ?? null;
}

/** Names the tool, who asks for it, and the nearest that can be had. */
export function notHad(
  label: string,
  wanted: WantedVersion,
  versions: readonly PublishedVersion[],
  node: string | null,
) {
  const major = semver.minVersion(wanted.range)?.major;
  const all = versions.map(({ version }) => version);
  const near = newest(all.filter((version) => semver.valid(version) !== null && semver.major(version) === major));
  const there = near ? `the newest ${major}.x there is ${near}` : `the newest there is ${newest(all) ?? "none at all"}`;
  const needsOther = node !== null && chooseVersion(versions, wanted.range, null) !== null;
  const why = needsOther ? `none that runs on Node ${node}` : "none for this machine";
  const asked = `${label} ${wanted.range}, asked for by ${wanted.because}`;
  return new PermanentError(`${asked}, cannot be had: the npm registry has ${why}; ${there}`);
}
