/** Which sites a push on another git host deploys, and why it deploys none. */
import { describe, expect, it } from "vitest";
import { type GitPushFacts, handleGitPush } from "../../src/handlers/git-push.ts";
import type { GitPushEvent } from "../../src/model/event.ts";

const BEFORE = "1".repeat(40);
const AFTER = "2".repeat(40);

const push = (part: Partial<GitPushEvent> = {}): GitPushEvent => ({
  type: "git_push",
  source: "lab",
  label: "GitLab",
  cause: "delivery 7",
  cloneUrls: ["https://git.example.com/group/sub/shop.git", "git@git.example.com:group/sub/shop.git"],
  repoName: "group/sub/shop",
  ref: "refs/heads/main",
  before: BEFORE,
  after: AFTER,
  head: { message: "Fix\n\nLong text", author: "Ada" },
  sites: null,
  ...part,
});

type Site = GitPushFacts["sites"][number];
const site = (part: Partial<Site> = {}): Site => ({
  name: "shop",
  git: "ssh://git@git.example.com/group/sub/shop.git",
  branch: "main",
  workflow: null,
  after: [],
  repoId: null,
  repoName: "group/sub/shop",
  installationId: null,
  active: null,
  ...part,
});

const effects = (event: GitPushEvent, ...sites: Site[]) => handleGitPush(event, { sites });

describe("a push on another git host", () => {
  it("deploys the sites of that repository, over whichever address they are cloned", () => {
    const others = [
      site({ name: "blog", git: "https://git.example.com/group/blog.git" }),
      site({ name: "hub", git: null }),
    ];
    const https = site({ name: "docs", git: "https://x@git.example.com/group/sub/shop" });
    expect(effects(push(), site(), https, ...others)).toEqual(
      ["shop", "docs"].map((name) => ({
        do: "deploy",
        site: name,
        trigger: "push",
        cause: `push git.example.com/group/sub/shop ${BEFORE}..${AFTER}`,
        repoId: null,
        repoName: "group/sub/shop",
        installationId: null,
        branch: "main",
        commit: AFTER,
        author: "Ada",
        title: "Fix",
      })),
    );
  });

  it("has one cause however it is reported, so that it deploys once", () => {
    const causes = [
      push(),
      push({ source: "mirror", label: "Gitea", cause: "delivery 8" }),
      push({ cloneUrls: ["https://git.example.com/group/sub/shop"], sites: ["shop"] }),
    ].flatMap((event) => effects(event, site()));
    expect(new Set(causes.map((it) => (it.do === "deploy" ? it.cause : it.do))).size).toBe(1);
  });

  it("deploys the sites that the settings name, whatever the addresses, and clones what we know", () => {
    const named = push({ cloneUrls: [], repoName: "evil/other", sites: ["shop", "shop", "gone"] });
    const hub = site({ git: null, repoId: 42, repoName: "acme/shop", installationId: 9 });
    expect(effects(named, hub)).toMatchObject([
      { do: "deploy", site: "shop", repoId: 42, repoName: "acme/shop", installationId: 9 },
      { do: "skip", site: null, reason: "there is no site gone in slipway.yaml" },
    ]);
  });

  it.each<[string, Partial<GitPushEvent>, Partial<Site>, string]>([
    ["another branch", { ref: "refs/heads/next" }, {}, "next is not main, the branch that is deployed"],
    ["a tag", { ref: "refs/tags/v1" }, {}, "refs/tags/v1 is not a branch"],
    ["the end of the branch", { after: null, head: null }, {}, "the branch main was deleted"],
    ["what is on its way", {}, { active: "d-1" }, "2222222 is being deployed already by d-1"],
  ])("does nothing for %s", (_, event, part, reason) => {
    expect(effects(push(event), site(part))).toEqual([{ do: "skip", site: "shop", reason }]);
  });

  it.each<[string, Partial<GitPushEvent>, Partial<Site>, RegExp]>([
    ["says so itself", { head: { message: "Fix [skip ci]", author: "" } }, {}, /^the commit message says \[skip ci\]/],
    ["waits for CI", {}, { after: ["CI"] }, /^it waits for CI, which deploys it by succeeding/],
    ["is built by a workflow", {}, { workflow: "ci.yml" }, /^it waits for the workflow ci.yml/],
  ])("is recorded and not deployed where the commit %s", (_, event, part, reason) => {
    expect(effects(push(event), site(part))).toMatchObject([
      { do: "skip_deployment", site: "shop", commit: AFTER, reason: expect.stringMatching(reason) },
    ]);
  });

  it("of a repository that no site has says what is missing", () => {
    expect(effects(push({ repoName: "x".repeat(9999) }), site({ git: null }))).toMatchObject([
      { do: "skip", site: null, reason: expect.stringMatching(/^no site is configured for x{200}; the git of a site/) },
    ]);
    expect(effects(push({ cloneUrls: [] }), site())).toMatchObject([
      { do: "skip", reason: expect.stringContaining("sources.lab.sites has to name the site") },
    ]);
  });

  it("of a site without a repository of its own on that host is not taken for one by an address that is none", () => {
    expect(effects(push({ cloneUrls: ["nonsense", ""] }), site({ git: "file:///srv/shop.git" }))).toMatchObject([
      { do: "skip", site: null },
    ]);
  });

  it("without a message has an author and a title all the same", () => {
    expect(effects(push({ head: null }), site())).toMatchObject([{ do: "deploy", author: "unknown", title: "" }]);
  });
});
