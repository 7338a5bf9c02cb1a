/** Tells GitHub by a check run: what it is called, which one it is, and that nothing is added to it twice. */
import { z } from "zod";
import { PermanentError } from "../errors.ts";
import type { CheckRun, GithubClient, Repository } from "../github/github-client.ts";
import type { OutboxRow } from "../store/outbox.ts";
import type { GithubWish } from "./announce.ts";
import { A_REPORT, repositoryOf, type Tools } from "./github-tools.ts";
import { twice, unlessRefused, unsure } from "./looking.ts";
import type { Performed, Remember } from "./perform.ts";
import type { Annotation } from "./wording/github/annotations.ts";
import { type CheckFields, checkAnnotations, checkFields } from "./wording/github/github-wording.ts";

/** `annotated`: the annotations of this deployment were sent. Rows of earlier versions do not say. */
const checkRemote = z.object({ id: z.number(), annotated: z.boolean().default(false) });
type CheckRemote = z.output<typeof checkRemote>;

/**
 * One check run per site and commit: a later deployment of the same commit takes over the earlier one's, unless a failure
 * left a log or annotations on it, which nobody can take off again. A later deployment's check run is left alone.
 */
export async function tellCheck(tools: Tools, row: OutboxRow, remember: Remember): Promise<Performed> {
  const wish = row.desired as GithubWish;
  const { deployment } = wish.news;
  const repository = repositoryOf(wish);
  const name = `slipway: ${deployment.site}`;
  const remembered = checkRemote.nullable().catch(null).parse(row.remote);
  const annotations = remembered?.annotated ? [] : checkAnnotations(wish.news);

  const find = async () => choose(await tools.github.listCheckRuns(repository, { ref: wish.commit, name }));
  // Ids of deployments begin with the time, so they sort by it.
  const isClear = (run: CheckRun | null) =>
    run !== null &&
    (run.externalId > deployment.id ||
      (run.externalId === deployment.id && (annotations.length === 0 || run.annotations > 0)));
  const isDoubtful = row.inDoubt && (!remembered || annotations.length > 0);
  const looked = await unlessRefused(() => (isDoubtful ? twice(tools.lookAgainMs, find, isClear) : find()));
  if (typeof looked === "string") {
    if (row.inDoubt && !remembered) return unsure(A_REPORT, looked);
    throw new PermanentError(looked);
  }
  if (looked && looked.externalId > deployment.id) {
    return { kind: "sent", remote: { id: looked.id, annotated: remembered?.annotated ?? false } };
  }

  const own = looked?.externalId === deployment.id ? looked : null;
  const isAnnotated = remembered?.annotated || (own !== null && own.annotations > 0);
  const remote = await putCheck(tools.github, repository, {
    id: own?.id ?? remembered?.id ?? null,
    earlierId: looked && !own && looked.annotations === 0 && !looked.hasText ? looked.id : null,
    create: { name, head_sha: wish.commit },
    fields: checkFields(wish.news),
    annotations: isAnnotated ? [] : annotations,
    remember,
  });
  return { kind: "sent", remote: { ...remote, annotated: remote.annotated || isAnnotated } };
}

/** The check run of the newest deployment of this commit; other tools' check runs of the same name are not ours. */
function choose(runs: CheckRun[]): CheckRun | null {
  const ours = runs.filter(({ externalId }) => /^d-[0-9a-z]+-[0-9a-z]+$/.test(externalId));
  return ours.sort((a, b) => (a.externalId < b.externalId ? 1 : -1))[0] ?? null;
}

type CheckRunToBe = {
  /** The deployment's own check run; null where there is none yet. */
  readonly id: number | null;
  /** An earlier deployment's, which may become its own. */
  readonly earlierId: number | null;
  /** What a new one has beside the fields. */
  readonly create: Readonly<Record<string, unknown>>;
  readonly fields: CheckFields;
  readonly annotations: readonly Annotation[];
  readonly remember: Remember;
};

/** Edits the check run, or creates it. Where GitHub does not take what a build printed, it is told without. */
async function putCheck(github: GithubClient, repository: Repository, check: CheckRunToBe): Promise<CheckRemote> {
  const { fields, annotations } = check;
  const { text, ...plain } = fields.output;
  if (annotations.length === 0 && text === undefined) return write(github, repository, check, fields, false);
  try {
    const output = annotations.length === 0 ? fields.output : { ...fields.output, annotations };
    return await write(github, repository, check, { ...fields, output }, annotations.length > 0);
  } catch (error) {
    if (!(error instanceof PermanentError)) throw error;
    return write(github, repository, check, { ...fields, output: plain }, false);
  }
}

async function write(
  github: GithubClient,
  repository: Repository,
  { id, earlierId, create, remember }: CheckRunToBe,
  fields: Readonly<Record<string, unknown>>,
  annotated: boolean,
): Promise<CheckRemote> {
  if (id !== null) {
    await github.updateCheckRun(repository, id, fields);
    return { id, annotated };
  }
  if (earlierId !== null && (await takeOver(github, repository, earlierId, fields)))
    return { id: earlierId, annotated };
  const remote = { id: await github.createCheckRun(repository, { ...create, ...fields }), annotated };
  await remember(remote);
  return remote;
}

/** Answers false where GitHub does not let us edit an earlier deployment's check run: another App's, or an old one's. */
async function takeOver(
  github: GithubClient,
  repository: Repository,
  id: number,
  fields: Readonly<Record<string, unknown>>,
): Promise<boolean> {
  try {
    await github.updateCheckRun(repository, id, fields);
    return true;
  } catch (error) {
    if (error instanceof PermanentError) return false;
    throw error;
  }
}
