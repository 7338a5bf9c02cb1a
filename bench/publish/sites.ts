/**
 * Makes the sites that are published, the same on every machine: S1 = 203 files, about 11 MB, 10 folders; S2 = 2,000
 * files, about 60 MB, some 700 folders. Most files are small pages; scripts, styles and images are fewer and larger.
 * No name begins with a dot: vsftpd's listings hide those, which leads peers that compare by listings astray.
 */
import { createCipheriv, createHash } from "node:crypto";
import { mkdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

export type SiteName = "s1" | "s2" | "pages";

type File = { readonly path: string; readonly size: number; readonly version: number };
/** The files of a site, by path. */
export type Site = ReadonlyMap<string, File>;

/** All files of a first build are as old as this. */
const BUILT = new Date("2026-01-15T12:00:00Z");

type Kind = { readonly count: number; readonly median: number; readonly spread: number; path(i: number): string };

const hash = (text: string): string => createHash("sha256").update(text).digest("hex");
const hashed = (name: string, ending: string): string => `${name}-${hash(name).slice(0, 8)}.${ending}`;

const KINDS: Record<SiteName, Kind[]> = {
  s1: [
    {
      count: 120,
      median: 9_000,
      spread: 0.8,
      path: (i) => `${["", "blog/", "docs/", "shop/", "help/"][i % 5]}page-${i}.html`,
    },
    { count: 24, median: 60_000, spread: 1.1, path: (i) => `assets/js/${hashed(`chunk${i}`, "js")}` },
    { count: 8, median: 20_000, spread: 0.9, path: (i) => `assets/css/${hashed(`style${i}`, "css")}` },
    { count: 45, median: 80_000, spread: 0.8, path: (i) => `images/${i % 2 ? "posts/" : ""}photo-${i}.jpg` },
    { count: 6, median: 25_000, spread: 0.2, path: (i) => `assets/fonts/${hashed(`font${i}`, "woff2")}` },
  ],
  s2: [
    {
      count: 1_450,
      median: 13_000,
      spread: 0.7,
      path: (i) => `${s2Folder(i)}/${i < 670 ? "index" : `part-${i}`}.html`,
    },
    { count: 250, median: 25_000, spread: 1.1, path: (i) => `assets/js/${hashed(`chunk${i}`, "js")}` },
    { count: 50, median: 14_000, spread: 0.9, path: (i) => `assets/css/${hashed(`style${i}`, "css")}` },
    { count: 250, median: 62_000, spread: 0.9, path: (i) => `images/${i % 20}/photo-${i}.jpg` },
  ],
  pages: [{ count: 200, median: 10_000, spread: 0.5, path: (i) => `${i % 10}/page-${i}.html` }],
};

const s2Folder = (i: number): string => `${["blog", "docs", "shop"][(i % 670) % 3]}/${(i % 670) % 11}/entry-${i % 670}`;

/** A number between 0 and 1 that depends on the text alone. */
const chance = (text: string): number => Number.parseInt(hash(text).slice(0, 12), 16) / 2 ** 48;

/** Log-normal, as the sizes of files on the web are. */
function sizeOf(path: string, { median, spread }: Kind): number {
  const normal = Math.sqrt(-2 * Math.log(1 - chance(`${path} a`))) * Math.cos(2 * Math.PI * chance(`${path} b`));
  return Math.round(median * Math.exp(spread * Math.max(-2.5, Math.min(2.5, normal))));
}

/** The first build of a site. */
export function firstBuild(name: SiteName): Site {
  const files = KINDS[name].flatMap((kind) =>
    Array.from({ length: kind.count }, (_, i) => {
      const path = kind.path(i);
      return { path, size: sizeOf(path, kind), version: 1 };
    }),
  );
  return new Map(files.map((file) => [file.path, file]));
}

/** The next build: 1 % of the files changed, every other one at the same size, 5 files new and 5 gone. */
export function smallChange(site: Site): Site {
  const next = new Map(site);
  const pages = [...site.values()].filter((file) => file.path.endsWith(".html"));
  const changed = Math.round(site.size / 100);
  const every = Math.floor(pages.length / (changed + 5));
  const picked = pages.filter((_, i) => i % every === 0);
  picked.slice(0, changed).forEach((file, i) => {
    next.set(file.path, { ...file, version: 2, size: file.size + (i % 2) * 137 });
  });
  for (const file of picked.slice(changed, changed + 5)) next.delete(file.path);
  const fresh = ["news/today.html", "news/index.html", hashed("assets/js/fresh", "js"), "images/new.jpg", "feed.html"];
  for (const path of fresh) next.set(path, { path, size: 15_000, version: 2 });
  return next;
}

/** A build in which the first `count` pages differ. */
export function pagesChanged(site: Site, count: number): Site {
  const pages = [...site.values()].filter((file) => file.path.endsWith(".html")).slice(0, count);
  return new Map([...site, ...pages.map((file) => [file.path, { ...file, version: file.version + 1 }] as const)]);
}

/** Pseudo-random bytes that depend on path and version; text where the name says text. */
function content({ path, size, version }: File): Buffer {
  const key = createHash("sha256").update(`${path} ${version}`).digest();
  const cipher = createCipheriv("aes-128-ctr", key.subarray(0, 16), key.subarray(16));
  const bytes = cipher.update(Buffer.alloc(size));
  return /\.(html|css|js)$/.test(path) ? Buffer.from(bytes.toString("base64").slice(0, size)) : bytes;
}

/**
 * Writes a site into a folder that holds `before`. What did not change keeps its file and its time; what did is newer
 * than anything on the host, by more than the minute in which listings tell time: peers that go by it have to see it.
 */
export function writeSite(folder: string, site: Site, before: Site = new Map()): void {
  const later = new Date(Date.now() + 300_000);
  for (const file of site.values()) {
    const old = before.get(file.path);
    if (old?.version === file.version) continue;
    const path = join(folder, file.path);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content(file));
    const time = file.version === 1 ? BUILT : later;
    utimesSync(path, time, time);
  }
  for (const path of before.keys()) if (!site.has(path)) rmSync(join(folder, path));
}

export function describeSite(site: Site): string {
  const files = [...site.values()];
  const bytes = files.reduce((sum, file) => sum + file.size, 0);
  const folders = new Set(
    files.flatMap(({ path }) =>
      path
        .split("/")
        .slice(0, -1)
        .map((_, i, all) => all.slice(0, i + 1).join("/")),
    ),
  );
  return `${files.length} files, ${(bytes / 1e6).toFixed(1)} MB, ${folders.size} folders`;
}
