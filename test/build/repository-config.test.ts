import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { applyRepositoryConfig } from "../../src/build/repository-config.ts";
import { ConfigurationError } from "../../src/config/problem.ts";
import { PermanentError } from "../../src/errors.ts";
import type { SiteBuild } from "../../src/model/build.ts";
import { siteWith } from "./site-and-listings.ts";

const apply = (text: string | null, changes: Partial<SiteBuild> = {}) => applyRepositoryConfig(siteWith(changes), text);

/** What the transcript would say of a file that is refused. */
function refusal(text: string): string {
  try {
    apply(text);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(error).toBeInstanceOf(PermanentError);
    return (error as Error).message;
  }
  throw new Error("it is not refused");
}

const WHOLE = `
build:
  install: npm ci --omit=dev
  command: npm run build:prod
  output: dist/site
  node: 22
  env: { API: https://api.example.com, LEVEL: 3, DEBUG: false }
prerender: { routes: [/], crawl: true }
check: { links: fail }
`;

describe("The repository's file", () => {
  test("sets how the site is built, and is named for each setting", () => {
    const { site, from } = apply(WHOLE);
    expect(site).toMatchObject({
      install: "npm ci --omit=dev",
      command: "npm run build:prod",
      output: "dist/site",
      node: "22",
      env: { API: "https://api.example.com", LEVEL: "3", DEBUG: "false" },
      prerender: { routes: ["/"], crawl: true },
      links: "fail",
    });
    expect(Object.keys(from).sort()).toEqual(["command", "env", "install", "links", "node", "output", "prerender"]);
    expect(new Set(Object.values(from))).toEqual(new Set([".github/slipway.yml"]));
  });

  test.each([null, "", "# later\n", "{}", "build: {}"])("that says nothing (%j) changes nothing", (text) => {
    expect(apply(text)).toEqual({ site: siteWith(), from: {} });
  });

  test("does not overrule the operator, key by key", () => {
    const { site, from } = apply(WHOLE, { command: "make", env: { API: "https://other.example.com" }, links: "off" });
    expect(site).toMatchObject({
      command: "make",
      output: "dist/site",
      env: { API: "https://other.example.com", LEVEL: "3" },
      links: "off",
    });
    expect(from).not.toHaveProperty("command");
    expect(from).not.toHaveProperty("links");
    expect(from.output).toBe(".github/slipway.yml");
  });

  test("never overrules what the operator set, whatever it holds", () => {
    const operators = { install: "i", command: "c", output: "o", node: "24", links: "off" } as const;
    const text = fc.option(fc.stringMatching(/^[a-z][a-z0-9 ./]{0,20}$/), { nil: undefined });
    fc.assert(
      fc.property(fc.record({ install: text, command: text, output: text, node: text }), (build) => {
        const given = Object.fromEntries(
          Object.entries(build).filter(([key, value]) => value?.trim() && !(key === "output" && value.includes(".."))),
        );
        const { site, from } = apply(JSON.stringify({ build: given, check: { links: "fail" } }), operators);
        expect(site).toMatchObject(operators);
        expect(from).toEqual({});
      }),
    );
  });

  test("may tell its sites apart", () => {
    const text = `
build: { command: make all, output: web }
sites:
  shop: { build: { output: web/shop }, check: { links: warn } }
  docs: { build: { output: web/docs } }
`;
    expect(apply(text).site).toMatchObject({ command: "make all", output: "web/shop", links: "warn" });
    expect(apply(text, { name: "docs" }).site).toMatchObject({ output: "web/docs", links: null });
    expect(apply(text, { name: "other" }).site.output).toBe("web");
    expect(apply(text, { name: "constructor" }).site.output).toBe("web");
  });
});

describe("What is the operator's is refused, and said to be:", () => {
  test.each([
    ["isolation: none", "isolation"],
    ["limits: { memory: 64GB }", "limits"],
    ["publish: ftps://other.example.com/", "publish"],
    ["password: env:SHOP_FTP_PASSWORD", "password"],
    ["allowHosts: [10.0.0.1]", "allowHosts"],
    ["branch: other", "branch"],
    ["repo: other/shop", "repo"],
    ["build: { secrets: { KEY: env:KEY } }", "build.secrets"],
    ["build: { timeout: 10h }", "build.timeout"],
    ["build: { idleTimeout: 10h }", "build.idleTimeout"],
    ["sites: { shop: { isolation: none } }", "sites.shop.isolation"],
    ["sites: { shop: { build: { secrets: { KEY: env:KEY } } } }", "sites.shop.build.secrets"],
  ])("%s", (text, key) => {
    expect(refusal(text)).toBe(
      `.github/slipway.yml has a problem:\n  ${key}: can be set by the operator of Slipway only, in slipway.yaml on the server`,
    );
  });

  test.each(["PATH", "HOME", "CI", "LD_PRELOAD", "BASH_ENV", "ENV", "SLIPWAY_COMMIT"])("the variable %s", (name) => {
    expect(refusal(`build: { env: { ${name}: x } }`)).toContain(`build.env.${name}: cannot be set by a repository`);
  });
});

describe("A file that is wrong is refused, naming itself and the key:", () => {
  test.each<[string, string]>([
    ["biuld: { command: x }", "biuld: is not a key of this file; did you mean build?"],
    ["build: { comand: x }", "build.comand: is not a key of this file; did you mean command?"],
    ["build: { zzz: x }", "build.zzz: is not a key of this file; known here: install, command, output, node, env"],
    ["build: { command: [a, b] }", "build.command: "],
    ["build: { command: '' }", "build.command: "],
    ["build: { output: ../elsewhere }", "build.output: leads out of the repository"],
    ["build: { output: /etc }", "build.output: leads out of the repository"],
    ["build: { node: [22] }", "build.node: "],
    ["build: { env: { 'a-b': x } }", "build.env.a-b: is no name of an environment variable"],
    ["build: { env: { A: [x] } }", "build.env.A: "],
    ["check: { links: sometimes }", "check.links: "],
    ["prerender: { routes: / }", "prerender.routes: "],
    ["sites: [shop]", "sites: "],
    ["- build", "the file: "],
    ["build: just text", "build: "],
    ["build: {", "the file: "],
    ["build:\n\t- x", "the file: "],
    ["a: &a [x, x]\nb: &b [*a, *a, *a]\n".repeat(2), "the file: "],
    ["build: { command: a }\nbuild: { command: b }", "the file: "],
  ])("%j", (text, message) => {
    expect(refusal(text)).toMatch(/^\.github\/slipway\.yml has (a problem|\d problems):\n/);
    expect(refusal(text)).toContain(`\n  ${message}`);
  });

  test("with all that is wrong at once", () => {
    const text = "isolation: none\nbuild: { comand: x, output: ../x }\ncheck: { links: no }";
    expect(refusal(text)).toMatch(/has 4 problems:/);
  });

  test("in one line for each problem, however long or deep it is", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        try {
          apply(JSON.stringify(value));
        } catch (error) {
          expect(error).toBeInstanceOf(ConfigurationError);
        }
      }),
    );
  });
});
