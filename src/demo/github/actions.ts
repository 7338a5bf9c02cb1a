/**
 * Runs of workflows and their artifacts: https://docs.github.com/rest/actions/workflow-runs and
 * https://docs.github.com/rest/actions/artifacts. Artifacts lie on a store of its own, as with GitHub.
 */
import { createHash, randomBytes } from "node:crypto";
import type { Front, Serving } from "../front.ts";
import type { FrontRequest, FrontRoute } from "../front-request.ts";
import type { Access } from "./access.ts";
import { type Hub, type HubRepository, nodeId, notFound, nowIso, pageOf, refuse, repositoryOf } from "./hub.ts";
import { describeRun, type RunOptions, workflowRunPayload } from "./workflow-runs.ts";

export type ArtifactOptions = {
  readonly name: string;
  readonly zip: Buffer;
  /** GitHub keeps the name of an expired one, and nothing else. */
  readonly isExpired?: boolean;
  /** What GitHub says of the zip file, "sha256:…"; null for an upload of an old kind. The true one by default. */
  readonly digest?: string | null;
};

export type Actions = {
  readonly routes: FrontRoute[];
  /** Makes a run, or changes the one with this id, as running it again does. Answers with its id and webhook payload. */
  run(
    repository: HubRepository,
    options: RunOptions,
  ): { readonly id: number; readonly payload: Record<string, unknown> };
  /** Answers with the artifact's id. */
  addArtifact(runId: number, artifact: ArtifactOptions): number;
};

type Artifact = { readonly id: number; readonly runId: number; readonly options: ArtifactOptions };
type Run = { readonly repository: HubRepository; readonly id: number; shown: Record<string, unknown> };

/** `store` is the server that downloads lead to; it is told here what to serve. */
export function createActions(hub: Hub, access: Access, store: Front & { serve(serving: Serving): void }): Actions {
  const runs: Run[] = [];
  const artifacts: Artifact[] = [];
  /** What a link to the store is good for: its last word → the artifact. */
  const links = new Map<string, Artifact>();

  function open(request: FrontRequest): HubRepository {
    const repository = repositoryOf(hub, request);
    access.require(request, repository, "actions", "read");
    return repository;
  }

  function findRun(request: FrontRequest): Run {
    const repository = open(request);
    const found = runs.find((one) => one.repository === repository && one.id === Number(request.params.id));
    if (!found) throw notFound();
    return found;
  }

  function describeArtifact({ id, runId, options }: Artifact, { shown }: Run) {
    const { name, zip, isExpired = false } = options;
    const { digest = `sha256:${createHash("sha256").update(zip).digest("hex")}` } = options;
    const url = `${shown.url}`.replace(/runs\/\d+$/, `artifacts/${id}`);
    return {
      ...{ id, node_id: nodeId("Artifact", id), name, size_in_bytes: zip.length, expired: isExpired, digest },
      ...{ url, archive_download_url: `${url}/zip`, created_at: nowIso(), updated_at: nowIso(), expires_at: nowIso() },
      workflow_run: { id: runId, head_branch: shown.head_branch, head_sha: shown.head_sha },
    };
  }

  store.serve({
    routes: [
      {
        method: "GET",
        path: "/artifacts/:link",
        handle(request) {
          // As the real store does when it is shown two permissions at once.
          if (request.headers.authorization !== undefined) throw refuse(400, "InvalidAuthenticationInfo");
          const artifact = links.get(request.params.link ?? "");
          if (!artifact) throw refuse(403, "AuthenticationFailed");
          const headers = { "content-type": "application/zip" };
          return { status: 200, headers, body: artifact.options.zip };
        },
      },
    ],
    otherwise: async () => ({ status: 404 }),
    isEffect: () => false,
  });

  return {
    run(repository, options) {
      const known = runs.find((one) => one.id === options.again);
      const id = known?.id ?? hub.nextId();
      const shown = describeRun(hub, repository, { ...options, id, before: known?.shown ?? null });
      if (known) known.shown = shown;
      else runs.push({ repository, id, shown });
      return { id, payload: workflowRunPayload(hub, repository, shown) };
    },
    addArtifact(runId, options) {
      const id = hub.nextId();
      artifacts.push({ id, runId, options });
      return id;
    },
    routes: [
      {
        method: "GET",
        path: "/repos/:owner/:repo/actions/runs",
        handle(request) {
          const repository = open(request);
          const { query } = request;
          const fits = ({ shown }: Run) =>
            (["head_sha", "event"] as const).every((key) => (query.get(key) ?? shown[key]) === shown[key]) &&
            (query.get("branch") ?? shown.head_branch) === shown.head_branch &&
            [null, shown.status, shown.conclusion].includes(query.get("status"));
          const fitting = runs.filter((one) => one.repository === repository && fits(one)).toReversed();
          return pageOf(hub, request, fitting, (page) => ({
            total_count: fitting.length,
            workflow_runs: page.map((one) => one.shown),
          }));
        },
      },
      {
        method: "GET",
        path: "/repos/:owner/:repo/actions/runs/:id",
        handle: (request) => ({ status: 200, body: findRun(request).shown }),
      },
      {
        method: "GET",
        path: "/repos/:owner/:repo/actions/runs/:id/artifacts",
        handle(request) {
          const run = findRun(request);
          const wanted = request.query.get("name");
          const own = artifacts.filter(
            (one) => one.runId === run.id && (wanted ?? one.options.name) === one.options.name,
          );
          return pageOf(hub, request, own, (page) => ({
            total_count: own.length,
            artifacts: page.map((one) => describeArtifact(one, run)),
          }));
        },
      },
      {
        method: "GET",
        path: "/repos/:owner/:repo/actions/artifacts/:id/zip",
        handle(request) {
          const repository = open(request);
          const artifact = artifacts.find((one) => one.id === Number(request.params.id));
          const isOwn = runs.some((one) => one.repository === repository && one.id === artifact?.runId);
          if (!artifact || !isOwn) throw notFound();
          if (artifact.options.isExpired) throw refuse(410, "Artifact has expired");
          const link = randomBytes(12).toString("hex");
          links.set(link, artifact);
          return { status: 302, headers: { location: `${store.url}/artifacts/${link}` } };
        },
      },
    ],
  };
}
