/** What the parts of the demo's GitHub share: who and what exists there, and how GitHub writes it down. */
import { createHash } from "node:crypto";
import { type FrontAnswer, type FrontRequest, Refusal } from "../front-request.ts";

export type HubRepository = {
  readonly id: number;
  owner: string;
  name: string;
  /** The name it began with, "owner/name", which is the only one the emulator knows. */
  readonly firstName: string;
  readonly defaultBranch: string;
  /** What it was called before, "owner/name"; GitHub redirects from there. */
  readonly formerNames: string[];
  /** Branch → the commit that the last push to it announced. */
  readonly heads: Map<string, string>;
};

export type Hub = {
  /** Of the API, which is also where the demo's GitHub has its pages. */
  readonly url: string;
  readonly appId: number;
  readonly installationId: number;
  /** The organisation that installed the App. */
  readonly account: string;
  readonly repositories: readonly HubRepository[];
  /** A number that no other object has. */
  nextId(): number;
};

export const APP_SLUG = "slipway-demo";
/** The App's permissions and events, as in app.yml. */
export const APP_PERMISSIONS = {
  metadata: "read",
  contents: "read",
  deployments: "write",
  checks: "write",
  actions: "read",
} as const;
export const APP_EVENTS = ["push", "workflow_run", "check_suite", "check_run", "deployment", "repository"] as const;

export const fullName = (repository: HubRepository) => `${repository.owner}/${repository.name}`;

/** The repository that a request's path names. Throws a Refusal (404). */
export function repositoryOf(hub: Hub, { params }: FrontRequest): HubRepository {
  const wanted = `${params.owner}/${params.repo}`.toLowerCase();
  const found = hub.repositories.find((repository) => fullName(repository).toLowerCase() === wanted);
  if (!found) throw notFound();
  return found;
}

export function notFound(): Refusal {
  return refuse(404, "Not Found");
}

/** An error as GitHub answers it: https://docs.github.com/rest/using-the-rest-api/troubleshooting-the-rest-api */
export function refuse(status: number, message: string, errors?: readonly unknown[]): Refusal {
  const more = errors ? { errors } : {};
  return new Refusal(status, {
    message,
    ...more,
    documentation_url: "https://docs.github.com/rest",
    status: `${status}`,
  });
}

/** What is wrong with one field of a request. */
export function invalid(resource: string, field: string, code = "invalid"): Refusal {
  return refuse(422, "Validation Failed", [{ resource, field, code }]);
}

export const nowIso = () => new Date().toISOString().replace(/\.\d+Z$/, "Z");

export const nodeId = (kind: string, id: number) => Buffer.from(`${kind}:${id}`).toString("base64");

/**
 * One page of a list, with a Link header where there are more.
 * https://docs.github.com/rest/using-the-rest-api/using-pagination-in-the-rest-api
 */
export function pageOf<T>(
  hub: Hub,
  request: FrontRequest,
  all: readonly T[],
  wrap: (page: readonly T[]) => unknown = (page) => page,
): FrontAnswer {
  const perPage = Math.min(positive(request.query.get("per_page"), 30), 100);
  const page = positive(request.query.get("page"), 1);
  const last = Math.max(1, Math.ceil(all.length / perPage));
  const link = (number: number, rel: string) => {
    const query = new URLSearchParams(request.query);
    query.set("page", String(number));
    return `<${hub.url}${request.path}?${query}>; rel="${rel}"`;
  };
  const links = [
    ...(page > 1 ? [link(page - 1, "prev"), link(1, "first")] : []),
    ...(page < last ? [link(page + 1, "next"), link(last, "last")] : []),
  ];
  return {
    status: 200,
    ...(links.length > 0 ? { headers: { link: links.join(", ") } } : {}),
    body: wrap(all.slice((page - 1) * perPage, page * perPage)),
  };
}

export function positive(text: string | null, otherwise: number): number {
  const number = Number(text);
  return Number.isSafeInteger(number) && number > 0 ? number : otherwise;
}

const USER_URLS = [
  ...["followers", "subscriptions", "orgs", "repos", "received_events"].map((name) => [name, `/${name}`]),
  ...[["following", "/following{/other_user}"]],
  ...[["gists", "/gists{/gist_id}"]],
  ...[["starred", "/starred{/owner}{/repo}"]],
  ...[["events", "/events{/privacy}"]],
].map(([name, path]) => [name === "orgs" ? "organizations" : name, path] as const);

/** A user, an organisation or a bot, as GitHub shows it everywhere. The id follows from the name. */
export function describeUser(hub: Pick<Hub, "url">, login: string, type: "User" | "Organization" | "Bot" = "User") {
  const id = (createHash("sha256").update(login).digest().readUInt32BE() % 90_000_000) + 10_000_000;
  const url = `${hub.url}/users/${encodeURIComponent(login)}`;
  return {
    login,
    id,
    node_id: nodeId(type, id),
    avatar_url: `${hub.url}/avatars/u/${id}?v=4`,
    gravatar_id: "",
    url,
    html_url: `${hub.url}/${login}`,
    ...Object.fromEntries(USER_URLS.map(([name, path]) => [`${name}_url`, `${url}${path}`])),
    type,
    user_view_type: "public",
    site_admin: false,
  };
}

/** The App itself, as check runs and deployments name it. */
export function describeApp(hub: Hub) {
  return {
    id: hub.appId,
    slug: APP_SLUG,
    node_id: nodeId("App", hub.appId),
    owner: describeUser(hub, hub.account, "Organization"),
    name: "Slipway demo",
    description: "",
    external_url: hub.url,
    html_url: `${hub.url}/apps/${APP_SLUG}`,
    created_at: "2026-01-05T09:00:00Z",
    updated_at: "2026-01-05T09:00:00Z",
    permissions: APP_PERMISSIONS,
    events: APP_EVENTS,
  };
}

/** The user as whom an App acts. */
export const describeBot = (hub: Hub) => describeUser(hub, `${APP_SLUG}[bot]`, "Bot");
