import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { PermanentError } from "../../src/errors.ts";
import { describeFailedPages } from "../../src/prerender/prerender-report.ts";
import { describeWithProgram } from "../servers/available.ts";
import { APP, createPrerenderWorld, type PrerenderWorld, prerender, runPrerendering } from "./prerender-world.ts";

/** A browser takes its time on a busy machine. */
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

describeWithProgram("chromium", "A route that is listed", () => {
  let world: PrerenderWorld;
  let ran: Awaited<ReturnType<typeof runPrerendering>>;
  const reasonOf = (route: string) => ran.result().failed.find((page) => page.route === route)?.reason;
  beforeAll(async () => {
    world = createPrerenderWorld();
    const hostile = ["/../x", "/%2e%2e/%2e%2e/etc/x", "/a%2fb", "/a%5Cb", "//evil.example/x", "/q?x=1", "/%ff"];
    const routes = ["/throws", "/rejects", "/empty", "/gone", "/leaves", ...hostile, `/${"x".repeat(300)}`];
    ran = await runPrerendering(world, { settings: { routes } });
  });
  afterAll(() => world.remove());

  test("fails and is named when it throws", () => {
    expect(reasonOf("/throws")).toBe("throws: no price for this one");
  });

  test("fails and is named when what it loads is missing", () => {
    expect(reasonOf("/rejects")).toMatch(/^throws: Unexpected token/);
  });

  test("fails and is named when it shows nothing", () => {
    expect(reasonOf("/empty")).toBe("shows nothing");
  });

  test("fails and is named when it shows the page for addresses that do not exist", () => {
    expect(reasonOf("/gone")).toBe("shows what the app shows for addresses that do not exist");
  });

  test("fails when no file of the output can be named so", () => {
    expect(reasonOf("/a%2fb")).toBe("cannot be the name of a file");
    expect(reasonOf("/a%5Cb")).toBe("cannot be the name of a file");
    expect(reasonOf(`/${"x".repeat(300)}`)).toBe("cannot be the name of a file");
    expect(reasonOf("/%ff")).toBe("is not encoded as UTF-8");
    expect(reasonOf("//evil.example/x")).toBe("is no path of this site");
    expect(reasonOf("/q?x=1")).toMatch(/^has a query/);
  });

  test("leads on where it leads to another site", () => {
    expect(reasonOf("/leaves")).toBeUndefined();
    expect(world.read("leaves/index.html")).toContain('href="https://elsewhere.example/landing?a=1&amp;b=2"');
  });

  test("is written nowhere but in the output, whatever it is called", () => {
    expect(world.files()).toEqual([...["app.css", "app.js", "data/products.json", "index.html", "leaves/index.html"]]);
  });

  test("is named in what is said of the deployment", () => {
    expect(describeFailedPages(ran.result().failed)).toContain("; /throws throws: no price for this one; ");
  });
});

describeWithProgram("chromium", "A page that never comes to an end", () => {
  test("fails and says why, and the others are made all the same", async () => {
    const settings = { routes: ["/hangs", "/circle", "/about"], timeoutMs: 8000, parallel: 3 };
    const { result, read } = await prerender({ settings });
    const reasons = Object.fromEntries(result().failed.map(({ route, reason }) => [route, reason]));
    expect(reasons).toEqual({
      "/hangs": expect.stringContaining("was not ready after 8 s"),
      "/circle": expect.stringContaining("sent in a circle"),
    });
    expect(read("about/index.html")).toContain("<h1>About</h1>");
  });
});

describeWithProgram("chromium", "What a page asks of others", () => {
  const app = readFileSync(`${APP}/app.js`, "utf8");

  test("is blocked, and said", async () => {
    const { result, read } = await prerender({ settings: { routes: ["/tracked"] } });
    expect(result().warnings).toEqual([
      "/tracked asked for https://tracker.example, which was blocked; prerender.allow lists what pages may load",
    ]);
    expect(read("tracked/index.html")).toContain("Nobody counts");
  });

  test("is answered where the operator allows its origin, and by nobody else", async () => {
    const asked: string[] = [];
    const answer = createServer((request, response) => {
      asked.push(request.url ?? "");
      response.writeHead(200, { "access-control-allow-origin": "*" }).end("Hello from there");
    });
    await new Promise<void>((resolve) => answer.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => {
      answer.closeAllConnections();
      answer.close();
    });
    const origin = `http://127.0.0.1:${(answer.address() as AddressInfo).port}`;
    const files = { "app.js": app.replace("https://tracker.example", origin) };
    const allowed = await prerender({ files, settings: { routes: ["/tracked"], allow: [origin] } });
    expect(allowed.result()).toMatchObject({ failed: [], warnings: [] });
    expect(allowed.read("tracked/index.html")).toContain("Hello from there");
    expect(asked).toContain("/hello");
    asked.length = 0;
    const blocked = await prerender({ files, settings: { routes: ["/tracked"], allow: ["https://other.example"] } });
    expect(blocked.read("tracked/index.html")).toContain("Nobody counts");
    expect(asked).toEqual([]);
  });
});

describe("A machine without Chromium", () => {
  test("is told how to install it, and the deployment is not tried again", async () => {
    const { result } = await prerender({ path: "/nowhere" });
    expect(result).toThrow(PermanentError);
    expect(result).toThrow(
      /Prerendering needs Chromium, and this machine has none\. Install it: apt-get install chromium/,
    );
  });
});

describe("An output folder without an application", () => {
  test("is told to have none", async () => {
    const world = createPrerenderWorld();
    onTestFinished(() => world.remove());
    const { result } = await runPrerendering({ ...world, folder: `${world.folder}/data` }, { chromium: "/bin/true" });
    expect(result).toThrow("The output folder has no index.html, so there is no app that could be prerendered.");
  });

  test("is not looked at where the expression is none", async () => {
    const { result } = await prerender({ settings: { ready: "window.ready ===" } });
    expect(result).toThrow(/^prerender\.ready is no JavaScript expression/);
  });
});
