/** Where Slipway keeps its own files on a host, and that visitors do not see them. */
import { mkdir, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { A, B, OWN, useWorld } from "./world.ts";

const world = useWorld();
const above = { placeInside: false };
const slipway = () => join(world.root, ".slipway");

describe("Slipway's own folder", () => {
  it("lies above the target's folder where the account may write there", async () => {
    await world.publish(await world.build(A), above);
    await world.publish(await world.build(B), above);
    expect(await world.read()).toEqual(B);
    expect((await readdir(slipway())).sort()).toEqual([".htaccess", "site"]);
    expect((await readdir(join(slipway(), "site"))).map((name) => name.replace(/live-.*/, "live")).sort()).toEqual([
      "live",
      "manifest-1.json.gz",
      "manifest.json.gz",
    ]);
  });

  it("stays where it is once it is inside", async () => {
    await world.publish(await world.build(A));
    await world.publish(await world.build(B), above);
    expect(await world.read()).toEqual({ ...B, ...OWN });
    expect(await readdir(world.root)).not.toContain(".slipway");
  });

  it("lies inside where the folder above cannot be had", async () => {
    await writeFile(slipway(), "a file of that name");
    await world.publish(await world.build(A), above);
    expect(await world.read()).toEqual({ ...A, ...OWN });
    expect(await readFile(slipway(), "utf8")).toBe("a file of that name");
  });

  it("keeps two sites under one folder apart", async () => {
    const other = join(world.root, "other");
    await mkdir(other);
    await world.publish(await world.build(A), above);
    await world.publish(await world.build(B), { ...above, target: { protocol: "dir", folder: other, key: "x" } });
    await world.publish(await world.build(A), above);
    expect(world.lines.at(-1)).toMatch(/^Nothing to do/);
    expect((await readdir(slipway())).sort()).toEqual([".htaccess", "other", "site"]);
  });

  it("keeps the last three manifests, and one before serves when the newest is damaged", async () => {
    for (const files of [A, B, A, B]) await world.publish(await world.build(files));
    const folder = join(world.site, ".slipway");
    expect((await readdir(folder)).filter((name) => name.startsWith("manifest"))).toHaveLength(3);
    await writeFile(join(folder, "manifest.json.gz"), "half writ");
    await world.publish(await world.build(A), { rules: { allowRemovals: true } });
    expect(await world.read()).toEqual({ ...A, ...OWN });
  });

  it("may hold a manifest of a gigabyte without anybody reading it", async () => {
    const release = await world.build(A);
    await world.publish(release);
    const manifest = join(world.site, ".slipway/manifest.json.gz");
    await rm(manifest);
    await writeFile(manifest, "");
    await truncate(manifest, 2 ** 30);
    await world.publish(await world.build(B), { previous: release.files });
    expect(await world.read()).toEqual({ ...B, ...OWN });
  });
});

describe("the look over HTTP", () => {
  async function serve(status: number, type: string): Promise<string> {
    const server = createServer((_, response) => response.writeHead(status, { "content-type": type }).end("x"));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    });
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  it("warns when the web server shows Slipway's folder", async () => {
    const siteUrl = await serve(200, "application/gzip");
    await world.publish(await world.build(A), { siteUrl });
    expect(world.lines.at(-1)).toMatch(/WARNING: .*\.slipway\/manifest\.json\.gz can be read by everybody/);
  });

  it.each([
    ["a refusal", 403, "text/html"],
    ["a single-page app that answers everything", 200, "text/html; charset=utf-8"],
  ])("says nothing to %s", async (_, status, type) => {
    await world.publish(await world.build(A), { siteUrl: await serve(status, type) });
    expect(world.lines.join()).not.toContain("WARNING");
  });

  it("is no reason to fail when nobody answers", async () => {
    await world.publish(await world.build(A), { siteUrl: "http://127.0.0.1:1" });
    expect(await world.read()).toEqual({ ...A, ...OWN });
  });
});
