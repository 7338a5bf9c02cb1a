/** What the command line prints of records. */
import { expect, it } from "vitest";
import { deploymentLine } from "../../src/cli/print.ts";
import { aDeployment } from "../notify/deployment.ts";

it("tells what was published again or taken back from what was built, and who asked for it", () => {
  const line = (changes: Parameters<typeof aDeployment>[0]) =>
    deploymentLine(aDeployment({ author: "Ada", ...changes }));
  const asked = { askedBy: "dan (Slack U0DAN)", state: "live" } as const;
  expect(line({ ...asked, trigger: "redeploy" })).toContain("(Ada; redeployed, asked for by dan (Slack U0DAN))");
  expect(line({ ...asked, trigger: "rollback", state: "queued" })).toContain("(Ada; rollback, asked for by dan");
  expect(line({ trigger: "push", askedBy: null })).toContain("(Ada)");
  expect(line({ trigger: "content", askedBy: null })).not.toContain("Ada");
});
