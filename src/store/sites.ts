/** Sites and repositories in the store: what is live, what is on hold, which repository has which name today. */
import type { Selectable } from "kysely";
import type { Hold, SiteHolds } from "../model/site.ts";
import { lockName } from "./lock-name.ts";
import type { Tables } from "./tables.ts";
import { all, first, type Tx, type Work } from "./work.ts";

export type SiteState = SiteHolds & {
  readonly name: string;
  /** The repository the site is tied to, and how the configuration called it when it was tied. */
  readonly repoId: number | null;
  readonly boundAs: string | null;
  readonly liveDeployment: string | null;
  readonly liveRelease: string | null;
  readonly liveCommit: string | null;
};

export type Repository = { readonly id: number; readonly name: string; readonly installationId: number | null };

/** People who ask for something on a site take turns: what one of them decides by is not changed by another meanwhile. */
export const lockSite = (tx: Tx, name: string) => lockName(tx, `deeds on site ${name}`);

/** The states of all sites that ever had one. */
export function* listSites(tx: Tx): Work<SiteState[]> {
  return (yield* all(tx.db.selectFrom("sites").selectAll().orderBy("name"))).map(toSite);
}

export function* findSite(tx: Tx, name: string): Work<SiteState | undefined> {
  const row = yield* first(tx.db.selectFrom("sites").selectAll().where("name", "=", name));
  return row && toSite(row);
}

function toSite(row: Selectable<Tables["sites"]>): SiteState {
  return {
    name: row.name,
    repoId: row.repo_id,
    boundAs: row.bound_as,
    liveDeployment: row.live_deployment,
    liveRelease: row.live_release,
    liveCommit: row.live_commit,
    githubPause: row.github_pause,
    paused: toHold(row.paused),
    locked: toHold(row.locked),
  };
}

const toHold = (text: string | null) => (text === null ? null : (JSON.parse(text) as Hold));

type HoldsChange = { github_pause?: string | null; paused?: string | null; locked?: string | null };
type SiteChange = HoldsChange & { repo_id?: number | null; bound_as?: string } & (
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
    github_pause: null,
    paused: null,
    locked: null,
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

/** Sets what keeps a site from deploying; null ends it. What waits has to be settled after it: `settleWaiting`. */
export const setGithubPause = (tx: Tx, name: string, reason: string | null) =>
  changeSite(tx, name, { github_pause: reason });
export const setPaused = (tx: Tx, name: string, hold: Hold | null) => changeSite(tx, name, { paused: toText(hold) });
export const setLocked = (tx: Tx, name: string, hold: Hold | null) => changeSite(tx, name, { locked: toText(hold) });

const toText = (hold: Hold | null) => hold && JSON.stringify(hold);

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

/** The repository of a site as it is called and reached today; until the site is tied to one, as it is configured. */
export function* repositoryOf(
  tx: Tx,
  site: string,
  configured: string,
): Work<{ repoId: number | null; repoName: string; installationId: number | null }> {
  const repoId = (yield* findSite(tx, site))?.repoId ?? null;
  const repository = repoId === null ? undefined : yield* findRepository(tx, repoId);
  return { repoId, repoName: repository?.name ?? configured, installationId: repository?.installationId ?? null };
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
