/** A site on another host than GitHub: which keys say how its repository is reached, and which do not go together. */
import { describe, expect, it } from "vitest";
import { parseConfig } from "../../src/config/load-config.ts";
import { problemsOf } from "./problems-of.ts";

const site = (keys: string) => `sites: { s: { publish: "dir:/srv", ${keys} } }`;
const PIN = `SHA256:${"a".repeat(43)}`;

describe("a site on another host", () => {
  it.each([
    'repo: group/sub/deep/shop, git: "https://git.example.com/group/sub/deep/shop.git", gitToken: env:T',
    `repo: a/b, git: "ssh://git@git.example.com/a/b.git", deployKey: file:/run/secrets/key, gitHostKey: "${PIN}"`,
    `repo: a/b, git: "git@git.example.com:a/b.git", gitHostKey: ["${PIN}", "${PIN}"]`,
    "repo: a/b",
  ])("with %s is in order", (keys) => {
    expect(problemsOf(site(keys))).toEqual([]);
  });

  it("may have its address as hosts show it", () => {
    const { sites } = parseConfig(site(`repo: a/b, git: "git@git.example.com:a/b.git", gitHostKey: "${PIN}"`), "tests");
    expect(sites.s).toMatchObject({ git: "ssh://git@git.example.com/a/b.git", gitHostKey: [PIN] });
  });

  it.each([
    ["repo: group/sub/shop", "repo: is no repository of GitHub's; write owner/name, or git beside it"],
    ["repo: shop", "repo: is no repository; write owner/name"],
    ["repo: a/b, gitToken: env:T", "gitToken: goes with git; repositories on GitHub are read by the App"],
    ["repo: a/b, deployKey: env:K", "deployKey: goes with git; repositories on GitHub are read by the App"],
    [
      'repo: a/b, git: "https://h/a/b", deployKey: env:K',
      "deployKey: goes with git over ssh, and git is https://h/a/b",
    ],
    ['repo: a/b, git: "h:a/b", gitToken: env:T', "gitToken: goes with git over https, and git is ssh://h/a/b"],
    [`repo: a/b, git: "file:///a", gitHostKey: "${PIN}"`, "gitHostKey: goes with git over ssh, and git is file:///a"],
  ])("with %s is refused with advice", (keys, problem) => {
    expect(problemsOf(site(keys))).toEqual([`sites.s.${problem}`]);
  });

  it("never has the secrets themselves, nor half a fingerprint", () => {
    const keys = 'repo: a/b, git: "ssh://h/a/b", deployKey: "-----BEGIN KEY", gitHostKey: SHA256:abc';
    expect(problemsOf(site(keys))).toEqual([
      expect.stringMatching(/^sites.s.deployKey: is not a reference to a secret/),
      expect.stringMatching(/^sites.s.gitHostKey: /),
    ]);
  });
});
