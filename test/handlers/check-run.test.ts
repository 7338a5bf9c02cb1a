/** What clicks on check runs ask for. */
import { expect, it } from "vitest";
import { type CheckRunFacts, handleCheckRun } from "../../src/handlers/check-run.ts";
import type { CheckRunEvent } from "../../src/model/event.ts";
import { aDeployment } from "../notify/deployment.ts";

const click = (action: CheckRunEvent["action"], part: Partial<CheckRunEvent> = {}): CheckRunEvent => ({
  ...{ type: "check_run", action, repoId: 1, repoName: "acme/shop", installationId: 9, deployment: "d-mf2k9x1c-4f7a" },
  ...{ login: "alice", cause: `check_run 31 ${action} guid`, ...part },
});
const facts = (part: Partial<CheckRunFacts> = {}): CheckRunFacts => ({
  deployment: aDeployment({ state: "live", releaseId: "f".repeat(64) }),
  ...{ isConfigured: true, permission: { may: true, rule: "role", why: "" }, nowMs: 7, ...part },
});
const careful = { adopt: false, allowRemovals: false };

it.each([
  ["rerun", { kind: "deploy", commit: aDeployment({}).commit, cleanCaches: false, ...careful }],
  ["redeploy", { kind: "redeploy", target: { kind: "deployment", id: "d-mf2k9x1c-4f7a" }, ...careful }],
  ["rollback", { kind: "rollback", target: null, from: "f".repeat(64), ...careful }],
] as const)("A click on %s is done to the site, in the name of who clicked", (action, deed) => {
  expect(handleCheckRun(click(action), facts())).toMatchObject([
    { do: "operate", site: "shop", deed, by: "alice (GitHub)", where: "GitHub", rule: "role", to: null },
  ]);
});

it("A click of somebody who may not is written down, and nothing is done", () => {
  const permission = { may: false, rule: "write", why: "alice may not write to acme/shop" };
  expect(handleCheckRun(click("rerun"), facts({ permission }))).toEqual([
    {
      do: "audit",
      entry: {
        ...{ atMs: 7, who: "alice (GitHub)", where: "GitHub", verb: "deploy", site: "shop", rule: "write" },
        ...{ what: "rerun of d-mf2k9x1c-4f7a", result: "denied", outcome: "alice may not write to acme/shop" },
        deployment: "d-mf2k9x1c-4f7a",
      },
    },
  ]);
});

it.each<[string, CheckRunEvent, Partial<CheckRunFacts>, RegExp]>([
  ["a deployment that nobody knows", click("rerun"), { deployment: null }, /no deployment d-mf2k9x1c-4f7a is known/],
  ["a deployment of another repository", click("rerun", { repoId: 2 }), {}, /is of another repository/],
  ["a site that is gone", click("rerun"), { isConfigured: false }, /no longer in slipway\.yaml/],
])("A click about %s does nothing", (_, event, part, reason) => {
  expect(handleCheckRun(event, facts(part))).toMatchObject([{ do: "skip", reason: expect.stringMatching(reason) }]);
});
