import { appendFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { watchReceiving } from "../../src/git/receiving.ts";
import { temporaryFolder } from "./git-repository.ts";

test("A long fetch says every now and then how much has arrived", async () => {
  const folder = temporaryFolder();
  const packs = join(folder, "objects", "pack");
  mkdirSync(packs, { recursive: true });
  const lines: string[] = [];
  const receiving = watchReceiving(folder, (line) => lines.push(line), { lookEveryMs: 5, sayEveryMs: 10 });

  writeFileSync(join(packs, "pack-abc.pack"), "an older one");
  writeFileSync(join(packs, "tmp_pack_x"), Buffer.alloc(1_500_000));
  await vi.waitFor(() => expect(lines).toContain("Received 1.5 MB so far"));
  appendFileSync(join(packs, "tmp_pack_x"), Buffer.alloc(1_000_000));
  await vi.waitFor(() => expect(lines).toContain("Received 2.5 MB so far"));

  rmSync(join(packs, "tmp_pack_x"));
  expect(await receiving.stop()).toBe(2_500_000);
});

test("A fetch that nothing arrives of says nothing", async () => {
  const lines: string[] = [];
  const receiving = watchReceiving(temporaryFolder(), (line) => lines.push(line), { lookEveryMs: 1, sayEveryMs: 0 });
  expect(await receiving.stop()).toBe(0);
  expect(lines).toEqual([]);
});
