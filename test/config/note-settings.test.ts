/** Templates and fields of notices are checked while slipway.yaml is read. */
import { describe, expect, it } from "vitest";
import { sourceSettings } from "../../src/config/source-settings.ts";

const issuesOf = (part: object) =>
  sourceSettings
    .safeParse({ kind: "stripe", ...part })
    .error?.issues.map(({ path, message }) => [path.join("."), message]);

describe("A notice in slipway.yaml", () => {
  it("is taken with a template that can be read", () => {
    expect(
      issuesOf({ text: "{json:/data/object/amount|money:json:/data/object/currency}", fields: { Id: "json:/id" } }),
    ).toBe(undefined);
    expect(issuesOf({ routes: [{ notice: { text: "{form:plan}" } }] })).toBe(undefined);
  });

  it("is refused with one that cannot, in a source and in a route", () => {
    const problem = expect.stringContaining("has the filter eval, which there is not; there are money:CURRENCY");
    expect(issuesOf({ text: "{json:/a|eval}" })).toEqual([["text", problem]]);
    expect(issuesOf({ routes: [{ notice: { text: "{json:/a|eval}" } }] })).toEqual([["routes.0.notice.text", problem]]);
  });

  it("shows no place where secrets stand", () => {
    const problem = expect.stringContaining("never shown");
    expect(issuesOf({ fields: { Key: "path" } })).toEqual([["fields.Key", problem]]);
    expect(issuesOf({ routes: [{ notice: { fields: { Key: "header:authorization" } } }] })).toEqual([
      ["routes.0.notice.fields.Key", problem],
    ]);
  });
});
