/** Webhook payloads with every field that GitHub sends: https://docs.github.com/webhooks/webhook-events-and-payloads */
import { runGit } from "../git-repository.ts";
import {
  APP_EVENTS,
  APP_PERMISSIONS,
  APP_SLUG,
  describeUser,
  fullName,
  type Hub,
  type HubRepository,
  nodeId,
  nowIso,
} from "./hub.ts";

export type Payload = Readonly<Record<string, unknown>>;

export type PushOptions = {
  /** A git folder, bare or not, that has the commits. */
  readonly folder: string;
  /** The commit that the ref was at; all zeros when it did not exist. */
  readonly before: string;
  /** The commit that it is at now; all zeros when it was deleted. */
  readonly after: string;
  /** "refs/heads/main" by default. */
  readonly ref?: string;
  /** When the push was made, in seconds since 1970; it tells two equal pushes apart. Now by default. */
  readonly pushedAt?: number;
  /** The login of who pushed. */
  readonly sender?: string;
};

const NOBODY = /^0+$/;
/** The git fields of one commit, separated by NUL: none of them can contain one. */
const FORMAT = "%H%x00%T%x00%cI%x00%an%x00%ae%x00%cn%x00%ce%x00%B";

/** What GitHub sends when a ref of the repository moved. Reads the commits from a real repository. */
export async function pushPayload(hub: Hub, repository: HubRepository, options: PushOptions): Promise<Payload> {
  const { folder, before, after, ref = "refs/heads/main", sender = "ada" } = options;
  const pushedAt = options.pushedAt ?? Math.floor(Date.now() / 1000);
  const isCreated = NOBODY.test(before);
  const isDeleted = NOBODY.test(after);
  const isForced = !isCreated && !isDeleted && !(await isAncestor(folder, before, after));
  const range = isCreated ? after : `${before}..${after}`;
  const ids = isDeleted ? [] : (await runGit(folder, ["rev-list", "--reverse", "--max-count=2048", range])).split("\n");
  const commits = await Promise.all(ids.filter(Boolean).map((id) => describeCommit(hub, repository, folder, id)));
  const page = `${hub.url}/${fullName(repository)}`;
  return {
    ref,
    before,
    after,
    repository: {
      ...describeRepository(hub, repository, pushedAt),
      // In push payloads dates of the repository are numbers, and its owner has a name.
      created_at: 1_767_603_600,
      owner: { name: repository.owner, email: null, ...describeUser(hub, repository.owner, "Organization") },
      stargazers: 0,
      master_branch: repository.defaultBranch,
      organization: repository.owner,
    },
    pusher: { name: sender, email: `${sender}@example.com` },
    organization: { login: repository.owner, id: describeUser(hub, repository.owner).id, description: "" },
    sender: describeUser(hub, sender),
    installation: { id: hub.installationId, node_id: nodeId("Installation", hub.installationId) },
    created: isCreated,
    deleted: isDeleted,
    forced: isForced,
    base_ref: null,
    compare: isCreated
      ? `${page}/commit/${after.slice(0, 12)}`
      : `${page}/compare/${before.slice(0, 12)}...${after.slice(0, 12)}`,
    commits,
    head_commit: isDeleted ? null : await describeCommit(hub, repository, folder, after),
  };
}

/** What GitHub sends when the App is installed, removed, suspended or comes back. */
export function installationPayload(
  hub: Hub,
  repositories: readonly HubRepository[],
  options: { readonly action: "created" | "deleted" | "suspend" | "unsuspend"; readonly sender?: string },
): Payload {
  const { action, sender = "ada" } = options;
  return {
    action,
    installation: describeInstallation(hub, action === "suspend"),
    repositories: repositories.map((repository) => describeBriefly(repository)),
    requester: null,
    sender: describeUser(hub, sender),
  };
}

/** What GitHub sends when a repository got another name; the repository carries the new one already. */
export function renamedPayload(
  hub: Hub,
  repository: HubRepository,
  options: { readonly from: string; readonly sender?: string },
): Payload {
  return {
    action: "renamed",
    changes: { repository: { name: { from: options.from } } },
    repository: describeRepository(hub, repository, nowIso()),
    organization: { login: repository.owner },
    sender: describeUser(hub, options.sender ?? "ada"),
    installation: { id: hub.installationId, node_id: nodeId("Installation", hub.installationId) },
  };
}

/** What GitHub sends to a hook that was just made. */
export function pingPayload(hub: Hub, hookId: number, hookUrl: string): Payload {
  return {
    zen: "Keep it logically awesome.",
    hook_id: hookId,
    hook: {
      type: "App",
      id: hookId,
      name: "web",
      active: true,
      events: APP_EVENTS,
      config: { content_type: "json", insecure_ssl: "0", secret: "********", url: hookUrl },
      updated_at: nowIso(),
      created_at: nowIso(),
      app_id: hub.appId,
      deliveries_url: `${hub.url}/app/hook/deliveries`,
    },
  };
}

function describeInstallation(hub: Hub, isSuspended: boolean) {
  const owner = describeUser(hub, hub.account, "Organization");
  return {
    id: hub.installationId,
    account: owner,
    repository_selection: "selected",
    access_tokens_url: `${hub.url}/app/installations/${hub.installationId}/access_tokens`,
    repositories_url: `${hub.url}/installation/repositories`,
    html_url: `${hub.url}/organizations/${hub.account}/settings/installations/${hub.installationId}`,
    app_id: hub.appId,
    app_slug: APP_SLUG,
    target_id: owner.id,
    target_type: "Organization",
    permissions: APP_PERMISSIONS,
    events: APP_EVENTS,
    created_at: nowIso(),
    updated_at: nowIso(),
    single_file_name: null,
    has_multiple_single_files: false,
    single_file_paths: [],
    suspended_by: isSuspended ? owner : null,
    suspended_at: isSuspended ? nowIso() : null,
  };
}

function describeBriefly(repository: HubRepository) {
  const { id, name } = repository;
  return { id, node_id: nodeId("Repository", id), name, full_name: fullName(repository), private: false };
}

async function describeCommit(hub: Hub, repository: HubRepository, folder: string, id: string) {
  const fields = (await runGit(folder, ["show", "--no-patch", `--format=${FORMAT}`, id])).split("\0");
  const [sha = "", tree = "", timestamp = "", author = "", authorEmail = "", committer = "", email = "", body = ""] =
    fields;
  const changed = await runGit(folder, [
    ...["diff-tree", "-r", "-z", "--root", "--no-commit-id", "--name-status", "--no-renames", id],
  ]);
  const words = changed.split("\0");
  const paths = (letter: string) => words.filter((_, at) => at % 2 === 1 && words[at - 1] === letter);
  const username = (address: string) => (address.endsWith("@example.com") ? address.split("@")[0] : undefined);
  return {
    id: sha,
    tree_id: tree,
    distinct: true,
    message: body.trimEnd(),
    timestamp,
    url: `${hub.url}/${fullName(repository)}/commit/${sha}`,
    author: { name: author, email: authorEmail, username: username(authorEmail) },
    committer: { name: committer, email, username: username(email) },
    added: paths("A"),
    removed: paths("D"),
    modified: paths("M"),
  };
}

async function isAncestor(folder: string, before: string, after: string): Promise<boolean> {
  const base = await runGit(folder, ["merge-base", before, after]).catch(() => "");
  return base === before;
}

/** The part of an address after the repository's own: name of the field without "_url" → path. */
const REPOSITORY_URLS: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    [
      ...["forks", "teams", "hooks", "events", "tags", "languages", "stargazers", "contributors", "subscribers"],
      ...["subscription", "merges", "downloads", "deployments"],
    ].map((name) => [name, `/${name}`]),
  ),
  keys: "/keys{/key_id}",
  collaborators: "/collaborators{/collaborator}",
  issue_events: "/issues/events{/number}",
  assignees: "/assignees{/user}",
  branches: "/branches{/branch}",
  blobs: "/git/blobs{/sha}",
  git_tags: "/git/tags{/sha}",
  git_refs: "/git/refs{/sha}",
  trees: "/git/trees{/sha}",
  statuses: "/statuses/{sha}",
  commits: "/commits{/sha}",
  git_commits: "/git/commits{/sha}",
  comments: "/comments{/number}",
  issue_comment: "/issues/comments{/number}",
  contents: "/contents/{+path}",
  compare: "/compare/{base}...{head}",
  archive: "/{archive_format}{/ref}",
  issues: "/issues{/number}",
  pulls: "/pulls{/number}",
  milestones: "/milestones{/number}",
  notifications: "/notifications{?since,all,participating}",
  labels: "/labels{/name}",
  releases: "/releases{/id}",
};

/** The whole repository. `pushedAt` is a number of seconds in push payloads, a date elsewhere. */
export function describeRepository(hub: Hub, repository: HubRepository, pushedAt: number | string) {
  const url = `${hub.url}/repos/${fullName(repository)}`;
  const page = `${hub.url}/${fullName(repository)}`;
  const urls = Object.entries(REPOSITORY_URLS).map(([name, path]) => [`${name}_url`, `${url}${path}`]);
  const features = ["issues", "projects", "downloads", "wiki", "pages", "discussions"];
  const counts = ["forks_count", "stargazers_count", "watchers_count", "open_issues_count"];
  return {
    ...describeBriefly(repository),
    owner: describeUser(hub, repository.owner, "Organization"),
    html_url: page,
    description: null,
    fork: false,
    url,
    ...Object.fromEntries(urls),
    created_at: "2026-01-05T09:00:00Z",
    updated_at: nowIso(),
    pushed_at: pushedAt,
    git_url: `${page.replace(/^http/, "git")}.git`,
    ssh_url: `git@127.0.0.1:${fullName(repository)}.git`,
    clone_url: `${page}.git`,
    svn_url: page,
    homepage: null,
    size: 42,
    ...Object.fromEntries(counts.map((name) => [name, 0])),
    language: "HTML",
    ...Object.fromEntries(features.map((name) => [`has_${name}`, name !== "pages" && name !== "discussions"])),
    mirror_url: null,
    archived: false,
    disabled: false,
    license: null,
    allow_forking: true,
    is_template: false,
    web_commit_signoff_required: false,
    topics: [],
    custom_properties: {},
    visibility: "public",
    forks: 0,
    open_issues: 0,
    watchers: 0,
    default_branch: repository.defaultBranch,
  };
}
