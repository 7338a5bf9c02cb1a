/** A click on GitHub: the same rules and the same deeds as in Slack. */
import { expect, it } from "vitest";
import { type CheckRunFacts, handleCheckRun } from "../../src/handlers/check-run.ts";
import type { CheckRunEvent } from "../../src/model/event.ts";
import type { Person } from "../../src/model/person.ts";
import { aDeployment } from "../notify/deployment.ts";
import { asking, audited, rules, subject } from "./asking.ts";

const ID = "d-mf2k9x1c-4f7a";
const OCTAVIA: Person = { name: "octavia", slack: null, github: { login: "octavia", canWrite: true } };
const event = (action: CheckRunEvent["action"]): CheckRunEvent => ({
  type: "check_run",
  action,
  repoId: 1,
  repoName: "acme/shop",
  installationId: 100,
  deployment: ID,
  login: "octavia",
  cause: "check_run 1",
});
const facts = (part: Partial<CheckRunFacts> = {}): CheckRunFacts => ({
  ...asking({
    person: OCTAVIA,
    to: null,
    triggerId: null,
    workspace: { team: null, directMessages: false, sharedChannels: [] },
  }),
  deployment: aDeployment({ id: ID, state: "live" }),
  subject: subject({ rules: rules({ operators: ["github:octavia"] }) }),
  liveDeployment: ID,
  liveRelease: "b".repeat(64),
  ...part,
});

it.each<[CheckRunEvent["action"], object]>([
  ["redeploy", { kind: "redeploy", target: null }],
  ["rollback", { kind: "rollback", target: null, from: "b".repeat(64) }],
  ["rerun", { kind: "deploy", commit: aDeployment({}).commit }],
])("%s is done in the name of whoever clicked", (action, deed) => {
  expect(handleCheckRun(event(action), facts())).toMatchObject([
    { do: "operate", site: "shop", deed, by: "octavia (GitHub)", where: "GitHub", to: null },
  ]);
});

it("to run again what published a kept release is as much as a rollback: not for deployers, and for two where two are needed", () => {
  const deployment = aDeployment({ id: ID, state: "live", trigger: "rollback", askedRelease: "f00d" });
  const as = (part: Parameters<typeof rules>[0]) =>
    handleCheckRun(event("rerun"), facts({ deployment, subject: subject({ rules: rules(part) }) }));
  expect(audited(as({ deployers: ["github:octavia"] }))).toEqual(["denied by role"]);
  const deed = { kind: "redeploy", target: { kind: "hex", start: "f00d" } };
  const operators = ["github:octavia"];
  expect(as({ operators })).toMatchObject([{ do: "operate", deed }]);
  expect(as({ operators, secondPerson: true })).toMatchObject([{ do: "ask_second_person", deed }]);
});

it.each<[string, Partial<CheckRunFacts>, string]>([
  ["has no role", { subject: subject() }, "denied by role"],
  [
    "may not write to the repository",
    { person: { ...OCTAVIA, github: { login: "octavia", canWrite: false } } },
    "denied by github",
  ],
  [
    "cannot be asked about",
    { person: { ...OCTAVIA, github: { login: "octavia", canWrite: null } } },
    "denied by github",
  ],
  ["clicks on what is no longer live", { liveDeployment: "d-newer-1" }, "refused by state"],
  ["clicks on what Slipway does not know", { deployment: null, subject: null }, "refused by state"],
])("nothing is done where somebody %s", (_, part, rule) => {
  const effects = handleCheckRun(event("rollback"), facts(part));
  expect(audited(effects)).toEqual([rule]);
  expect(effects).toHaveLength(1);
});
