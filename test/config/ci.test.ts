/** `ci` and `after` in slipway.yaml: what goes together, and what is refused with advice. */
import { describe, expect, it } from "vitest";
import { parseConfig } from "../../src/config/load-config.ts";
import { problemsOf } from "./problems-of.ts";

const sites = (more = "") => `sites: { shop: { repo: a/b, publish: "dir:/srv"${more && `, ${more}`} } }`;

describe("what follows CI", () => {
  it.each([
    ["nothing", sites()],
    ["no channel at all", `${sites()}\nci: []`],
    ["a site with a channel", `${sites("channel: C0SHOP")}\nci: [{ sites: [shop] }]`],
    ["a site without one, and Slipway's own", `channel: C0OPS\n${sites()}\nci: [{ sites: [shop] }]`],
    ["a site without one, and its own", `${sites()}\nci: [{ sites: [shop], channel: C0CI }]`],
  ])("with %s is in order", (_, text) => {
    expect(problemsOf(text)).toEqual([]);
  });

  it("is each site's channel where nobody says", () => {
    expect(parseConfig(sites(), "the tests").ci).toMatchObject([{ workflows: [], environments: [], actors: [] }]);
  });

  it.each([
    [
      "a site that is not there",
      `channel: C0OPS\n${sites()}\nci: [{}, { sites: [shpo, shop] }]`,
      "ci.1.sites: names shpo, but there is no such site; did you mean shop?",
    ],
    [
      "a site that has no channel",
      `${sites()}\nci: [{ sites: [shop] }]`,
      "ci.0.channel: is missing, since sites.shop has no channel either",
    ],
  ])("with %s is refused with advice", (_, text, expected) => {
    expect(problemsOf(text)).toEqual([expected]);
  });
});

describe("a site that waits for CI", () => {
  it("is in order", () => {
    expect(parseConfig(sites("after: [CI, lint.yml]"), "the tests").sites.shop?.after).toEqual(["CI", "lint.yml"]);
  });

  it("and is built by a workflow is refused with advice", () => {
    expect(problemsOf(sites("after: [CI], build: { from: workflow, workflow: CI }"))).toEqual([
      "sites.shop.after: is of no use beside build.from: workflow, which waits for that workflow already; leave one of them out",
    ]);
  });
});
