import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname } from "node:path";
import { type Browser, chromium } from "playwright-core";
import { expect, onTestFinished, test, vi } from "vitest";
import { findChromium } from "../../src/prerender/find-chromium.ts";
import { describeWithProgram } from "../servers/available.ts";
import { type PrerenderWorld, prerender } from "./prerender-world.ts";

/** A browser takes its time on a busy machine. */
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const TYPES: Readonly<Record<string, string>> = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css" };

/** A web server without any rule: files, and a folder's index.html. */
async function serve({ files, read }: Pick<PrerenderWorld, "files" | "read">): Promise<string> {
  const server = createServer((request, response) => {
    const path = `.${request.url ?? ""}`.replace(/\/$/, "/index.html").slice(2);
    if (!files().includes(path)) response.writeHead(404).end();
    else response.writeHead(200, { "content-type": TYPES[extname(path)] ?? "text/plain" }).end(read(path));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function startBrowser(): Promise<Browser> {
  const executablePath = await findChromium(null, process.env.PATH ?? "");
  const browser = await chromium.launch({ executablePath, chromiumSandbox: false });
  onTestFinished(() => browser.close());
  return browser;
}

describeWithProgram("chromium", "A page that was written", () => {
  test("shows its text without scripts, and is taken over by the application with them", async () => {
    const world = await prerender({ settings: { routes: ["/", "/about", "/old"] } });
    expect(world.result()).toMatchObject({ pages: 2, redirects: 1, failed: [] });
    const url = await serve(world);
    const browser = await startBrowser();

    const still = await browser.newPage({ javaScriptEnabled: false });
    await still.goto(`${url}/about/`);
    expect(await still.locator("h1").innerText()).toBe("About");
    await still.goto(`${url}/old/`);
    await still.waitForURL(`${url}/about/`);

    const page = await browser.newPage();
    const errors: string[] = [];
    page.on("pageerror", (error) => errors.push(error.message));
    page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
    await page.route("**/favicon.ico", (route) => route.fulfill({ status: 204 }));
    await page.goto(`${url}/about/`, { waitUntil: "networkidle" });
    await page.getByRole("button").click();
    await page.getByRole("button").click();
    expect(await page.locator("#count").innerText()).toBe("2");
    expect(await page.locator("h1").count()).toBe(1);
    expect(errors).toEqual([]);
  });

  test("that the application would show twice fails, with what to do", async () => {
    const files = { "app.js": "document.getElementById('app').innerHTML += '<p>Welcome to the shop</p>'" };
    const { result } = await prerender({ files });
    expect(result().failed).toEqual([
      { route: "/", reason: expect.stringContaining('shows "Welcome to the shop" twice when the app starts') },
    ]);
  });

  test("holds what was typed, shadow trees and data, and neither added scripts nor overlays", async () => {
    const app = `
      const app = document.getElementById("app");
      app.innerHTML = '<h1>Form</h1><input id="name"><div id="host"></div>';
      document.getElementById("name").value = "Ada";
      document.getElementById("host").attachShadow({ mode: "open" }).innerHTML = "<p>In the shade</p>";
      const script = document.createElement("script");
      script.src = "/chunk.js";
      const data = document.createElement("script");
      data.type = "application/ld+json";
      data.textContent = "{}";
      document.head.append(script, data);
      document.body.append(Object.assign(document.createElement("aside"), { textContent: "Overlay" }));
    `;
    const { read, result } = await prerender({ files: { "app.js": app, "chunk.js": "" } });
    expect(result().failed).toEqual([]);
    const page = read("index.html");
    expect(page).toContain('<input id="name" value="Ada">');
    expect(page).toContain('<template shadowrootmode="open"><p>In the shade</p></template>');
    expect(page).toContain('<script type="application/ld+json">{}</script>');
    expect(page).not.toMatch(/chunk\.js|Overlay/);
  });
});
