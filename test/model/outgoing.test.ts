/** What docs/webhooks-out.md promises is what is sent. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { deploymentOut, endpointId, isNamed, namesSomeEvent, OUT_TYPES } from "../../src/model/outgoing.ts";
import { aDeployment } from "../notify/deployment.ts";

const DOCS = readFileSync("docs/webhooks-out.md", "utf8");

describe("events for other programs", () => {
  it("are in the document, all of them and no others", () => {
    const named = [...DOCS.matchAll(/^\| `((?:deployment|alert)\.\w+)` \|/gm)].map(([, type]) => type);
    expect(named.toSorted()).toEqual([...OUT_TYPES].toSorted());
  });

  it("have the keys of its example", () => {
    const [, example = "{}"] = /```json\n(.*?)```/s.exec(DOCS) ?? [];
    const { data } = JSON.parse(example) as { data: object };
    const sent = deploymentOut(aDeployment({ state: "live" }), { sequence: 1, liveUrl: null });
    expect(Object.keys(data).toSorted()).toEqual(Object.keys(sent).toSorted());
  });

  it("are picked by their names and their beginnings", () => {
    expect(isNamed([], "alert.firing")).toBe(true);
    expect(isNamed(["deployment.*", "alert.resolved"], "alert.firing")).toBe(false);
    expect(isNamed(["deployment.*", "alert.resolved"], "deployment.held")).toBe(true);
    expect(isNamed(["deployment.live"], "deployment.live.more")).toBe(false);
    expect(["*", "alert.*", "deployment.live"].every(namesSomeEvent)).toBe(true);
    expect(namesSomeEvent("deploy")).toBe(false);
  });

  it("go to an endpoint by a name that tells nothing of its address", () => {
    expect(endpointId("https://a.example.com/token")).toMatch(/^[0-9a-f]{12}$/);
    expect(endpointId("https://a.example.com/token")).not.toBe(endpointId("https://a.example.com/other"));
  });
});
