/**
 * The main road, on real things only: real git, a real Angular application that is installed, built and prerendered, a
 * real vsftpd that insists on TLS with resumed sessions, a signed webhook in, the site out, byte for byte.
 */
import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { type Certificate, createCertificate } from "../src/demo/certificate.ts";
import { observe } from "../src/demo/observer.ts";
import { type RunningSlipway, startSlipway } from "../src/demo/slipway.ts";
import { CHANNEL, type Partners, siteFolder, startPartners } from "../src/demo/world.ts";
import { PATIENCE } from "./patience.ts";
import { createSecretScan, type SecretScan, secretsIn } from "./secret-scan.ts";
import { describeWith } from "./servers/available.ts";
import { startVsftpd } from "./servers/debian-ftp.ts";

const run = promisify(execFile);

/** Every file below `folder`: path → content. */
async function filesOf(folder: string): Promise<Map<string, Buffer>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return new Map(await Promise.all(files.map(async (path) => [relative(folder, path), await readFile(path)] as const)));
}

describeWith("vsftpd", "a push of an Angular application", () => {
  let host: string;
  let certificate: Certificate;
  let vsftpd: Awaited<ReturnType<typeof startVsftpd>>;
  let partners: Partners;
  let slipway: RunningSlipway;
  let scan: SecretScan;

  beforeAll(async () => {
    host = await mkdtemp(join(tmpdir(), "slipway-story-"));
    certificate = await createCertificate();
    vsftpd = await startVsftpd({ root: host, password: "the host's password", tls: certificate });
    partners = await startPartners({
      siteFolder: siteFolder("angular"),
      host: {
        root: host,
        publish: `ftps://${vsftpd.user}@localhost:${vsftpd.port}/`,
        password: vsftpd.password,
        certificate,
      },
    });
    scan = createSecretScan(secretsIn(partners.settings));
    slipway = await startSlipway(partners, { onLog: (line) => scan.saw("the log", line) });
  });
  afterAll(async () => {
    await slipway?.stop();
    if (slipway) {
      await scan.sawSlack(partners.slack, [CHANNEL]);
      scan.sawDatabase(join(partners.folder, "data/slipway.db"));
    }
    await partners?.stop();
    await vsftpd?.stop();
    await rm(host, { recursive: true, force: true });
    scan?.check();
  });

  it("becomes a site on the host, prerendered, byte for byte, and everybody is told", {
    timeout: 400_000,
  }, async () => {
    const { repository, github, web, folder } = partners;
    const commit = await repository.commit({ message: "Open <!channel> & <b>shop</b>", changes: {} });
    const push = await repository.push();
    const delivery = await github.deliverPush({ folder: repository.folder, ...push });
    expect(delivery.status_code).toBe(200);

    // The same build, made beside Slipway.
    const reference = join(folder, "reference");
    await run("git", ["clone", "--quiet", repository.bareFolder, reference]);
    await run("npm", ["ci", "--no-audit", "--no-fund"], { cwd: reference });
    await run("npm", ["run", "build"], { cwd: reference });
    const expected = await filesOf(join(reference, "dist/tidewater/browser"));
    expect(expected.get("about/index.html")?.toString()).toContain("<h1");

    const observer = observe(partners);
    await vi.waitFor(
      async () => {
        const [message] = await observer.messages();
        expect(message?.text).toMatch(/shop (is live|failed)/);
      },
      { timeout: 300_000, interval: 500 },
    );
    const [message, ...others] = await observer.messages();
    expect(message?.text).toContain("shop is live");
    expect(message?.text).not.toContain("<!channel>");
    expect(others).toEqual([]);
    const published = await filesOf(host);
    const own = [...published.keys()].filter((path) => path.startsWith(".slipway/"));
    for (const path of own) published.delete(path);
    expect([...published.keys()].sort()).toEqual([...expected.keys()].sort());
    for (const [path, content] of expected) expect(published.get(path)?.equals(content), path).toBe(true);

    const page = await fetch(`${web.url}/about/`);
    expect(Buffer.from(await page.arrayBuffer()).equals(expected.get("about/index.html") ?? Buffer.alloc(0))).toBe(
      true,
    );
    await vi.waitFor(async () => {
      expect(await observer.deployments()).toMatchObject([
        { sha: commit, states: ["queued", "in_progress", "success"] },
      ]);
      expect(await observer.checks(commit)).toEqual(["success"]);
    }, PATIENCE);
  });
});
