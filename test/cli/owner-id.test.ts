import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { claimOwnerId } from "../../src/cli/owner-id.ts";

describe.runIf(process.platform === "linux")("claimOwnerId", () => {
  const label = `dir:/nowhere/${process.pid}`;

  it("gives two that run at the same time different ids, and the next one the same again", async () => {
    const first = await claimOwnerId(label);
    const second = await claimOwnerId(label);
    const elsewhere = await claimOwnerId(`${label}/else`);
    expect(new Set([first.id, second.id, elsewhere.id]).size).toBe(3);
    for (const it of [first, second, elsewhere]) it.release();
    const next = await claimOwnerId(label);
    next.release();
    expect(next.id).toBe(first.id);
  });

  it("takes over from a process that was killed", async () => {
    const source = new URL("../../src/cli/owner-id.ts", import.meta.url);
    const code = `const { claimOwnerId } = await import(${JSON.stringify(source)});
      console.log((await claimOwnerId(${JSON.stringify(label)})).id);
      setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ["--input-type=module", "--eval", code]);
    const closed = once(child, "close");
    const [chunk] = await once(child.stdout, "data");
    const during = await claimOwnerId(label);
    child.kill("SIGKILL");
    await closed;
    const after = await claimOwnerId(label);
    for (const it of [during, after]) it.release();
    expect(after.id).toBe(String(chunk).trim());
    expect(during.id).not.toBe(after.id);
  });
});
