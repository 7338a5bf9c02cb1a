/** What GitHub sends when somebody clicks on a check run: https://docs.github.com/webhooks/webhook-events-and-payloads#check_run */
import { describeApp, describeUser, fullName, type Hub, type HubRepository, nodeId, nowIso } from "./hub.ts";
import { describeRepository, type Payload } from "./payloads.ts";
import { organizationUrls } from "./workflow-runs.ts";

export type CheckRunClick = {
  /** The button's own; null is GitHub's "Re-run", which every check run has. */
  readonly identifier: string | null;
  /** Who clicks. */
  readonly login: string;
};

/** `shown` is the check run as the API describes it. */
export function checkRunPayload(
  hub: Hub,
  repository: HubRepository,
  shown: Readonly<Record<string, unknown>>,
  { identifier, login }: CheckRunClick,
): Payload {
  const sha = String(shown.head_sha);
  const branch = [...repository.heads].find(([, head]) => head === sha)?.[0] ?? repository.defaultBranch;
  return {
    action: identifier === null ? "rerequested" : "requested_action",
    check_run: {
      ...shown,
      check_suite: {
        ...{ id: repository.id, node_id: nodeId("CheckSuite", repository.id), head_branch: branch, head_sha: sha },
        ...{ status: shown.status, conclusion: shown.conclusion },
        url: `${hub.url}/repos/${fullName(repository)}/check-suites/${repository.id}`,
        ...{ before: sha, after: sha, pull_requests: [], app: describeApp(hub) },
        ...{ created_at: nowIso(), updated_at: nowIso() },
      },
    },
    ...(identifier === null ? {} : { requested_action: { identifier } }),
    repository: describeRepository(hub, repository, nowIso()),
    organization: {
      ...describeUser(hub, repository.owner, "Organization"),
      ...organizationUrls(hub, repository.owner),
    },
    sender: describeUser(hub, login),
    installation: { id: hub.installationId, node_id: nodeId("Installation", hub.installationId) },
  };
}
