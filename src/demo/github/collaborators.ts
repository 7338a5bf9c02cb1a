/** Who may do what in a repository: https://docs.github.com/rest/collaborators/collaborators */
import type { FrontRoute } from "../front-request.ts";
import type { Access } from "./access.ts";
import { describeUser, type Hub, notFound, repositoryOf } from "./hub.ts";

/** GitHub's roles, and what `permission` says of them, which knows fewer. */
const PERMISSIONS = { admin: "admin", maintain: "write", write: "write", triage: "read", read: "read", none: "none" };
export type CollaboratorRole = keyof typeof PERMISSIONS;

export type Collaborators = {
  readonly routes: FrontRoute[];
  /** Gives an account a role in all repositories; null: there is no such account any more. */
  set(login: string, role: CollaboratorRole | null): void;
};

export function createCollaborators(
  hub: Hub,
  access: Access,
  roles: Readonly<Record<string, CollaboratorRole>>,
): Collaborators {
  const known = new Map(Object.entries(roles).map(([login, role]) => [login.toLowerCase(), { login, role }]));
  return {
    set(login, role) {
      if (role === null) known.delete(login.toLowerCase());
      else known.set(login.toLowerCase(), { login, role });
    },
    routes: [
      {
        method: "GET",
        path: "/repos/:owner/:repo/collaborators/:login/permission",
        handle(request) {
          access.require(request, repositoryOf(hub, request), "metadata", "read");
          const found = known.get((request.params.login ?? "").toLowerCase());
          if (!found) throw notFound();
          const { login, role } = found;
          const permission = PERMISSIONS[role];
          const user = { ...describeUser(hub, login), permissions: { pull: permission !== "none" }, role_name: role };
          return { status: 200, body: { permission, role_name: role, user } };
        },
      },
    ],
  };
}
