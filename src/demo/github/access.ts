/**
 * Who may do what on the demo's GitHub. The emulator checks the App's JWT and hands out tokens; here they are
 * remembered, so that the routes it lacks ask for the permissions that GitHub asks for.
 */
import type { Emulator } from "../emulator.ts";
import { type FrontAnswer, type FrontRequest, readFields } from "../front-request.ts";
import { fullName, type Hub, type HubRepository, notFound, refuse } from "./hub.ts";

type Grant = {
  readonly permissions: Readonly<Record<string, string>>;
  readonly repositoryIds: readonly number[] | null;
};

export type Access = {
  /** Throws a Refusal (401) unless the request carries the App's JWT. */
  requireApp(request: FrontRequest): Promise<void>;
  /** Throws a Refusal (401, 403, 404) unless the request's token grants `level` of `permission` on the repository. */
  require(request: FrontRequest, repository: HubRepository, permission: string, level: "read" | "write"): void;
  /** The ids that an installation's token reaches; null: all. Throws a Refusal (401, 403). */
  reach(request: FrontRequest): readonly number[] | null;
  /** Hands a request to the emulator, whose repositories have other ids, and learns what tokens it gives. */
  forward(request: FrontRequest): Promise<FrontAnswer>;
};

const RANK: Readonly<Record<string, number>> = { read: 1, write: 2, admin: 3 };

/** `ownerToken` is a person's token that may do everything, for looking at the demo from outside. */
export function createAccess(hub: Hub, emulator: Emulator, ownerToken: string): Access {
  const grants = new Map<string, Grant>();

  function grantOf(request: FrontRequest): Grant | "everything" {
    const token = (request.headers.authorization ?? "").replace(/^(bearer|token)\s+/i, "");
    if (token === ownerToken) return "everything";
    const grant = grants.get(token);
    if (!grant) throw refuse(401, token ? "Bad credentials" : "Requires authentication");
    return grant;
  }

  /** Repositories are seeded in this order, and the emulator counts from 1. */
  const innerId = (id: number) => hub.repositories.findIndex((repository) => repository.id === id) + 1;
  const outerId = (id: unknown) => hub.repositories[Number(id) - 1]?.id ?? id;

  return {
    async requireApp(request) {
      const asked = { ...request, method: "GET", path: "/app", query: new URLSearchParams(), body: Buffer.alloc(0) };
      const { status } = await emulator.forward(asked);
      if (status !== 200) throw refuse(401, "A JSON web token could not be decoded");
    },
    require(request, repository, permission, level) {
      const grant = grantOf(request);
      if (grant === "everything") return;
      if (grant.repositoryIds && !grant.repositoryIds.includes(repository.id)) throw notFound();
      // Every token may read metadata, asked for or not.
      const granted = grant.permissions[permission] ?? (permission === "metadata" ? "read" : "");
      if ((RANK[granted] ?? 0) < (RANK[level] ?? 0)) {
        throw refuse(403, "Resource not accessible by integration");
      }
    },
    reach(request) {
      const grant = grantOf(request);
      if (grant === "everything") throw refuse(403, "You must authenticate with an installation access token");
      return grant.repositoryIds;
    },
    async forward(request) {
      const fields = readFields(request);
      const ids = fields.repository_ids;
      const path = innerPath(hub, request.path);
      const body = Array.isArray(ids)
        ? Buffer.from(JSON.stringify({ ...fields, repository_ids: ids.map((id) => innerId(Number(id))) }))
        : request.body;
      const answer = await emulator.forward({ ...request, path, body });
      const json = parseAnswer(answer);
      if (json === null) return answer;
      const repositories = Array.isArray(json.repositories)
        ? json.repositories.map((one: { id?: unknown }) => ({ ...one, id: outerId(one.id) }))
        : undefined;
      if (typeof json.token === "string" && request.path.endsWith("/access_tokens")) {
        grants.set(json.token, {
          permissions: (json.permissions ?? {}) as Record<string, string>,
          repositoryIds: repositories?.map((one) => Number(one.id)) ?? null,
        });
      }
      const { headers } = answer;
      return {
        status: answer.status,
        ...(headers ? { headers } : {}),
        body: { ...json, ...(repositories ? { repositories } : {}) },
      };
    },
  };
}

/** The emulator does not know that a repository was renamed. */
function innerPath(hub: Hub, path: string): string {
  for (const repository of hub.repositories) {
    const prefix = `/repos/${fullName(repository)}`;
    if (path === prefix || path.startsWith(`${prefix}/`)) {
      return `/repos/${repository.firstName}${path.slice(prefix.length)}`;
    }
  }
  return path;
}

function parseAnswer(answer: FrontAnswer): Record<string, unknown> | null {
  if (!Buffer.isBuffer(answer.body) || !/json/.test(answer.headers?.["content-type"] ?? "")) return null;
  try {
    const json: unknown = JSON.parse(answer.body.toString("utf8"));
    return json !== null && typeof json === "object" && !Array.isArray(json) ? (json as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
