/** Which sites are built anew for changed content. */
import { expect, it } from "vitest";
import { type ContentFacts, handleContentChanged } from "../../src/handlers/content.ts";
import type { ContentChangedEvent } from "../../src/model/event.ts";

const changed = (part: Partial<ContentChangedEvent> = {}): ContentChangedEvent => ({
  ...{ type: "content_changed", sites: ["shop"], source: "Sanity", titles: ["About us"], by: "Ada" },
  cause: "sanity 1",
  ...part,
});
const site = (part: Partial<ContentFacts["sites"][number]> = {}): ContentFacts["sites"][number] => ({
  ...{ name: "shop", branch: "main", workflow: null, repoId: 42, repoName: "acme/shop", installationId: 9 },
  ...{ after: [], liveCommit: "a1b2c3" },
  ...part,
});

const deploys = (name: string) => ({
  ...{ do: "deploy_content", site: name, branch: "main", repoId: 42, repoName: "acme/shop", installationId: 9 },
  ...{ askedCommit: null, cause: "sanity 1", change: { source: "Sanity", titles: ["About us"], by: "Ada" } },
  debounce: { quietMs: 30_000, longestMs: 300_000 },
});

it("Changed content deploys each site that shows it, once, after half a minute of quiet and five at most", () => {
  const sites = [site(), site({ name: "blog" }), site({ name: "other" })];
  const event = changed({ sites: ["shop", "blog", "shop"] });
  expect(handleContentChanged(event, { sites })).toEqual([deploys("shop"), deploys("blog")]);
});

it("A sender may wait for longer, or not at all", () => {
  const effects = handleContentChanged(changed({ debounce: { quietMs: 0 } }), { sites: [site()] });
  expect(effects).toEqual([{ ...deploys("shop"), debounce: { quietMs: 0, longestMs: 300_000 } }]);
});

it.each<[string, Partial<ContentChangedEvent>, object]>([
  ["that no site shows", { sites: [] }, { site: null, reason: "no site shows the content of Sanity" }],
  ["of a site that is gone", { sites: ["gone"] }, { site: null, reason: "there is no site gone in slipway.yaml" }],
  [
    "of a site that a workflow builds",
    { sites: ["ci"] },
    { site: "ci", reason: "it is built by the workflow CI, which has to run again for changed content" },
  ],
])("Content %s deploys nothing, and the record says why", (_, part, expected) => {
  const sites = [site(), site({ name: "ci", workflow: "CI" })];
  expect(handleContentChanged(changed(part), { sites })).toEqual([{ do: "skip", ...expected }]);
});

it("A site that waits for CI is built from what is live, since its head may not have passed", () => {
  const sites = [site({ after: ["CI"] })];
  expect(handleContentChanged(changed(), { sites })).toEqual([{ ...deploys("shop"), askedCommit: "a1b2c3" }]);
});
