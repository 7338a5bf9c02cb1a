import { mkdir, symlink, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { startWebServer } from "../../src/demo/web-server.ts";
import { temporaryFolder } from "../git/git-repository.ts";

let root: string;
let url: string;

beforeEach(async () => {
  const folder = temporaryFolder();
  root = join(folder, "httpdocs");
  await mkdir(join(root, "about"), { recursive: true });
  await mkdir(join(root, ".slipway"));
  await mkdir(join(root, ".well-known"));
  await writeFile(join(root, "index.html"), "<h1>Home</h1>");
  await writeFile(join(root, "about", "index.html"), "<h1>About</h1>");
  await writeFile(join(root, "style.css"), "a{}");
  await writeFile(join(root, "empty.txt"), "");
  await writeFile(join(root, "größe 1.html"), "big");
  await writeFile(join(root, ".slipway", "manifest.json"), "{}");
  await writeFile(join(root, ".well-known", "security.txt"), "Contact: us");
  await writeFile(join(folder, "secret.txt"), "secret");
  const server = await startWebServer({ root });
  onTestFinished(server.stop);
  url = server.url;
});

describe("a web server over a folder", () => {
  test("shows files with their types and asks nobody to keep them", async () => {
    const answer = await fetch(`${url}/style.css?v=1`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toBe("text/css; charset=utf-8");
    expect(answer.headers.get("cache-control")).toBe("no-store");
    expect(await answer.text()).toBe("a{}");
    expect(await (await fetch(`${url}/gr%C3%B6%C3%9Fe%201.html`)).text()).toBe("big");
    expect(await (await fetch(`${url}/empty.txt`)).text()).toBe("");
    expect(await (await fetch(`${url}/.well-known/security.txt`)).text()).toBe("Contact: us");
  });

  test("shows a folder's index.html, and redirects to the address with a slash", async () => {
    expect(await (await fetch(`${url}/`)).text()).toBe("<h1>Home</h1>");
    expect(await (await fetch(`${url}/about/`)).text()).toBe("<h1>About</h1>");
    const answer = await fetch(`${url}/about?x=1`, { redirect: "manual" });
    expect(answer.status).toBe(301);
    expect(answer.headers.get("location")).toBe("/about/?x=1");
  });

  test("answers HEAD without a body, and refuses what changes something", async () => {
    const head = await fetch(`${url}/style.css`, { method: "HEAD" });
    expect([head.status, head.headers.get("content-length"), await head.text()]).toEqual([200, "3", ""]);
    expect((await fetch(`${url}/style.css`, { method: "PUT", body: "x" })).status).toBe(405);
  });

  test("never leaves its folder and never shows hidden files", async () => {
    await symlink(join(root, "..", "secret.txt"), join(root, "link.txt"));
    const paths = [
      "/../secret.txt",
      "/..%2fsecret.txt",
      "/%2e%2e/secret.txt",
      "/about/..%5c..%5csecret.txt",
      "/about/../../secret.txt",
      "//etc/passwd",
      "/.slipway/manifest.json",
      "/.slipway/",
      "/%2eslipway/manifest.json",
      "/link.txt",
      "/style.css%00.html",
      "/%zz",
      "/style.css/",
      "/nothing.html",
      "//about",
    ];
    for (const path of paths) expect(await statusOf(path), path).toBe(404);
  });

  test("follows the folder as it changes", async () => {
    await writeFile(join(root, "index.html"), "<h1>New</h1>");
    expect(await (await fetch(`${url}/`)).text()).toBe("<h1>New</h1>");
  });
});

/** Sends the path as it is: fetch would tidy it first. */
function statusOf(path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(url).port), "127.0.0.1");
    let answer = "";
    socket.on("data", (chunk) => {
      answer += chunk;
    });
    socket.on("error", reject).on("close", () => resolve(Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1])));
    socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`);
  });
}
