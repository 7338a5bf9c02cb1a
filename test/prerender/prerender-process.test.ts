import { readdirSync } from "node:fs";
import { expect, onTestFinished, test, vi } from "vitest";
import { waitUntil } from "../process/processes.ts";
import { describeWithProgram } from "../servers/available.ts";
import {
  browsersOf,
  commandLineOf,
  createPrerenderWorld,
  type PrerenderWorld,
  startPrerendering,
} from "./prerender-world.ts";

/** A browser takes its time on a busy machine. */
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

/** A process in the middle of a page that is never ready. */
async function startEndless() {
  const world = createPrerenderWorld();
  onTestFinished(() => world.remove());
  const started = startPrerendering(world, { settings: { ready: "false", timeoutMs: 600_000 } });
  onTestFinished(() => void started.child.kill("SIGKILL"));
  await waitUntil("a browser runs", () => browsersOf(world).length > 3, 60_000);
  return { world, ...started };
}

/** The process that started the others of the browser, once a page is open in it. */
function mainProcessOf(world: PrerenderWorld): number | undefined {
  const lines = new Map(browsersOf(world).map((pid) => [pid, commandLineOf(pid)]));
  if (![...lines.values()].some((line) => line.includes("--type=renderer"))) return undefined;
  return Number([...lines].find(([, line]) => !line.includes("--type="))?.[0]);
}

describeWithProgram("chromium", "A prerendering process", () => {
  test("that is asked to end takes its browser and its files with it", async () => {
    const { world, child, exited } = await startEndless();
    child.kill("SIGINT");
    expect(await exited).toBe(1);
    await waitUntil("the browser is gone", () => browsersOf(world).length === 0, 20_000);
    expect(readdirSync(world.temporary)).toEqual([]);
  });

  test("that is killed leaves no browser running", async () => {
    const { world, child, exited } = await startEndless();
    child.kill("SIGKILL");
    await exited;
    await waitUntil("the browser is gone", () => browsersOf(world).length === 0, 20_000);
  });

  test("starts a browser again that was killed, and makes the page all the same", async () => {
    const world = createPrerenderWorld();
    onTestFinished(() => world.remove());
    const { output } = startPrerendering(world, {
      settings: { routes: ["/late"], ready: "'ready' in document.documentElement.dataset" },
    });
    const browser = await waitUntil("a page is open", () => mainProcessOf(world), 60_000);
    process.kill(browser, "SIGKILL");
    const [printed] = await output;
    expect(printed).toContain('{"type":"done","pages":1');
    expect(browsersOf(world)).toEqual([]);
  });
});
