/** A publish that is killed, in stage, commit and removal, over a real connection; and what the next one makes of it. */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { createFtpServer, type FtpServer } from "../../src/demo/ftp/ftp-server.ts";
import { runPublishProcess, startPublish } from "./publish-process.ts";

type Files = Readonly<Record<string, string>>;

const OLD: Files = {
  "index.html": "old",
  "about.html": "old",
  "app-AAAAAAA1.js": "old",
  "gone/page.html": "old",
  "same.txt": "same",
};
const NEW: Files = {
  "index.html": "new!",
  "about.html": "new!",
  "app-BBBBBBB2.js": "new!",
  "blog/page.html": "new!",
  "same.txt": "same",
};

let root: string;
let server: FtpServer;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "slipway-kill-"));
  await mkdir(join(root, "host", "site"), { recursive: true });
  server = createFtpServer({ root: join(root, "host"), user: "deploy", password: "the-secret-word" });
  await server.start();
});
afterEach(async () => {
  await server.stop();
  await rm(root, { recursive: true, force: true });
});

async function build(name: string, files: Files): Promise<string> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, name, path)), { recursive: true });
    await writeFile(join(root, name, path), content);
  }
  return join(root, name);
}

function args(folder: string): string[] {
  const to = `ftp://deploy@127.0.0.1:${server.port}/site`;
  return [folder, "--to", to, "--plain", "--keep-assets", "0", "--connections", "2"];
}
const env = { SLIPWAY_PASSWORD: "the-secret-word" };

async function live(): Promise<Files> {
  const folder = join(root, "host", "site");
  const files: Record<string, string> = {};
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile()) files[path.slice(folder.length + 1)] = await readFile(path, "utf8");
  }
  return files;
}

it.each([
  ["while it stages", "STOR", 1, "old"],
  ["while it stages the last file", "STOR", 6, "old"],
  ["before its journal is there", "RNTO", 1, "old"],
  ["at the beginning of its burst", "RNTO", 2, "old"],
  ["in the middle of its burst", "RNTO", 4, "between"],
  ["while it writes its records", "RNTO", 7, "new"],
  ["before it removes anything", "DELE", 1, "new"],
  ["while it removes", "DELE", 2, "new"],
  ["at the very end", "RMD", 1, "new"],
] as const)(
  "killed %s (%s %i) leaves the site %s, and the next publish ends it",
  async (_, verb, nth, state) => {
    const [old, next] = [await build("old", OLD), await build("new", NEW)];
    expect(await runPublishProcess(args(old), { env })).toMatchObject({ code: 0 });
    server.log.reset();
    server.misbehave({ interrupt: { verb, nth, how: "hang" } });
    const running = startPublish(args(next), { env });
    await vi.waitFor(() => expect(server.log.commands.get(verb) ?? 0).toBeGreaterThanOrEqual(nth), { timeout: 60_000 });
    running.kill("SIGKILL");
    await running.ended;
    server.misbehave(null);

    const left = await live();
    if (state === "old") expect(left).toMatchObject(OLD);
    if (state === "new") expect(left).toMatchObject(NEW);
    // A page is never one without the assets it asks for.
    if (left["index.html"] === "new!") expect(left).toHaveProperty("app-BBBBBBB2.js");
    else expect(left).toHaveProperty("app-AAAAAAA1.js");

    const ended = await runPublishProcess(args(next), { env });
    expect([ended.code, ended.err]).toEqual([0, ""]);
    expect(await live()).toEqual(NEW);
    // A lock whose owner did not get to say its name is waited for half a minute.
  },
  60_000,
);
