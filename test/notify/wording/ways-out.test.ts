/** Whoever is told that a deployment is not made is told why, and how to have it all the same. */
import { expect, it } from "vitest";
import { deploymentLine } from "../../../src/cli/print.ts";
import { type Deployment, skippedBecause, supersededBy } from "../../../src/model/deployment.ts";
import { holdOf } from "../../../src/model/site.ts";
import { checkFields, describeState } from "../../../src/notify/wording/github/github-wording.ts";
import { wordDeployment } from "../../../src/notify/wording/slack/deployment-wording.ts";
import { aDeployment } from "../deployment.ts";

const HOLD = { by: "ada", reason: "the fair begins", atMs: 1 };
const FREE = { githubPause: null, paused: null, locked: null };
const older = aDeployment({ site: "shop", trigger: "push", commit: "a".repeat(40) });

const RECORDS: Array<[Partial<Deployment>, why: string, way: string]> = [
  [
    { state: "skipped", reason: skippedBecause("shop", "the commit message says [skip ci]") },
    "the commit message says [skip ci]",
    "slipway deploy shop",
  ],
  [
    { state: "skipped", reason: skippedBecause("shop", "only paths that do not count changed: docs/a.md") },
    "only paths that do not count changed",
    "slipway deploy shop",
  ],
  [
    { state: "held", reason: holdOf("shop", { ...FREE, paused: HOLD }, "push") },
    "by ada: the fair",
    "slipway resume shop",
  ],
  [
    { state: "held", reason: holdOf("shop", { ...FREE, locked: HOLD }, "push") },
    "by ada: the fair",
    "slipway unlock shop",
  ],
  [
    { state: "superseded", reason: supersededBy(older, { id: "d-2", trigger: "push" }) },
    "superseded by d-2",
    "slipway deploy shop --commit aaaaaaa",
  ],
  [{ state: "cancelled", reason: "cancelled by ada on the command line during build" }, "by ada", "during build"],
];

it.each(RECORDS)("%o", (part, why, way) => {
  const deployment = aDeployment({ site: "shop", ...part });
  const news = { deployment, siteUrl: null, logUrl: null, hasButtons: true };
  const parties = {
    slack: JSON.stringify(wordDeployment(news)),
    status: describeState(deployment),
    check: JSON.stringify(checkFields(news)),
    terminal: deploymentLine(deployment),
  };
  for (const [party, told] of Object.entries(parties)) {
    expect(told, party).toContain(why);
    // Whoever reads it in Slack asks there.
    expect(told, party).toContain(
      party === "slack" ? way.replace("slipway ", "/deploy ").replace("--commit ", "") : way,
    );
  }
});
