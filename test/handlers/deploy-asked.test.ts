/** Which sites a build hook deploys, and why it deploys none. */
import { describe, expect, it } from "vitest";
import type { ContentFacts } from "../../src/handlers/content.ts";
import { handleDeployAsked } from "../../src/handlers/deploy-asked.ts";

const LIVE = "1".repeat(40);

type Site = ContentFacts["sites"][number];
const site = (part: Partial<Site> = {}): Site => ({
  ...{ name: "shop", branch: "main", workflow: null, after: [], liveCommit: LIVE },
  ...{ repoId: 42, repoName: "acme/shop", installationId: 9 },
  ...part,
});
const asked = (sites: string[], ...known: Site[]) =>
  handleDeployAsked(
    { type: "deploy_asked", source: "hook", label: "Build hook", cause: "delivery 7", sites },
    { sites: known },
  );

describe("a build hook", () => {
  it("deploys each of its sites once, from the head of the branch", () => {
    expect(asked(["shop", "shop", "docs"], site(), site({ name: "docs" }))).toEqual(
      ["shop", "docs"].map((name) => ({
        ...{ do: "deploy", site: name, trigger: "command", cause: "delivery 7", branch: "main", commit: "" },
        ...{ repoId: 42, repoName: "acme/shop", installationId: 9, askedCommit: null },
        ...{ author: "Build hook", title: "Asked for by hook", askedBy: "the source hook" },
      })),
    );
  });

  it("deploys the commit that is live where the head may not have passed its CI", () => {
    expect(asked(["shop"], site({ after: ["CI"] }))).toMatchObject([{ do: "deploy", askedCommit: LIVE }]);
  });

  it.each<[string, string[], Site[], string | null, RegExp]>([
    ["it names no site", [], [site()], null, /^no site is deployed by hook$/],
    ["there is no such site any more", ["gone"], [site()], null, /^there is no site gone in slipway\.yaml$/],
    [
      "a workflow builds the site",
      ["shop"],
      [site({ workflow: "ci.yml" })],
      "shop",
      /the workflow ci\.yml, which has to run/,
    ],
  ])("deploys nothing where %s, and says so", (_, sites, known, name, reason) => {
    expect(asked(sites, ...known)).toEqual([{ do: "skip", site: name, reason: expect.stringMatching(reason) }]);
  });
});
