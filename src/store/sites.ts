/** Sites and repositories in the store: what is live, what is paused, which repository has which name today. */
import { all, first, type Tx, type Work } from "./work.ts";

export type SiteState = {
  readonly name: string;
  /** The repository the site is tied to, and how the configuration called it when it was tied. */
  readonly repoId: number | null;
  readonly boundAs: string | null;
  readonly liveDeployment: string | null;
  readonly liveRelease: string | null;
  readonly liveCommit: string | null;
  /** Why the site does not deploy at present; null when it does. */
  readonly paused: string | null;
};

export type Repository = { readonly id: number; readonly name: string; readonly installationId: number | null };

/** The states of all sites that ever had one. */
export function* listSites(tx: Tx): Work<SiteState[]> {
  const rows = yield* all(tx.db.selectFrom("sites").selectAll().orderBy("name"));
  return rows.map((row) => ({
    name: row.name,
    repoId: row.repo_id,
    boundAs: row.bound_as,
    liveDeployment: row.live_deployment,
    liveRelease: row.live_release,
    liveCommit: row.live_commit,
    paused: row.paused,
  }));
}

export function* findSite(tx: Tx, name: string): Work<SiteState | undefined> {
  return (yield* listSites(tx)).find((site) => site.name === name);
}

type SiteChange = { repo_id?: number | null; bound_as?: string; paused?: string | null } & (
  | { live_deployment: string; live_release: string; live_commit: string }
  | { live_deployment?: never }
);

function* changeSite(tx: Tx, name: string, change: SiteChange): Work<void> {
  const nothing = {
    repo_id: null,
    bound_as: null,
    live_deployment: null,
    live_release: null,
    live_commit: null,
    paused: null,
  };
  yield* all(
    tx.db
      .insertInto("sites")
      .values({ ...nothing, ...change, name })
      .onConflict((conflict) => conflict.column("name").doUpdateSet(change)),
  );
}

export const bindSite = (tx: Tx, name: string, repository: { id: number; boundAs: string }) =>
  changeSite(tx, name, { repo_id: repository.id, bound_as: repository.boundAs });
export const pauseSite = (tx: Tx, name: string, reason: string) => changeSite(tx, name, { paused: reason });
export const resumeSite = (tx: Tx, name: string) => changeSite(tx, name, { paused: null });

/** Notes what is on a site's host now, there and in the site's history. */
export function* setLive(
  tx: Tx,
  name: string,
  live: { deployment: string; release: string; commit: string; nowMs: number },
): Work<void> {
  const { deployment, release, commit, nowMs } = live;
  yield* changeSite(tx, name, { live_deployment: deployment, live_release: release, live_commit: commit });
  const life = { site: name, deployment_id: deployment, release_id: release, commit, live_at: nowMs };
  yield* all(tx.db.insertInto("lives").values(life));
}

export function* findRepository(tx: Tx, id: number): Work<Repository | undefined> {
  const row = yield* first(tx.db.selectFrom("repositories").selectAll().where("id", "=", id));
  return row && { id: row.id, name: row.name, installationId: row.installation_id };
}

/** The repositories that are reached through an installation. */
export function* repositoriesOf(tx: Tx, installationId: number): Work<Repository[]> {
  const query = tx.db.selectFrom("repositories").selectAll().where("installation_id", "=", installationId);
  return (yield* all(query)).map((row) => ({ id: row.id, name: row.name, installationId: row.installation_id }));
}

/** Remembers a repository's name of today, and its installation where that is known. */
export function* rememberRepository(tx: Tx, repository: Repository): Work<void> {
  const { id, name, installationId } = repository;
  yield* all(
    tx.db
      .insertInto("repositories")
      .values({ id, name, installation_id: installationId })
      .onConflict((conflict) =>
        conflict
          .column("id")
          .doUpdateSet({ name, ...(installationId !== null && { installation_id: installationId }) }),
      ),
  );
}
