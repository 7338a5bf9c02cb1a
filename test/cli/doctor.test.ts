/** `slipway doctor` as a process, against real servers. */
import { execFile } from "node:child_process";
import { createPublicKey, generateKeyPairSync, verify } from "node:crypto";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { startSlack } from "../../src/demo/slack-server.ts";
import { BUILT_PROGRAM } from "../built-program.ts";
import { temporaryFolder } from "../git/git-repository.ts";
import { PASSWORD, serverForTest } from "../publishers/ftp/world.ts";
import { createSecretScan, secretsIn } from "../secret-scan.ts";

type Finding = { about: string; state: string; says: string; advice: string | null };

/** A folder with a configuration, and the doctor to look at it. */
function createPatient(yaml: string, env: Record<string, string> = {}) {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "slipway.yaml"), yaml);
  const settings = { WEBHOOK_SECRET: "a secret of the tests", DATA_DIR: join(folder, "data"), ...env };
  const scan = createSecretScan(secretsIn(settings));
  onTestFinished(() => scan.check());
  const run = (...args: string[]) =>
    new Promise<{ code: number; out: string }>((resolve) => {
      const options = { cwd: folder, env: { PATH: process.env.PATH, ...settings } };
      execFile(process.execPath, [BUILT_PROGRAM, ...args], options, (error, stdout, stderr) => {
        scan.saw("what the doctor says", stdout + stderr);
        resolve({ code: typeof error?.code === "number" ? error.code : 0, out: stdout + stderr });
      });
    });
  return {
    folder,
    run,
    async examine(...args: string[]) {
      const { code, out } = await run("doctor", "--json", ...args);
      const findings = JSON.parse(out) as Finding[];
      return { code, out, of: (about: string) => findings.find((finding) => finding.about === about) };
    },
  };
}

const site = (lines: string) => `sites: { shop: { repo: acme/shop, isolation: none, ${lines} } }`;

describe("slipway doctor", () => {
  test("finds a good machine in order, one line each, plain where nobody looks", async () => {
    const { folder, run } = createPatient("sites: {}");
    writeFileSync(join(folder, "slipway.yaml"), site(`publish: "dir:${folder}"`));
    const { code, out } = await run("doctor", "--hosts");
    expect([code, out]).toEqual([0, expect.stringMatching(/^✔ environment: is in order$/m)]);
    for (const line of [
      /^✔ slipway.yaml: .* is in order; sites: shop$/m,
      /^▲ url: is not set: .* → set it to where people reach Slipway$/m,
      /^✔ DATA_DIR: .*data can be written to, and has .* of room$/m,
      /^✔ Node: v\d+/m,
      /^✔ git: git version/m,
      /^▲ sites.shop.isolation: none/m,
      /^· isolation: bubblewrap (works here|is better)/m,
      /^✔ sites.shop.publish: dir:.* lets Slipway in \(.*\); no index.html$/m,
      /^· service: is not running/m,
      /to look at\.\n$/,
    ]) {
      expect(out).toMatch(line);
    }
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the start of a colour
    expect(out).not.toMatch(/\u001b/);
  });

  test("names everything that is wrong with the settings, and exits with 1", async () => {
    const { examine } = createPatient("sites: { shop: { repo: acme, brnch: main, publish: 'dir:/srv' } }", {
      PORT: "x",
    });
    const { code, of } = await examine();
    expect(code).toBe(1);
    expect(of("environment, PORT")).toMatchObject({ state: "bad", says: "is no port number (0 to 65535)" });
    expect(of("slipway.yaml, sites.shop.repo")).toMatchObject({ state: "bad" });
    expect(of("slipway.yaml, sites.shop.brnch")?.says).toContain("did you mean branch?");
    // What does not depend on them is looked at all the same.
    expect(of("git")?.state).toBe("good");
  });

  test("says which secrets are there and which are not, and never what they are", async () => {
    const yaml = site(
      `publish: "ftps://u@h.example/", password: "env:PW", build: { secrets: { CMS: "env:CMS_TOKEN" } }`,
    );
    const { examine } = createPatient(yaml, { CMS_TOKEN: "hunter2-hunter2" });
    const { code, out, of } = await examine();
    expect(code).toBe(1);
    expect(of("secrets")).toMatchObject({ state: "good", says: "found: sites.shop.build.secrets.CMS" });
    expect(of("sites.shop.password")).toMatchObject({ state: "bad" });
    expect(out).not.toContain("hunter2");
  });

  test("logs in to the hosts where it is told to, and changes nothing there", async () => {
    const { server, folder } = await serverForTest();
    writeFileSync(join(folder, "index.html"), "there");
    const yaml = site(`publish: "ftp://deploy@127.0.0.1:${server.port}/", plain: true, password: "env:PW"`);
    const well = await createPatient(yaml, { PW: PASSWORD }).examine("--hosts");
    expect(well.of("sites.shop.publish")).toMatchObject({
      state: "good",
      says: expect.stringContaining("lets Slipway in"),
    });
    expect(well.of("sites.shop.publish")?.says).toContain("an index.html");
    expect(server.log.lines.filter((line) => /^(STOR|MKD|DELE|RMD|RNFR|APPE|SITE)/.test(line))).toEqual([]);

    const wrong = await createPatient(yaml, { PW: "another word" }).examine("--hosts");
    expect([wrong.code, wrong.of("sites.shop.publish")?.state]).toEqual([1, "bad"]);
    expect((await createPatient(yaml, { PW: PASSWORD }).examine()).of("hosts")?.state).toBe("note");
  });

  test("shows GitHub and Slack who we are where it is told to", async () => {
    const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const keys = { APP_ID: "77", PRIVATE_KEY: privateKey.export({ type: "pkcs8", format: "pem" }).toString() };
    const github = await githubThatKnows(publicKey.export({ type: "spki", format: "pem" }).toString());
    const slack = await startSlack({ token: "xoxb-good", botName: "slipway", channels: ["shop"] });
    onTestFinished(() => slack.stop());
    const partners = { GITHUB_API_URL: github, SLACK_API_URL: slack.apiUrl };

    const good = await createPatient("sites: {}", { ...keys, ...partners, SLACK_BOT_TOKEN: "xoxb-good" }).examine(
      "--online",
    );
    expect(good.of("GitHub App")).toMatchObject({ state: "good", says: "GitHub knows it as Slipway of 77" });
    expect(good.of("SLACK_BOT_TOKEN")).toMatchObject({
      state: "good",
      says: expect.stringContaining("Slack knows it"),
    });
    expect(good.of("SLACK_SIGNING_SECRET")).toMatchObject({
      state: "warning",
      says: expect.stringContaining("no buttons"),
    });

    const other = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
    const wrong = { APP_ID: "77", PRIVATE_KEY: other.export({ type: "pkcs8", format: "pem" }).toString() };
    const bad = await createPatient("sites: {}", { ...wrong, ...partners, SLACK_BOT_TOKEN: "xoxb-bad" }).examine(
      "--online",
    );
    expect([bad.code, bad.of("GitHub App")?.state, bad.of("SLACK_BOT_TOKEN")?.state]).toEqual([1, "bad", "bad"]);
    expect(bad.out).not.toContain("xoxb-bad");
  });

  test("sees a data folder that others can look into, and one that is none", async () => {
    const open = createPatient("sites: {}");
    mkdirSync(join(open.folder, "data"));
    chmodSync(join(open.folder, "data"), 0o755);
    const { out } = await open.run("doctor");
    expect(out).toMatch(/^▲ DATA_DIR: other users of this machine can look into it → chmod 700 /m);

    const none = createPatient("sites: {}");
    writeFileSync(join(none.folder, "data"), "a file");
    expect((await none.examine()).of("DATA_DIR")).toMatchObject({ state: "bad" });
  });
});

describe("slipway status-page", () => {
  test("prints a link with a key, where people reach Slipway", async () => {
    const { run } = createPatient("url: https://deploy.example.com/");
    const { out } = await run("status-page");
    expect(out).toMatch(/^https:\/\/deploy\.example\.com\/status\?key=\d+\.[0-9a-f]{32}\n$/);
    expect(await createPatient("sites: {}").run("status-page")).toMatchObject({
      code: 1,
      out: expect.stringContaining("url: is not set"),
    });
  });
});

/** GitHub's answer to `GET /app`, for whoever signs with the right key. */
async function githubThatKnows(publicKey: string): Promise<string> {
  const server = createServer((request, response) => {
    const app = appOf(request.headers, publicKey);
    response.statusCode = app === null ? 401 : 200;
    response.end(JSON.stringify(app === null ? { message: "Bad credentials" } : { name: `Slipway of ${app}` }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function appOf({ authorization = "" }: IncomingHttpHeaders, publicKey: string): string | null {
  const [head = "", claims = "", signature = ""] = authorization.replace("Bearer ", "").split(".");
  const signed = Buffer.from(`${head}.${claims}`);
  const isTheirs = verify("RSA-SHA256", signed, createPublicKey(publicKey), Buffer.from(signature, "base64url"));
  const { iss, exp } = JSON.parse(Buffer.from(claims, "base64url").toString()) as { iss: string; exp: number };
  return isTheirs && exp * 1000 > Date.now() ? iss : null;
}
