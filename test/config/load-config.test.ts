import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { loadConfig, parseConfig } from "../../src/config/load-config.ts";
import { ConfigurationError, nearest } from "../../src/config/problem.ts";
import { keysWithoutEffect } from "../../src/config/rules.ts";

const problemsOf = (text: string): string[] => {
  try {
    parseConfig(text, "slipway.yaml");
    return [];
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigurationError);
    return (error as ConfigurationError).problems.map(({ key, message }) => `${key}: ${message}`);
  }
};
const site = (keys: string) => `sites: { shop: { repo: acme/shop, publish: "dir:/srv/shop", ${keys} } }`;

/** Each line holds ten of the line before. */
function bomb(): string {
  const ten = (name: string) => Array(10).fill(`*${name}`).join(", ");
  const lines = ["a: &a [x]"];
  for (const [name, before] of ["ba", "cb", "dc", "ed", "fe", "gf"])
    lines.push(`${name}: &${name} [${ten(before ?? "")}]`);
  return lines.join("\n");
}

describe("slipway.yaml", () => {
  it("in the example is valid", () => {
    const config = parseConfig(readFileSync("slipway.example.yaml", "utf8"), "slipway.example.yaml");
    expect(Object.keys(config.sites)).toEqual(["docs", "shop", "intranet"]);
    expect(keysWithoutEffect(config)).toEqual([]);
  });

  it("with nothing but a site has every default", () => {
    const { shop } = parseConfig(site(""), "test").sites;
    expect(shop).toMatchObject({ branch: "main", folder: ".", isolation: "none", adopt: false });
    expect(shop?.build).toEqual({ env: {}, secrets: {}, timeout: 900_000, idleTimeout: 300_000 });
  });

  it("that is empty has no sites", () => {
    expect(parseConfig("", "test").sites).toEqual({});
  });

  it("with five mistakes names all five, with their paths and the nearest known keys", () => {
    const problems = problemsOf(`
url: ftp://deploy.example.com
sites:
  shop:
    repo: acme
    brnch: main
    publish: ftps://user:hunter2@ftp.example.com/
    password: hunter2
`);
    expect(problems).toHaveLength(5);
    expect(problems.join("\n")).toContain("sites.shop.brnch: is not a key of Slipway's; did you mean branch?");
    for (const path of ["url:", "sites.shop.repo:", "sites.shop.publish:", "sites.shop.password:"]) {
      expect(
        problems.some((it) => it.startsWith(path)),
        path,
      ).toBe(true);
    }
    expect(problems.join("\n")).not.toContain("hunter2");
  });

  it.each([
    ["a literal secret", site("password: hunter2"), /sites\.shop\.password: is not a reference to a secret.*env:NAME/],
    [
      "a target without a protocol",
      `sites: { s: { repo: a/b, publish: ftp.example.com } }`,
      /sites\.s\.publish: is no target; write ftps:/,
    ],
    [
      "a target that comes later",
      `sites: { s: { repo: a/b, publish: "sftp://u@h/" } }`,
      /sftp:\/\/ is not supported by this version/,
    ],
    [
      "an account without a password",
      `sites: { s: { repo: a/b, publish: "ftps://u@h/" } }`,
      /sites\.s\.password: is missing/,
    ],
    ["a target without a user", `sites: { s: { repo: a/b, publish: "ftps://h/", password: "env:X" } }`, /has no user/],
    [
      "an unknown option of a target",
      `sites: { s: { repo: a/b, publish: "ftps://u@h/?implizit", password: "env:X" } }`,
      /\?implizit/,
    ],
    ["a relative dir:", `sites: { s: { repo: a/b, publish: "dir:srv" } }`, /absolute folder/],
    ["isolation that is not there yet", site("isolation: bubblewrap"), /sites\.shop\.isolation:.*not available/],
    ["an output outside the repository", site("build: { output: ../../etc }"), /sites\.shop\.build\.output: leads out/],
    ["a folder outside the repository", site("folder: /etc"), /sites\.shop\.folder: leads out/],
    ["a time that is none", site("build: { timeout: soon }"), /sites\.shop\.build\.timeout: is no length of time/],
    ["a wrong type", site("branch: [main]"), /sites\.shop\.branch: invalid input: expected string/],
    ["a missing key", "sites: { shop: { publish: 'dir:/srv' } }", /sites\.shop\.repo: is missing/],
    [
      "a site's odd name",
      "sites: { My Shop: { repo: a/b, publish: 'dir:/srv' } }",
      /sites\.My Shop: is no name for a site/,
    ],
    [
      "two sites in one place",
      `sites: { a: { repo: a/b, publish: "dir:/srv" }, b: { repo: a/b, publish: "dir:/srv/" } }`,
      /sites\.b\.publish: is where sites\.a/,
    ],
    ["broken YAML", "sites: { shop: [", /line 1, column/],
    [
      "a key that stands twice",
      "url: https://a.example\nurl: https://b.example",
      /line 2, column 1: Map keys must be unique/,
    ],
    ["a list where keys belong", "- sites", /the file: invalid input/],
  ])("with %s is refused with advice", (_, text, expected) => {
    expect(problemsOf(text).join("\n")).toMatch(expected);
  });

  it("that is not there says what to do", () => {
    expect(() => loadConfig("/nowhere/slipway.yaml")).toThrow(
      /SLIPWAY_CONFIG: cannot be read .*copy slipway\.example\.yaml/,
    );
  });

  it("reads lengths of time as people write them", () => {
    const timeout = (text: string) =>
      parseConfig(site(`build: { timeout: ${text} }`), "test").sites.shop?.build.timeout;
    expect(["90s", "15m", "1h 30m", "250ms", "1.5h", "90"].map(timeout)).toEqual([
      90_000, 900_000, 5_400_000, 250, 5_400_000, 90_000,
    ]);
  });

  it("names keys that have no effect yet", () => {
    const text = site("prerender: { crawl: true }, keep: ['uploads/**'], deployers: [U1]").replace("}\n", "");
    expect(keysWithoutEffect(parseConfig(text, "test"))).toEqual([
      "sites.shop.prerender",
      "sites.shop.keep",
      "sites.shop.deployers",
    ]);
  });

  it.each([
    ["that names nothing", "*nothing", /alias.*nothing/i],
    ["in a million copies", bomb(), /alias/i],
  ])("with an alias %s is a problem like any other", (_, text, expected) => {
    expect(problemsOf(text).join("\n")).toMatch(expected);
  });

  it("never makes the reader throw anything but a list of problems", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        problemsOf(text);
      }),
    );
  });
});

describe("the nearest known word", () => {
  it("is found for swapped, missing and doubled letters, and for nothing else", () => {
    const known = ["branch", "build", "publish", "password"];
    expect(["brnach", "biuld", "publsh", "passsword", "Branch"].map((it) => nearest(it, known))).toEqual([
      "branch",
      "build",
      "publish",
      "password",
      "branch",
    ]);
    expect(nearest("colour", known)).toBeUndefined();
  });
});
