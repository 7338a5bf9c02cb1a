/**
 * Releases that are built and not on the host yet: what a deployment goes on with when its publish failed or Slipway was
 * restarted. They last as long as the deployment does, or as the question for consent with which it ended.
 */
import { type Manifest, type ManifestJson, manifestFromJson } from "../model/release.ts";
import { all, first, type Tx, type Work } from "./work.ts";

/** A release, the commit that it was built from, and how many of its addresses lead nowhere; null where nobody looked. */
export type BuiltRelease = {
  readonly id: string;
  readonly manifest: ManifestJson;
  readonly commit: string;
  readonly missingLinks: number | null;
};

/** Keeps what a deployment has built, in place of what it had built before. */
export function* saveBuilt(tx: Tx, deploymentId: string, built: BuiltRelease): Work<void> {
  const values = {
    release_id: built.id,
    manifest: JSON.stringify(built.manifest),
    commit: built.commit,
    missing_links: built.missingLinks,
  };
  yield* all(
    tx.db
      .insertInto("built_releases")
      .values({ deployment_id: deploymentId, ...values })
      .onConflict((conflict) => conflict.column("deployment_id").doUpdateSet(values)),
  );
}

/** What a deployment has built; undefined when nothing. */
export function* findBuilt(tx: Tx, deploymentId: string): Work<BuiltRelease | undefined> {
  const row = yield* first(tx.db.selectFrom("built_releases").selectAll().where("deployment_id", "=", deploymentId));
  if (!row) return undefined;
  const manifest = JSON.parse(row.manifest) as ManifestJson;
  return { id: row.release_id, manifest, commit: row.commit, missingLinks: row.missing_links };
}

/** Whether a deployment has built a release. */
export function* hasBuilt(tx: Tx, deploymentId: string): Work<boolean> {
  const query = tx.db.selectFrom("built_releases").select("release_id").where("deployment_id", "=", deploymentId);
  return (yield* first(query)) !== undefined;
}

/** Has another deployment go on with it. */
export function* handOnBuilt(tx: Tx, deploymentId: string, to: string): Work<void> {
  const set = { deployment_id: to };
  yield* all(tx.db.updateTable("built_releases").set(set).where("deployment_id", "=", deploymentId));
}

export function* forgetBuilt(tx: Tx, deploymentId: string): Work<void> {
  yield* all(tx.db.deleteFrom("built_releases").where("deployment_id", "=", deploymentId));
}

/** The deployments that have built a release which is still to be published. */
export function* listBuilt(tx: Tx): Work<string[]> {
  const rows = yield* all(tx.db.selectFrom("built_releases").select("deployment_id"));
  return rows.map((row) => row.deployment_id);
}

/** The files of what a deployment has built. */
export function* findBuiltManifest(tx: Tx, deploymentId: string): Work<Manifest | undefined> {
  const built = yield* findBuilt(tx, deploymentId);
  return built && manifestFromJson(built.manifest);
}
