import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { loadConfig, parseConfig } from "../../src/config/load-config.ts";
import { nearest } from "../../src/config/problem.ts";
import { problemsOf } from "./problems-of.ts";

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
    expect(Object.keys(config.sites)).toEqual(["docs", "shop", "blog", "intranet"]);
    expect(Object.keys(config.sources)).toEqual(["blog", "articles", "metrics", "payments", "contact", "lab", "crm"]);
    // What it calls defaults are those.
    expect(config.limits).toEqual(parseConfig("", "test").limits);
  });

  it("with nothing but a site has every default", () => {
    const { shop } = parseConfig(site(""), "test").sites;
    expect(shop).toMatchObject({ branch: "main", folder: ".", adopt: false, plain: false });
    expect(shop).toMatchObject({
      strategy: "rename",
      keep: [],
      keepAssets: 3,
      keepAssetsFor: 604_800_000,
      releases: 20,
    });
    expect(parseConfig(site('confirm: { url: "https://shop.example" }'), "test").sites.shop?.confirm).toEqual({
      ...{ url: "https://shop.example", wait: 30_000, rollback: false },
    });
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

  describe("of a site", () => {
    const DIGEST = "ab".repeat(32);
    const HOST_KEY = `SHA256:${"a".repeat(43)}`;
    const at = (publish: string, keys: string) => `sites: { s: { repo: a/b, publish: "${publish}", ${keys} } }`;
    const [ftps, ftp, sftp, dir] = ["ftps://u@h/", "ftp://u@h/", "sftp://u@h/", "dir:/srv"];
    const password = "password: env:X";

    it.each([
      [ftps, password],
      [ftps, `${password}, fingerprint: "${DIGEST}", ca: /ca.pem, connections: 1, strategy: swap`],
      [ftp, `${password}, plain: true`],
      [sftp, password],
      [sftp, "agent: /run/agent.sock"],
      [sftp, `privateKey: file:/key, passphrase: env:P, hostKey: "${HOST_KEY}", connections: 16, strategy: symlink`],
      [dir, "strategy: symlink, releases: 1, keepAssets: 0, keepAssetsFor: 1h"],
    ])("published to %s with %s is in order", (publish, keys) => {
      expect(problemsOf(at(publish, keys))).toEqual([]);
    });

    it.each([
      [ftps, "", "password: is missing; write env:NAME or file:/path"],
      [ftp, "plain: true", "password: is missing; write env:NAME or file:/path"],
      [
        ftp,
        password,
        "publish: sends the password unencrypted; write ftps://, or plain: true beside it if you accept that",
      ],
      [ftps, `${password}, plain: true`, "plain: belongs to ftp, not to ftps"],
      [sftp, `${password}, plain: true`, "plain: belongs to ftp, not to sftp"],
      [dir, password, "password: belongs to ftp and ftps and sftp, not to dir"],
      [ftp, `${password}, plain: true, ca: /ca.pem`, "ca: belongs to ftps, not to ftp"],
      [sftp, `${password}, fingerprint: "${DIGEST}"`, "fingerprint: belongs to ftps, not to sftp"],
      [ftps, `${password}, privateKey: env:K`, "privateKey: belongs to sftp, not to ftps"],
      [ftps, `${password}, passphrase: env:K`, "passphrase: belongs to sftp, not to ftps"],
      [ftps, `${password}, agent: /run/agent.sock`, "agent: belongs to sftp, not to ftps"],
      [ftps, `${password}, hostKey: "${HOST_KEY}"`, "hostKey: belongs to sftp, not to ftps"],
      [dir, "connections: 2", "connections: belongs to ftp and ftps and sftp, not to dir"],
      [sftp, "", "privateKey: is missing; set privateKey, agent or password"],
      [sftp, `${password}, passphrase: env:P`, "passphrase: is of no use without privateKey"],
      [sftp, "passphrase: env:P", "privateKey: is missing; set privateKey, agent or password"],
      [ftps, `${password}, strategy: symlink`, "strategy: symlink needs sftp or dir; ftps has no links"],
    ])("published to %s with %s has one clear problem", (publish, keys, problem) => {
      expect(problemsOf(at(publish, keys))).toEqual([`sites.s.${problem}`]);
    });

    it.each([
      [`${password}, fingerprint: abc`, /fingerprint: is no SHA-256 fingerprint; write 64 hex digits/],
      [`${password}, connections: 17`, /connections: too big/],
      [`${password}, connections: 0`, /connections: too small/],
      [`${password}, strategy: copy`, /strategy: invalid option.*"rename"\|"swap"\|"symlink"/],
      [`${password}, keepAssets: -1`, /keepAssets: too small/],
      [`${password}, keepAssetsFor: soon`, /keepAssetsFor: is no length of time/],
      [`${password}, releases: 0`, /releases: too small/],
      [`${password}, hostKey: "MD5:aa"`, /hostKey: is no key's fingerprint; write SHA256: and 43 characters/],
      [`${password}, agent: agent.sock`, /agent: is no absolute path/],
      [`${password}, privateKey: literal`, /privateKey: is not a reference to a secret/],
      [`${password}, passphrase: literal`, /passphrase: is not a reference to a secret/],
      [
        `${password}, confirm: { url: "https://h", rollback: yes please }`,
        /confirm\.rollback: is neither true nor false/,
      ],
    ])("with %s says what is wrong with it", (keys, problem) => {
      const problems = problemsOf(at(ftps, keys));
      expect(problems).toEqual([expect.stringMatching(problem)]);
    });

    it("reads a certificate's fingerprint as openssl and browsers print it", () => {
      const colons = DIGEST.toUpperCase().replace(/(..)(?!$)/g, "$1:");
      for (const text of [DIGEST, colons, `sha256:${colons}`, `SHA256=${DIGEST}`]) {
        const { s } = parseConfig(at(ftps, `${password}, fingerprint: "${text}"`), "test").sites;
        expect(s?.fingerprint).toBe(DIGEST);
      }
    });

    it.each([
      ["ftps://u@h/a", "ftp://u@H:21/a/", true],
      ["ftps://u@h/a?implicit", "ftps://u@h/a", true],
      ["sftp://u@h/a", "sftp://u@h:22/a/", true],
      ["dir:/srv/a", "dir:///srv/a/", true],
      ["ftps://u@h/a", "ftps://u@h/b", false],
      ["ftps://u@h/a", "ftps://v@h/a", false],
      ["ftps://u@h/a", "ftps://u@h:2121/a", false],
    ])("in %s and one in %s are in one place: %s", (one, other, isSame) => {
      const keys = (publish: string) =>
        publish.startsWith("dir:") ? "" : `password: env:X, plain: ${publish.startsWith("ftp:")}`;
      const problems = problemsOf(
        `sites: { a: { repo: a/b, publish: "${one}", ${keys(one)} }, b: { repo: a/b, publish: "${other}", ${keys(other)} } }`,
      );
      expect(problems).toEqual(isSame ? ["sites.b.publish: is where sites.a is published already"] : []);
    });
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

  it("takes users, groups and GitHub logins for whoever may do something, and refuses what people call themselves", () => {
    const text = (who: string) => site(`deployers: [${who}]`);
    expect(problemsOf(text('U0ALICE, S0TEAM, "github:alice"'))).toEqual([]);
    expect(problemsOf(text("alice")).join("\n")).toMatch(
      /sites\.shop\.deployers\.0: is nobody; write the id of a Slack/,
    );
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
