import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { describeWithProgram } from "../servers/available.ts";
import {
  browsersOf,
  createPrerenderWorld,
  type PrerenderWorld,
  prerender,
  runPrerendering,
} from "./prerender-world.ts";

/** A browser takes its time on a busy machine. */
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

describeWithProgram("chromium", "An application that is prerendered from its start page", () => {
  let world: PrerenderWorld;
  let ran: Awaited<ReturnType<typeof runPrerendering>>;
  beforeAll(async () => {
    world = createPrerenderWorld();
    ran = await runPrerendering(world, { settings: { crawl: true } });
  });
  afterAll(() => world.remove());

  test("has a page for each address that its links lead to, and says how many", () => {
    expect(ran.result()).toMatchObject({ pages: 5, redirects: 1, notFoundPage: true, failed: [] });
    expect(world.files()).toEqual([
      ...["200.html", "404.html", "about/index.html", "app.css", "app.js", "data/products.json", "index.html"],
      ...["old/index.html", "products/index.html", "products/kettle/index.html", "products/teapot/index.html"],
      "sitemap.xml",
    ]);
    expect(ran.said).toEqual([]);
    expect(ran.code).toBe(0);
  });

  test("shows in each page what the application made of it, its title and what it fetched included", () => {
    expect(world.read("about/index.html")).toContain("<title>About</title>");
    expect(world.read("products/index.html")).toContain('<a href="/products/teapot">Teapot</a>');
    expect(world.read("products/index.html")).toContain('<script type="module" src="/app.js"></script>');
  });

  test("has a page that leads on where the application does", () => {
    expect(world.read("old/index.html")).toContain('<meta http-equiv="refresh" content="0; url=/about/">');
  });

  test("has the application's own page for addresses that do not exist, and its shell beside the start page", () => {
    expect(world.read("404.html")).toContain("There is no such page.");
    expect(world.read("404.html")).not.toContain("canonical");
    expect(world.read("200.html")).toContain('<div id="app"></div>');
  });

  test("names each page's address where the application does not, and leaves the one that it names", () => {
    const canonical = (path: string) => [...world.read(path).matchAll(/<link rel="canonical"[^>]*>/g)].map(String);
    expect(canonical("index.html")).toEqual(['<link rel="canonical" href="https://shop.example/">']);
    expect(canonical("products/kettle/index.html")).toEqual([
      '<link rel="canonical" href="https://shop.example/products/kettle/">',
    ]);
    expect(canonical("products/teapot/index.html")).toEqual(['<link rel="canonical" href="/products/kettle">']);
  });

  test("lists its pages in the sitemap, but neither redirects nor pages that belong to another address", () => {
    const listed = [...world.read("sitemap.xml").matchAll(/<loc>([^<]*)<\/loc>/g)].map((match) => match[1]);
    expect(listed).toEqual([
      "https://shop.example/",
      "https://shop.example/about/",
      "https://shop.example/products/",
      "https://shop.example/products/kettle/",
    ]);
  });

  test("warns of links to addresses that do not exist, with the page that has them", () => {
    expect(ran.result().warnings).toEqual([
      "/products/kettle links to /gone, where the app shows that there is no such page",
    ]);
  });

  test("leaves no browser and none of its files", () => {
    expect(browsersOf(world)).toEqual([]);
    expect(world.files().filter((path) => path.includes("prerendering"))).toEqual([]);
  });
});

describeWithProgram("chromium", "An application whose build made some of it itself", () => {
  test("keeps its own start page, sitemap and page for what does not exist", async () => {
    const files = {
      "sitemap.xml": "<urlset/>",
      "404.html": "<p>Lost</p>",
      "about/index.html": "<p>Built</p>",
    };
    const { read, result } = await prerender({ files, settings: { routes: ["/", "/about", "/products"] } });
    expect(result()).toMatchObject({ pages: 2, notFoundPage: false, failed: [] });
    for (const [path, content] of Object.entries(files)) expect(read(path)).toBe(content);
  });

  test("has neither canonical links nor a sitemap where nobody knows its address", async () => {
    const { read, files, result } = await prerender({ siteUrl: null, settings: { routes: ["/", "/about"] } });
    expect(result()).toMatchObject({ pages: 2, failed: [] });
    expect(files()).not.toContain("sitemap.xml");
    expect(read("about/index.html")).not.toMatch(/canonical|prerender\.invalid/);
  });
});

describeWithProgram("chromium", "A page that is not done when the network is quiet", () => {
  test("is waited for by the expression that says so", async () => {
    const ready = "'ready' in document.documentElement.dataset";
    const { read, result } = await prerender({ settings: { routes: ["/late"], ready } });
    expect(result()).toMatchObject({ pages: 1, failed: [] });
    expect(read("late/index.html")).toContain("Here at last");
  });
});
