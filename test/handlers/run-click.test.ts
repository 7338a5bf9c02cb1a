/** What a click on the button of a held delivery comes to: who may, and what they are told. */
import { describe, expect, it } from "vitest";
import { handleRunClick, type RunClickFacts } from "../../src/handlers/run-click.ts";
import { ALICE, asking, audited, member, rules, told } from "./asking.ts";

const HELD = {
  id: 12,
  source: "gitea",
  state: "held",
  verdict: "suspected_replay",
  releasedBy: null,
  isForgotten: false,
} as const;
const workspace = rules({ name: "held deliveries", settings: "slack", deployers: ["U0DAN"], operators: [ALICE] });

function click(delivery: RunClickFacts["delivery"], user = ALICE) {
  return handleRunClick({ value: "12" }, { ...asking({ person: member(user) }), delivery, rules: workspace });
}

describe("Run anyway", () => {
  it("has a held delivery worked off for an operator of the workspace", () => {
    const effects = click(HELD);
    expect(effects[0]).toEqual({ do: "run_delivery", delivery: 12, by: "alice (Slack U0ALICE)" });
    expect(told(effects)).toBe("Delivery 12 of gitea is worked off now.");
    expect(audited(effects)).toEqual([expect.stringMatching(/^done by operators/)]);
  });

  it("is refused to everybody else, and says who may", () => {
    const effects = click(HELD, "U0DAN");
    expect(effects.map((it) => it.do)).not.toContain("run_delivery");
    expect(told(effects)).toMatch(/slack\.operators/);
  });

  it.each([
    ["a delivery that is not known any more", null, /knows nothing of this delivery/],
    [
      "one that somebody had run already",
      { ...HELD, state: "done", releasedBy: "bob" },
      /bob had delivery 12 of gitea run/,
    ],
    ["one that is forgotten", { ...HELD, isForgotten: true }, /forgotten by now; have it sent again/],
    ["one that waits for nobody", { ...HELD, state: "done", verdict: "new" }, /is done; it waits for nobody/],
  ] as const)("does nothing for %s", (_, delivery, says) => {
    const effects = click(delivery);
    expect(effects.map((it) => it.do)).not.toContain("run_delivery");
    expect(told(effects)).toMatch(says);
  });

  it("runs what has the id of another delivery, too", () => {
    expect(click({ ...HELD, state: "done", verdict: "conflict" })[0]).toMatchObject({ do: "run_delivery" });
  });
});
