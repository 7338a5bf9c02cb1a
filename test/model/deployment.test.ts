/** What the records of deployments that are not made say, and which way they show to make them all the same. */
import { expect, it } from "vitest";
import { type Deployment, skippedBecause, supersededBy } from "../../src/model/deployment.ts";

it("A skipped deployment names the command that makes it, and what that has to wait for", () => {
  expect(skippedBecause("shop", "no file changed")).toBe("no file changed; `slipway deploy shop` deploys it anyway");
  expect(skippedBecause("shop", "the commit message says [skip ci]", "CI")).toBe(
    "the commit message says [skip ci]; `slipway deploy shop` deploys it once CI has succeeded for it",
  );
});

const older = (part: Partial<Deployment> = {}) =>
  ({ site: "shop", trigger: "push", commit: "a".repeat(40), askedRelease: null, ...part }) as const;
const push = { id: "d-2", trigger: "push", commit: "b".repeat(40) } as const;

it.each<[string, Parameters<typeof supersededBy>, string]>([
  ["push", [older(), push], "superseded by d-2; `slipway deploy shop --commit aaaaaaa` deploys it anyway"],
  ["push of the same commit", [older({ commit: push.commit }), push], "superseded by d-2"],
  ["command for the head", [older({ trigger: "command", commit: "" }), push], "superseded by d-2"],
  ["change of content, which the newer one brings", [older({ trigger: "content" }), push], "superseded by d-2"],
  [
    "rollback",
    [older({ trigger: "rollback", askedRelease: "9".repeat(64) }), push],
    "superseded by d-2; `slipway rollback shop 999999999999` deploys it anyway",
  ],
  ["redeploy of what is live", [older({ trigger: "redeploy" }), push], "superseded by d-2"],
  [
    "push, by a rollback,",
    [older(), { id: "d-2", trigger: "rollback", commit: "b".repeat(40) }],
    "superseded by the rollback d-2; `slipway deploy shop --commit aaaaaaa` deploys it anyway",
  ],
])("A superseded %s says by what, and how to have it all the same", (_, given, expected) => {
  expect(supersededBy(...given)).toBe(expected);
});
