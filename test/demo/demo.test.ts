/** The README's first command, as a newcomer runs it. */
import { spawn } from "node:child_process";
import { describe, expect, it } from "vitest";

const SCAN = new URL("./scan-demo.ts", import.meta.url).href;

function runDemo(...args: string[]): Promise<{ code: number | null; out: string }> {
  return new Promise((resolve) => {
    const env = { ...process.env, NO_COLOR: "1", NODE_OPTIONS: `--import=${SCAN}` };
    const child = spawn("npm", ["run", "demo", "--", ...args], { env });
    let out = "";
    child.stdout.on("data", (chunk) => {
      out += chunk;
    });
    child.stderr.on("data", (chunk) => {
      out += chunk;
    });
    child.once("close", (code) => resolve({ code, out }));
  });
}

describe("npm run demo", () => {
  it("with --once plays the whole story, every claim holds, and no secret is written down", {
    timeout: 300_000,
  }, async () => {
    const { code, out } = await runDemo("--once");
    expect(out).toMatch(/All \d\d claims hold/);
    expect(out).not.toContain("✗");
    expect(out).toContain("No secret was seen.");
    expect(code).toBe(0);
  });

  it("names the sites there are when it is given another", { timeout: 30_000 }, async () => {
    const { code, out } = await runDemo("--site", "plan");
    expect([code, out]).toEqual([1, expect.stringContaining("there is no example site plan; did you mean plain?")]);
  });
});
