/** What the command line prints of others' words. */
import { expect, test } from "vitest";
import { auditLines } from "../../src/cli/audit-lines.ts";
import { deploymentLine } from "../../src/cli/print.ts";
import { aDeployment } from "../notify/deployment.ts";

const HOSTILE = "\u001b[2J\u009b31m\u0007\nfake";

test("A deployment is one line without anything that drives a terminal, whatever others called things or answered", () => {
  const line = deploymentLine(
    aDeployment({ title: HOSTILE, author: HOSTILE, reason: HOSTILE, remarks: [`Slack was not told: ${HOSTILE}`, "b"] }),
  );
  expect(line).not.toMatch(/\p{Cc}/u);
  expect(line).toMatch(/ \(Slack was not told: .*fake; b\)$/);
});

test("The audit log is a line for each entry, in columns that one long reason does not push away", () => {
  const entry = { verb: "lock", site: null, rule: "role", result: "done", deployment: null, where: "C0SHOP" } as const;
  const lines = auditLines([
    { ...entry, atMs: 0, who: HOSTILE, what: "x".repeat(100), outcome: HOSTILE },
    { ...entry, atMs: 1000, who: "bob", what: "lock shop", outcome: "shop is locked" },
  ]);
  expect(lines.join("")).not.toMatch(/\p{Cc}/u);
  expect(lines[1]).toBe(
    `1970-01-01 00:00:01  done  -  ${"bob".padEnd(HOSTILE.length)}  C0SHOP  ${"lock shop".padEnd(40)}  shop is locked (role)`,
  );
  expect(auditLines([])).toEqual(["nobody has asked for anything yet"]);
});

test("tells what was published again or taken back from what was built, and who asked for it", () => {
  const line = (changes: Parameters<typeof aDeployment>[0]) =>
    deploymentLine(aDeployment({ author: "Ada", ...changes }));
  const asked = { askedBy: "dan (Slack U0DAN)", state: "live" } as const;
  expect(line({ ...asked, trigger: "redeploy" })).toContain("(Ada; redeployed, asked for by dan (Slack U0DAN))");
  expect(line({ ...asked, trigger: "rollback", state: "queued" })).toContain("(Ada; rollback, asked for by dan");
  expect(line({ trigger: "push", askedBy: null })).toContain("(Ada)");
  expect(line({ trigger: "content", askedBy: null })).not.toContain("Ada");
});
