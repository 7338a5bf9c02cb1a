import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, existsSync, readdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { PermanentError } from "../../src/errors.ts";
import { withRepositoryLock } from "../../src/git/repository-lock.ts";
import { PATIENCE } from "../patience.ts";
import type { DeployInProcess } from "./deploy-in-process.ts";
import { createGitRepository, temporaryFolder } from "./git-repository.ts";
import { failure, inMirror, packsIn, prepareMirror } from "./mirror-options.ts";

const ALL = { submodules: true, lfs: true };
const script = fileURLToPath(new URL("deploy-in-process.ts", import.meta.url));
const lockModule = new URL("../../src/git/repository-lock.ts", import.meta.url).href;

function start(args: readonly string[]): ChildProcess {
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
}

/** A process that takes the lock and keeps it. */
async function startHolder(file: string): Promise<ChildProcess> {
  const code = `import { withRepositoryLock } from ${JSON.stringify(lockModule)};
    const options = { signal: new AbortController().signal, onWait() {} };
    await withRepositoryLock(${JSON.stringify(file)}, options, () => new Promise((resolve) => {
      console.log("locked");
      // Held on to, or the lock would be collected as garbage.
      setInterval(() => globalThis.never && resolve(), 1000);
    }));`;
  const child = start(["--input-type=module-typescript", "--eval", code]);
  if (child.stdout) await once(child.stdout, "data");
  return child;
}

describe("The mirror of a repository", () => {
  test("serves several sites in processes of their own, while the repository moves on", {
    timeout: 120_000,
  }, async () => {
    const repository = createGitRepository();
    repository.commit({ "a.txt": "0" }, "0");
    const dataDir = temporaryFolder();
    let running = 0;
    const workers = ["shop", "docs", "blog"].map(async (site) => {
      const options: DeployInProcess = { site, url: repository.url, dataDir, folder: join(dataDir, site), rounds: 6 };
      running += 1;
      const child = start([script, JSON.stringify(options)]);
      const ended = once(child, "exit");
      const output = await Promise.all([child.stdout, child.stderr].map((stream) => (stream ? text(stream) : "")));
      const [code] = await ended;
      running -= 1;
      return { code, output };
    });
    let commits = 1;
    await vi.waitFor(
      () => {
        repository.commit({ "a.txt": String(commits), [`${commits}.txt`]: "" }, String(commits++));
        expect(running).toBe(0);
      },
      { timeout: 110_000, interval: 10 },
    );

    for (const { code, output } of await Promise.all(workers)) {
      expect({ code, said: code === 0 ? "" : output[1] }).toEqual({ code: 0, said: "" });
      const rounds = (output[0] ?? "").trim().split("\n");
      expect(rounds).toHaveLength(6);
      for (const round of rounds) {
        const { title, written, paths } = JSON.parse(round);
        expect(written).toBe(title);
        if (paths.length > 0) expect(paths).toContain("a.txt");
      }
    }
    expect(commits).toBeGreaterThan(2);
    expect(readdirSync(dirname(inMirror(dataDir))).sort()).toEqual(["lock.db", "repository.git"]);
  });

  test("is changed by one process at a time; whoever waits says so and can be cancelled", async () => {
    const { url, ...repository } = createGitRepository();
    repository.commit({ "a.txt": "one" });
    const cancel = new AbortController();
    const { mirror, dataDir, lines } = prepareMirror(url, { signal: cancel.signal });
    await mirror.fetchHead("main");
    await startHolder(join(dirname(inMirror(dataDir)), "lock.db"));

    const waiting = failure(mirror.fetchHead("main"));
    await vi.waitFor(() => expect(lines.at(-1)).toBe(`Waiting for another deployment that fetches ${url}`), PATIENCE);
    const reason = new Error("cancelled");
    cancel.abort(reason);
    expect(await waiting).toBe(reason);
  });

  test("is free again as soon as the process that had it is killed", async () => {
    const file = join(temporaryFolder(), "lock.db");
    const holder = await startHolder(file);
    const onWait = vi.fn(() => void holder.kill("SIGKILL"));
    const { signal } = new AbortController();
    expect(await withRepositoryLock(file, { signal, onWait }, async () => "mine")).toBe("mine");
    expect(onWait).toHaveBeenCalledOnce();
  });

  test("outlives a fetch that was cut off, and loses only what that left behind", async () => {
    const repository = createGitRepository();
    repository.commit({ "a.txt": "one" });
    const { mirror, dataDir } = prepareMirror(repository.url);
    await mirror.fetchHead("main");
    const packs = packsIn(dataDir);
    const leftOvers = [
      "shallow.lock",
      "refs/slipway/shop/head.lock",
      "objects/pack/tmp_pack_abc",
      "slipway-scratch-x.out",
    ];
    for (const path of leftOvers) writeFileSync(inMirror(dataDir, path), "x");
    utimesSync(inMirror(dataDir, "slipway-scratch-x.out"), 1, 1);
    const commit = repository.commit({ "b.txt": "two" });

    expect(await mirror.fetchHead("main")).toMatchObject({ commit });

    expect(packsIn(dataDir)).toEqual(expect.arrayContaining(packs));
    expect(leftOvers.filter((path) => existsSync(inMirror(dataDir, path)))).toEqual([]);
  });

  test("survives the kill of a fetch at any time, with all that it had", async () => {
    const repository = createGitRepository();
    repository.commit({ "a.txt": "one" });
    const gone = new AbortController();
    const { mirror, options, dataDir } = prepareMirror(repository.url, { gone: gone.signal });
    await mirror.fetchHead("main");
    const packs = packsIn(dataDir);
    const commit = repository.commit({ "b.bin": "0123456789".repeat(1e6) });
    const killed = failure(mirror.fetchHead("main"));
    setImmediate(() => gone.abort());
    expect(await killed).toBeInstanceOf(Error);

    const { gone: later } = prepareMirror(repository.url).options;
    const again = prepareMirror(repository.url, { ...options, gone: later, dataDir });
    expect(await again.mirror.fetchHead("main")).toMatchObject({ commit });
    expect(packsIn(dataDir)).toEqual(expect.arrayContaining(packs));
  });

  test("is fetched again when objects are missing", async () => {
    const repository = createGitRepository();
    repository.commit({ "a.txt": "one", "big.txt": "1234".repeat(1000) });
    const { mirror, dataDir, folder } = prepareMirror(repository.url);
    await mirror.fetchHead("main");
    const [pack = ""] = packsIn(dataDir);
    execFileSync("rm", [inMirror(dataDir, "objects", "pack", pack)]);
    const commit = repository.commit({ "a.txt": "two" });

    expect(await mirror.fetchHead("main")).toMatchObject({ commit });
    await mirror.layOut(commit, folder, ALL);
    expect(readFileSync(join(folder, "a.txt"), "utf8")).toBe("two");
  });

  test("is fetched again when the content of an object is damaged", async () => {
    const repository = createGitRepository();
    const commit = repository.commit({ "a.txt": "one", "b.txt": "the quick brown fox ".repeat(5) });
    const { mirror, dataDir, folder } = prepareMirror(repository.url);
    await mirror.fetchHead("main");
    const [pack = ""] = packsIn(dataDir);
    const path = inMirror(dataDir, "objects", "pack", pack);
    execFileSync("chmod", ["u+w", path]);
    const bytes = readFileSync(path);
    bytes.fill(0xff, 12, bytes.length - 20);
    writeFileSync(path, bytes);

    const error = await failure(mirror.layOut(commit, folder, ALL));
    expect(error).toBeInstanceOf(Error);
    expect(error).not.toBeInstanceOf(PermanentError);

    await mirror.fetchHead("main");
    await mirror.layOut(commit, folder, ALL);
    expect(readFileSync(join(folder, "a.txt"), "utf8")).toBe("one");
  });

  test("puts many packs into one, with all that any site needs, and forgets files of LFS that nobody uses", async () => {
    const repository = createGitRepository();
    const old = repository.commit({ "a.txt": "one" });
    const { mirror, options, dataDir, folder } = prepareMirror(repository.url);
    await mirror.fetchHead("main");
    const docs = prepareMirror(repository.url, { ...options, site: "docs" });
    const [pack = ""] = packsIn(dataDir);
    for (let copy = 0; copy < 60; copy++) {
      for (const end of [".pack", ".idx"]) {
        const from = inMirror(dataDir, "objects", "pack", pack.replace(/\.pack$/, end));
        copyFileSync(from, inMirror(dataDir, "objects", "pack", `pack-${String(copy).padStart(40, "0")}${end}`));
      }
    }
    execFileSync("mkdir", ["-p", inMirror(dataDir, "lfs", "objects", "aa")]);
    for (const name of ["new", "old"]) writeFileSync(inMirror(dataDir, "lfs", "objects", "aa", name), "");
    utimesSync(inMirror(dataDir, "lfs", "objects", "aa", "old"), 1, 1);
    const commit = repository.commit({ "a.txt": "two" });

    await docs.mirror.fetchHead("main");

    expect(packsIn(dataDir)).toHaveLength(1);
    expect(readdirSync(inMirror(dataDir, "lfs", "objects", "aa"))).toEqual(["new"]);
    for (const [one, content] of [
      [old, "one"],
      [commit, "two"],
    ] as const) {
      await mirror.layOut(one, folder, ALL);
      expect(readFileSync(join(folder, "a.txt"), "utf8")).toBe(content);
    }
    expect(await mirror.fetchHead("main")).toMatchObject({ commit });
  });
});
