/** Whoever is killed while caches are kept or put back leaves all of a tree to the next deployment, or nothing. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { temporaryFolder } from "../git/git-repository.ts";
import { createCacheWorld, SHOP, writeFiles } from "./cache-world.ts";
import { installMany, MANY } from "./many-packages.ts";

const PROGRAM = fileURLToPath(new URL("deploy-until-killed.ts", import.meta.url));
const KILLS = 5;

test(`Deployments that are killed at ${KILLS} different moments leave whole trees or none`, {
  timeout: 120_000,
}, async () => {
  const folder = temporaryFolder();
  const { deploy, folder: caches } = createCacheWorld(folder);
  const whole = await deploy({ files: MANY, install: installMany });
  for (let kill = 0; kill < KILLS; kill++) {
    const child = spawn(process.execPath, [PROGRAM, folder], { stdio: ["ignore", "pipe", "inherit"] });
    onTestFinished(() => void child.kill("SIGKILL"));
    const ended = once(child, "exit");
    // From here on it is somewhere in its next deployments; where is all the same, and another place each time.
    await once(child.stdout, "data");
    await delay(kill * 11);
    child.kill("SIGKILL");
    await ended;

    const next = await deploy({ files: MANY, install: installMany });
    expect(next.before).toEqual(whole.before);
    // Nothing is left over either.
    expect(readdirSync(join(caches, "shop/entries")).length).toBe(1);
  }
});

/** Kept dependencies of a deployment, and the folder of their entry. */
async function kept() {
  const { deploy, folder } = createCacheWorld(temporaryFolder());
  const first = await deploy({ build: ({ source }) => writeFiles(source, { ".angular/cache/a": "a" }) });
  const entries = join(folder, "shop/entries");
  const entry = readdirSync(entries)
    .map((name) => join(entries, name))
    .find((path) => readFileSync(join(path, "entry.json"), "utf8").includes('"dependencies"'));
  return { deploy, first, entry: entry ?? "" };
}

test.each<[string, (entry: string) => void]>([
  ["has no record yet", (entry) => renameSync(join(entry, "entry.json"), join(entry, "entry.json.new"))],
  ["has a record that was cut off", (entry) => writeFileSync(join(entry, "entry.json"), '{"kind":"depend')],
  ["has an empty record", (entry) => writeFileSync(join(entry, "entry.json"), "")],
  ["has a record of paths that lead out", (entry) => lead(entry, "source/../../../other")],
  ["has a record of an absolute path", (entry) => lead(entry, "/etc/cron.d/x")],
  ["has no fingerprint", (entry) => rmSync(join(entry, "fingerprint.json"))],
  ["has a fingerprint that was cut off", (entry) => writeFileSync(join(entry, "fingerprint.json"), '{"stamps":[["a"')],
  ["lost its files", (entry) => rmSync(join(entry, "files"), { recursive: true })],
  ["lost a file", (entry) => rmSync(join(entry, "files/0/left/index.js"))],
])("An entry that %s is not used", async (_, damage) => {
  const { deploy, first, entry } = await kept();
  damage(entry);
  const second = await deploy({ build: () => {} });
  expect(second.isWarm).toBe(false);
  expect(second.before.filter((path) => !path.includes(".angular"))).toEqual(first.before);
  expect((await deploy({ files: SHOP })).isWarm).toBe(true);
});

function lead(entry: string, path: string): void {
  const record = JSON.parse(readFileSync(join(entry, "entry.json"), "utf8")) as { units: string[] };
  writeFileSync(join(entry, "entry.json"), JSON.stringify({ ...record, units: [path] }));
}

test("Downloads that a build could have changed, as it was cut off, are dropped", async () => {
  const { deploy, folder } = createCacheWorld(temporaryFolder());
  await deploy();
  writeFiles(join(folder, "shop"), { "downloads/pnpm-store/a": "a", "downloads.in-doubt": "" });
  const next = await deploy();
  expect(next.said).toContain("Downloaded packages are dropped");
  expect(readdirSync(join(folder, "shop/downloads"))).toEqual([]);
});
