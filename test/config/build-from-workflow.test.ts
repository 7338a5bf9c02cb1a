/** build.from: workflow in slipway.yaml: which keys go with it, and which do not. */
import { describe, expect, it } from "vitest";
import { parseConfig } from "../../src/config/load-config.ts";
import { problemsOf } from "./problems-of.ts";

const site = (build: string) => `sites: { s: { repo: a/b, publish: "dir:/srv", build: { ${build} } } }`;
const problems = (build: string) => problemsOf(site(build));

describe("a site that a workflow builds", () => {
  it.each([
    "from: workflow, workflow: CI",
    "from: workflow, workflow: ci.yml, artifact: site, output: dist/browser, timeout: 5m",
  ])("with %s is in order", (build) => {
    expect(problems(build)).toEqual([]);
    expect(parseConfig(site(build), "the tests").sites.s?.build).toMatchObject({ from: "workflow" });
  });

  it.each([
    ["from: workflow", ["workflow: is missing; write the workflow's name, or its file: ci.yml"]],
    ["from: ci, workflow: CI", ["from: is neither left out nor workflow"]],
    ["workflow: CI", ["workflow: is of no use without from: workflow beside it"]],
    ["artifact: site, command: make", ["artifact: is of no use without from: workflow beside it"]],
    [
      "from: workflow, workflow: CI, command: make, env: { A: b }, secrets: { T: env:T }",
      ["command", "env", "secrets"].map(
        (key) => `${key}: is of no use with from: workflow, since nothing is built here`,
      ),
    ],
    [
      "from: workflow, workflow: CI, install: npm ci, node: '22'",
      [/^sites.s.build.install: /, /^sites.s.build.node: /],
    ],
    ["from: workflow, workflow: CI, output: ../up", ["output: leads out of the repository"]],
  ])("with %s is refused with advice", (build, expected) => {
    expect(problems(build)).toEqual(
      expected.map((it) => (typeof it === "string" ? `sites.s.build.${it}` : expect.stringMatching(it))),
    );
  });
});

it("A workflow's artifact of a repository that is cloned from elsewhere is refused", () => {
  const text = `sites: { s: { repo: a/b, git: "https://git.example.com/b.git", publish: "dir:/srv", build: { from: workflow, workflow: CI } } }`;
  expect(() => parseConfig(text, "the tests")).toThrow(
    "sites.s.build.from: is of no use beside git, since workflows run for the repository on GitHub; leave git out, or from",
  );
});
