import { describe, expect, test } from "vitest";
import { wantedNode } from "../../src/build/node-range.ts";
import { PermanentError } from "../../src/errors.ts";
import { type Files, listingsOf, siteWith } from "./site-and-listings.ts";

const wanted = (files: Files, node: string | null = null, folder = ".") =>
  wantedNode(siteWith({ node }), "slipway.yaml", listingsOf(files, folder));

const everything = {
  ".nvmrc": "20",
  ".node-version": "21",
  ".tool-versions": "ruby 3.3\nnodejs 22.1.0 # why\n",
  "package.json": {
    engines: { node: ">=18" },
    volta: { node: "23.0.0" },
    devEngines: { runtime: { name: "node", version: "^24" } },
  },
};

test("The version of Node comes from the first of the files that names one", () => {
  const files: Record<string, string | object> = { ...everything };
  const found: unknown[] = [wanted(files, "25")];
  for (const name of [".nvmrc", ".node-version", ".tool-versions"]) {
    found.push(wanted(files));
    delete files[name];
  }
  const { engines, volta, devEngines } = everything["package.json"];
  for (const pack of [{ engines, volta, devEngines }, { volta, devEngines }, { devEngines }, {}]) {
    found.push(wanted({ "package.json": pack }));
  }
  expect(found).toEqual([
    { range: "25", because: "build.node of slipway.yaml" },
    { range: "20", because: ".nvmrc" },
    { range: "21", because: ".node-version" },
    { range: "22.1.0", because: ".tool-versions" },
    { range: ">=18", because: "engines.node of package.json" },
    { range: "23.0.0", because: "volta.node of package.json" },
    { range: "^24", because: "devEngines.runtime of package.json" },
    null,
  ]);
});

test("The nearest folder wins", () => {
  const files = { ".nvmrc": "20", "sites/a/package.json": { engines: { node: "22" } } };
  expect(wanted(files, null, "sites/a")?.because).toBe("engines.node of sites/a/package.json");
  expect(wanted(files, null, "sites")?.because).toBe(".nvmrc");
});

describe(".nvmrc", () => {
  test.each([
    ["v22\n", "22"],
    ["# ours\n\n22.1.0 # newest\n", "22.1.0"],
    ["lts/iron", "^20"],
    ["lts/*", "^24 || ^26"],
    ["node", "*"],
    ["latest", "*"],
    ["node-v20.1.0", "20.1.0"],
    ["20.x", "20.x"],
  ])("with %j means %s", (text, range) => {
    expect(wanted({ ".nvmrc": text })?.range).toBe(range);
  });

  test.each(["lts/nickel", "my-alias", "22; rm -rf /", "9".repeat(500)])("with %j is refused", (text) => {
    expect(() => wanted({ ".nvmrc": text })).toThrow(PermanentError);
    expect(() => wanted({ ".nvmrc": text })).toThrow(".nvmrc names no version of Node");
  });

  test("that says nothing is passed over", () => {
    expect(wanted({ ".nvmrc": "# later\n" })).toBeNull();
  });
});
