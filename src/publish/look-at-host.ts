/** The first look at a host: where Slipway's folder is, and whether the release is live already. */
import type { Manifest, Release } from "../model/release.ts";
import { releaseOf } from "../model/release.ts";
import type { PublishSession, Target } from "../publishers/publisher.ts";
import { createKeep } from "../releases/keep.ts";
import { showPath } from "../releases/path.ts";
import type { PublishOptions } from "./options.ts";
import { chooseSpots, type RecordSizes } from "./ours.ts";
import { type Place, possiblePlaces } from "./place.ts";

export type Look = {
  /** Where Slipway's folder is; null when it is nowhere. */
  readonly place: Place | null;
  readonly places: readonly [Place, ...Place[]];
  readonly sizes: RecordSizes;
  /** Whether each of the earlier manifests is there, newest first. */
  readonly earlier: readonly boolean[];
  /** Whether a publish that failed left its stage. */
  readonly hasLeftStage: boolean;
  /** Whether the release is live and as whole as a sample of it tells. */
  readonly isLive: boolean;
};

export type LookOptions = Pick<PublishOptions, "target" | "placeInside"> & {
  readonly rules: Pick<PublishOptions["rules"], "thorough">;
};

/** Finds Slipway's folder and sees whether the release is live already: all of it in one round trip over FTP. */
export async function lookAtHost(session: PublishSession, options: LookOptions, release: Release): Promise<Look> {
  const places = possiblePlaces(session, options.placeInside ? "" : folderName(options.target));
  const spots = options.rules.thorough ? [] : chooseSpots(release.files);
  const paths = places.flatMap((it) => {
    return [it.manifest, it.journal, it.marker(release.id), `${it.leftStage}/journal`, ...it.earlier];
  });
  const sizes = await session.sizes([...paths, ...spots.map(([path]) => path)]);
  const seen = places.map((place, index) => {
    const [manifest, journal, marker, leftStage, ...earlier] = sizes.slice(index * 6, index * 6 + 6);
    return { place, manifest, journal, marker, leftStage, earlier: earlier.map((size) => size !== undefined) };
  });
  const found = seen.find((it) => it.manifest !== undefined || it.journal !== undefined || it.earlier.includes(true));
  const isWhole = spots.every(([, { size }], index) => sizes[paths.length + index] === size);
  const [first, ...others] = places;
  if (first === undefined) throw new Error("no place for Slipway's own folder");
  return {
    place: found?.place ?? null,
    places: [first, ...others],
    sizes: { manifest: found?.manifest, journal: found?.journal },
    earlier: found?.earlier ?? [],
    hasLeftStage: seen.some(({ leftStage }) => leftStage !== undefined),
    isLive: found?.marker !== undefined && found.journal === undefined && isWhole && !options.rules.thorough,
  };
}

/** What the target's folder is called, "" for the folder that the account lands in. */
export function folderName(target: Target): string {
  return target.folder.split("/").filter(Boolean).at(-1) ?? "";
}

/** The release and what we remember, without the paths that are kept for others. */
export function withoutKept({
  release,
  previous,
  rules,
  say,
}: Pick<PublishOptions, "release" | "previous" | "rules" | "say">): { release: Release; previous: Manifest | null } {
  const keep = createKeep(rules.keep);
  const kept = [...release.files.keys()].filter(keep);
  if (kept.length > 0) {
    say(`${kept.length} files of the build match \`keep\` and are left out, ${showPath(kept[0] ?? "")} for one.`);
  }
  const rest = (files: Manifest): Manifest => new Map([...files].filter(([path]) => !keep(path)));
  return {
    release: kept.length === 0 ? release : releaseOf(rest(release.files)),
    previous: previous && rules.keep.length > 0 ? rest(previous) : previous,
  };
}
