/** Releases in the store: what each site could publish again, which of them were live and when, and which may go. */
import { sql } from "kysely";
import { type Manifest, type ManifestJson, manifestFromJson, measure } from "../model/release.ts";
import { all, first, type Tx, type Work } from "./work.ts";

/** A kept release, without its files. Sizes in bytes. */
export type KeptRelease = {
  readonly id: string;
  /** The newest commit that it was built from. */
  readonly commit: string;
  readonly author: string;
  /** First line of the commit message. */
  readonly title: string;
  readonly files: number;
  readonly bytes: number;
  /** When it was first published. */
  readonly createdAtMs: number;
  /** When it went live the last time. */
  readonly liveAtMs: number | null;
};

/** Keeps a release's manifest; its blobs are on disk already. Of the same files built again, the newer commit counts. */
export function* keepRelease(
  tx: Tx,
  release: {
    site: string;
    id: string;
    manifest: ManifestJson;
    commit: string;
    author: string;
    title: string;
    nowMs: number;
  },
): Work<void> {
  const { site, id, commit, author, title } = release;
  const { files, bytes } = measure(manifestFromJson(release.manifest));
  yield* all(
    tx.db
      .insertInto("releases")
      .values({
        ...{ site, id, commit, author, title, files, bytes },
        manifest: JSON.stringify(release.manifest),
        created_at: release.nowMs,
      })
      .onConflict((conflict) => conflict.columns(["site", "id"]).doUpdateSet({ commit, author, title })),
  );
}

/** The files of a release. */
export function* findManifest(tx: Tx, site: string, id: string): Work<Manifest | undefined> {
  const row = yield* first(
    tx.db.selectFrom("releases").select("manifest").where("site", "=", site).where("id", "=", id),
  );
  return row && manifestFromJson(JSON.parse(row.manifest) as ManifestJson);
}

/** The releases of a site, the one that went live last first. */
export function* listReleases(tx: Tx, site: string): Work<KeptRelease[]> {
  const lives = tx.db
    .selectFrom("lives")
    .select(["release_id", (is) => is.fn.max("id").as("last"), (is) => is.fn.max("live_at").as("live_at")])
    .where("site", "=", site)
    .groupBy("release_id")
    .as("lives");
  const rows = yield* all(
    tx.db
      .selectFrom("releases")
      .leftJoin(lives, "lives.release_id", "releases.id")
      .select(["releases.id", "commit", "author", "title", "files", "bytes", "created_at", "lives.live_at"])
      .where("releases.site", "=", site)
      // Without a life: kept by a deployment whose end was never recorded. Those count as the oldest.
      .orderBy(sql`coalesce(lives.last, 0)`, "desc"),
  );
  return rows.map((row) => ({
    id: row.id,
    commit: row.commit,
    author: row.author,
    title: row.title,
    files: row.files,
    bytes: row.bytes,
    createdAtMs: row.created_at,
    liveAtMs: row.live_at,
  }));
}

/**
 * The release that was on the site's host before the one that is there now, kept or not; or the one so many `steps`
 * before, each release counted once, where it was there last. Undefined where there were not so many.
 */
export function* releaseBeforeLive(tx: Tx, site: string, steps = 1): Work<string | undefined> {
  const row = yield* first(
    tx.db
      .selectFrom("lives")
      .innerJoin("sites", "sites.name", "lives.site")
      .select(["lives.release_id", (is) => is.fn.max("lives.id").as("last")])
      .where("lives.site", "=", site)
      .whereRef("lives.release_id", "<>", "sites.live_release")
      .groupBy("lives.release_id")
      .orderBy("last", "desc")
      .limit(1)
      .offset(steps - 1),
  );
  return row?.release_id;
}

/** Whether a release whose id or commit begins so was ever on the site's host, kept or not. `start` is hexadecimal. */
export function* wasEverLive(tx: Tx, site: string, start: string): Work<boolean> {
  const row = yield* first(
    tx.db
      .selectFrom("lives")
      .select("id")
      .where("site", "=", site)
      .where((is) => is.or([is("release_id", "like", `${start}%`), is("commit", "like", `${start}%`)]))
      .limit(1),
  );
  return row !== undefined;
}

/**
 * Forgets the releases of a site beyond the `keep` that went live last; never the one that is live, nor one that a
 * deployment which waits or runs asks for. Answers with how many went.
 */
export function* forgetOldReleases(tx: Tx, site: string, keep: number): Work<number> {
  const live = yield* first(tx.db.selectFrom("sites").select("live_release").where("name", "=", site));
  const asked = yield* all(
    tx.db
      .selectFrom("deployments")
      .select("asked_release")
      .where("site", "=", site)
      .where("state", "in", ["queued", "held", "building", "publishing"]),
  );
  const needed = new Set([live?.live_release, ...asked.map((row) => row.asked_release)]);
  const old = (yield* listReleases(tx, site)).slice(keep).filter(({ id }) => !needed.has(id));
  if (old.length === 0) return 0;
  const ids = old.map(({ id }) => id);
  yield* all(tx.db.deleteFrom("releases").where("site", "=", site).where("id", "in", ids));
  return old.length;
}

/** Every release that is kept, of all sites, by its key. */
export function* listReleaseKeys(tx: Tx): Work<Array<{ site: string; id: string }>> {
  return yield* all(tx.db.selectFrom("releases").select(["site", "id"]));
}
