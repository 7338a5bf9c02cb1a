/** Which Node a site wants: from the settings, then the files of the repository, the nearest folder first. */
import { posix } from "node:path";
import semver from "semver";
import { PermanentError } from "../errors.ts";
import type { SiteBuild } from "../model/build.ts";
import type { WantedVersion } from "../toolchain/wanted-tools.ts";
import type { FolderListing } from "./folder-listing.ts";
import { ownText, type Package, packageOf } from "./package-json.ts";

/** Names of the lines with long-term support. github.com/nodejs/Release, CODENAMES.md. */
const LTS_LINES: Readonly<Record<string, number>> = {
  argon: 4,
  boron: 6,
  carbon: 8,
  dubnium: 10,
  erbium: 12,
  fermium: 14,
  gallium: 16,
  hydrogen: 18,
  iron: 20,
  jod: 22,
  krypton: 24,
};
/** "lts/*": the lines that have been in long-term support since Slipway's own Node. */
const LATEST_LTS = "^24 || ^26";

/**
 * The range that is asked for, and by what; null where nobody says. Throws PermanentError when the nearest statement
 * is none that can be understood.
 */
export function wantedNode(site: SiteBuild, origin: string, listings: readonly FolderListing[]): WantedVersion | null {
  const stated = site.node === null ? statedIn(listings) : { range: site.node, because: `build.node of ${origin}` };
  if (stated === null) return null;
  const range = nodeRange(stated.range);
  if (range === undefined) {
    const shown = JSON.stringify(stated.range.slice(0, 60));
    throw new PermanentError(`${stated.because} names no version of Node: ${shown}. Write one such as 24 or ^24.15.0.`);
  }
  return { range, because: range === stated.range ? stated.because : `${stated.because}: ${stated.range}` };
}

function statedIn(listings: readonly FolderListing[]): WantedVersion | null {
  for (const listing of listings) {
    for (const [name, read] of FILES) {
      const text = listing.texts.get(name);
      const range = text === undefined ? undefined : read(text);
      if (range) return { range, because: posix.join(listing.folder, name) };
    }
    const pack = packageOf(listing);
    for (const [key, read] of PACKAGE_KEYS) {
      const range = pack && read(pack);
      if (range) return { range, because: `${key} of ${posix.join(listing.folder, "package.json")}` };
    }
  }
  return null;
}

const FILES: ReadonlyArray<readonly [name: string, read: (text: string) => string | undefined]> = [
  [".nvmrc", firstWord],
  [".node-version", firstWord],
  // asdf and mise: a tool and its version on each line.
  [".tool-versions", (text) => /^[ \t]*node(?:js)?[ \t]+(\S+)/m.exec(text)?.[1]],
];

const PACKAGE_KEYS: ReadonlyArray<readonly [key: string, read: (pack: Package) => string | undefined]> = [
  ["engines.node", (pack) => ownText(pack.engines, "node")],
  ["volta.node", (pack) => ownText(pack.volta, "node")],
  [
    "devEngines.runtime",
    ({ devEngines }) => (devEngines?.runtime?.name === "node" ? devEngines.runtime.version : undefined),
  ],
];

/** The first line that says anything; "#" begins a comment. */
function firstWord(text: string): string | undefined {
  for (const line of text.split("\n")) {
    const word = line.replace(/#.*/, "").trim();
    if (word !== "") return word;
  }
  return undefined;
}

/** A semver range for what nvm and package.json understand; undefined when it is none. github.com/nvm-sh/nvm#usage. */
function nodeRange(text: string): string | undefined {
  const word = text.toLowerCase().trim();
  if (["node", "stable", "latest", "current", "system", "*"].includes(word)) return "*";
  if (/^(lts(\/\*)?|lts\/latest|--lts)$/.test(word)) return LATEST_LTS;
  const [, line] = /^lts\/([a-z]+)$/.exec(word) ?? [];
  if (line !== undefined) return Object.hasOwn(LTS_LINES, line) ? `^${LTS_LINES[line]}` : undefined;
  const range = word.replace(/^node[-@]/, "");
  // semver takes longer ones, too, but nobody writes them by hand.
  return range.length <= 200 && semver.validRange(range) !== null ? range.replace(/^v(?=\d)/, "") : undefined;
}
