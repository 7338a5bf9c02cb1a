/** Repositories: which there are, which an installation reaches, and the ways to one that was renamed. */
import type { FrontAnswer, FrontRoute } from "../front-request.ts";
import type { Access } from "./access.ts";
import { fullName, type Hub, type HubRepository, nowIso, pageOf, repositoryOf } from "./hub.ts";
import { describeRepository } from "./payloads.ts";

export function createRepositoryRoutes(hub: Hub, access: Access): FrontRoute[] {
  return [
    {
      method: "GET",
      path: "/repos/:owner/:repo",
      handle(request) {
        const repository = repositoryOf(hub, request);
        access.require(request, repository, "metadata", "read");
        return { status: 200, body: describeRepository(hub, repository, nowIso()) };
      },
    },
    {
      method: "GET",
      path: "/installation/repositories",
      handle(request) {
        const ids = access.reach(request);
        const own = hub.repositories.filter((one) => one.owner === hub.account);
        const all = own.filter((one) => ids === null || ids.includes(one.id));
        return pageOf(hub, request, all, (page) => ({
          total_count: all.length,
          repository_selection: "selected",
          repositories: page.map((one) => describeRepository(hub, one, nowIso())),
        }));
      },
    },
  ];
}

/**
 * A repository's former name redirects to its id, which stands for its present name.
 * https://docs.github.com/rest/using-the-rest-api/best-practices-for-using-the-rest-api ("follow redirects")
 */
export function followRename(hub: Hub, { method, path }: { method: string; path: string }): string | FrontAnswer {
  const [, byId, rest = ""] = /^\/repositories\/(\d+)(\/.*)?$/.exec(path) ?? [];
  const known = hub.repositories.find((one) => one.id === Number(byId));
  if (known) return `/repos/${fullName(known)}${rest}`;
  const [, name = "", tail = ""] = /^\/repos\/([^/]+\/[^/]+)(\/.*)?$/.exec(path) ?? [];
  const isName = (one: HubRepository) => fullName(one).toLowerCase() === name.toLowerCase();
  const moved = hub.repositories.find((one) => one.formerNames.some((it) => it.toLowerCase() === name.toLowerCase()));
  if (!moved || hub.repositories.some(isName)) return path;
  const location = `${hub.url}/repositories/${moved.id}${tail}`;
  return {
    status: method === "GET" ? 301 : 307,
    headers: { location },
    body: { message: "Moved Permanently", url: location, documentation_url: "https://docs.github.com/rest" },
  };
}
