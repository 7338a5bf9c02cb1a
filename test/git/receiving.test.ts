import { appendFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { watchReceiving } from "../../src/git/receiving.ts";
import { PATIENCE } from "../patience.ts";
import { temporaryFolder } from "./git-repository.ts";

test("A long fetch says every now and then how much has arrived", async () => {
  const folder = temporaryFolder();
  const packs = join(folder, "objects", "pack");
  mkdirSync(packs, { recursive: true });
  const lines: string[] = [];
  const receiving = watchReceiving(folder, (line) => lines.push(line), { lookEveryMs: 5, sayEveryMs: 10 });

  writeFileSync(join(packs, "pack-abc.pack"), "an older one");
  writeFileSync(join(packs, "tmp_pack_x"), Buffer.alloc(1_500_000));
  await vi.waitFor(() => expect(lines).toContain("Received 1.5 MB so far"), PATIENCE);
  appendFileSync(join(packs, "tmp_pack_x"), Buffer.alloc(1_000_000));
  await vi.waitFor(() => expect(lines).toContain("Received 2.5 MB so far"), PATIENCE);

  rmSync(join(packs, "tmp_pack_x"));
  expect(await receiving.stop()).toBe(2_500_000);
});

test("A fetch that nothing arrives of says so once it takes long", async () => {
  const lines: string[] = [];
  const say = (line: string) => lines.push(line);
  const quick = watchReceiving(temporaryFolder(), say, { lookEveryMs: 1, sayEveryMs: 0 });
  expect(await quick.stop()).toBe(0);
  expect(lines).toEqual([]);

  const slow = watchReceiving(temporaryFolder(), say, { lookEveryMs: 1, sayEveryMs: 0, sayWaitingEveryMs: 5 });
  await vi.waitFor(() => expect(lines).toContain("Nothing has arrived yet: the host is packing its answer"), PATIENCE);
  expect(await slow.stop()).toBe(0);
});
