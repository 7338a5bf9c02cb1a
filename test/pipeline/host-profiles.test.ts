import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readHostProfile, writeHostProfile } from "../../src/pipeline/host-profiles.ts";
import { ownerIdFor } from "../../src/pipeline/owner-id.ts";
import { UNKNOWN_HOST } from "../../src/publishers/host-profile.ts";
import { temporaryFolder } from "../git/git-repository.ts";

const LABEL = "ftps://deploy@ftp.example.com/httpdocs";
const known = { ...UNKNOWN_HOST, passive: "EPSV", pipelines: true, connections: { max: 3, atMs: 5 } } as const;

test("What was learned of a host is remembered for that target alone, in a file that only Slipway's user reads", async () => {
  const dataDir = temporaryFolder();
  expect(await readHostProfile(dataDir, LABEL)).toBeNull();
  await writeHostProfile(dataDir, LABEL, known);
  expect(await readHostProfile(dataDir, LABEL)).toEqual(known);
  expect(await readHostProfile(dataDir, `${LABEL}/other`)).toBeNull();
  const [file = ""] = readdirSync(join(dataDir, "hosts"));
  expect(file).toMatch(/^[0-9a-f]{32}\.json$/);
  expect(readFileSync(join(dataDir, "hosts", file), "utf8")).toContain(LABEL);
  expect(statSync(join(dataDir, "hosts", file)).mode & 0o777).toBe(0o600);
});

test("Many that write at the same time leave one whole file and nothing else", async () => {
  const dataDir = temporaryFolder();
  const writes = Array.from({ length: 20 }, (_, atMs) =>
    writeHostProfile(dataDir, LABEL, { ...known, connections: { max: 3, atMs } }),
  );
  await Promise.all(writes);
  expect(readdirSync(join(dataDir, "hosts"))).toHaveLength(1);
  expect(await readHostProfile(dataDir, LABEL)).toMatchObject({ passive: "EPSV", connections: { max: 3 } });
});

test.each(["", "{", "[]", "null", '{"passive":"ACTIVE","pipelines":"yes"}'])(
  "A file that makes no sense (%s) is as good as none",
  async (content) => {
    const dataDir = temporaryFolder();
    await writeHostProfile(dataDir, LABEL, known);
    const [file = ""] = readdirSync(join(dataDir, "hosts"));
    writeFileSync(join(dataDir, "hosts", file), content);
    expect((await readHostProfile(dataDir, LABEL)) ?? UNKNOWN_HOST).toEqual(UNKNOWN_HOST);
  },
);

test("A data folder locks its sites under one name each, which no other folder has", async () => {
  const [one, other] = [temporaryFolder(), temporaryFolder()];
  mkdirSync(join(one, "hosts"));
  const names = await Promise.all([ownerIdFor(one, "shop"), ownerIdFor(one, "shop"), ownerIdFor(one, "shop")]);
  expect(new Set(names).size).toBe(1);
  expect(await ownerIdFor(one, "docs")).not.toBe(names[0]);
  expect(await ownerIdFor(other, "shop")).not.toBe(names[0]);
});
