import { execFileSync } from "node:child_process";
import { symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { PermanentError } from "../../src/errors.ts";
import { CommitGoneError } from "../../src/git/fetch.ts";
import { canServe, createGitHost } from "./git-host.ts";
import { createGitRepository } from "./git-repository.ts";
import { failure, prepareMirror } from "./mirror-options.ts";

const NOWHERE = "0123456789".repeat(4);

/** Three commits on main, and one that a forced push has taken off it and git has dropped. */
function createHistory() {
  const repository = createGitRepository();
  const first = repository.commit({ "a.txt": "one", "docs/b.md": "b" }, "First");
  const second = repository.commit({ "a.txt": "two" }, "Second\n\nWith a body.\n[skip ci]");
  const third = repository.commit({ "c/d.txt": "new" }, "Third");
  const gone = repository.commit({ "e.txt": "gone" });
  repository.git("reset", "--quiet", "--hard", third);
  repository.git("reflog", "expire", "--expire=now", "--all");
  repository.git("gc", "--quiet", "--prune=now");
  return { ...repository, folder: fileURLToPath(repository.url), first, second, third, gone };
}

describe("A commit that is asked for by name", () => {
  test("is fetched without its history, and its head tells all of it", async () => {
    const { url, second, git } = createHistory();
    const { mirror, lines } = prepareMirror(url);
    expect(await mirror.fetchCommit(second, "main")).toEqual({
      commit: second,
      tree: git("rev-parse", `${second}^{tree}`),
      author: "Ada",
      title: "Second",
      message: "Second\n\nWith a body.\n[skip ci]",
    });
    expect(await mirror.messageOf(second)).toBe("Second\n\nWith a body.\n[skip ci]");
    expect(lines).toEqual([`Fetching commit ${second.slice(0, 12)} from ${url}`]);
  });

  test("needs no network when it is kept already", async () => {
    const { url, third, folder } = createHistory();
    const { mirror } = prepareMirror(url);
    await mirror.fetchHead("main");
    execFileSync("mv", [folder, `${folder}.away`]);
    try {
      expect(await mirror.fetchCommit(third, "main")).toMatchObject({ commit: third });
    } finally {
      execFileSync("mv", [`${folder}.away`, folder]);
    }
  });

  test("and no longer exists fails for good, and says so", async () => {
    const { url, gone } = createHistory();
    const error = await failure(prepareMirror(url).mirror.fetchCommit(gone, "main"));
    expect(error).toBeInstanceOf(CommitGoneError);
    expect(error).toHaveProperty("message", expect.stringContaining(`no longer has the commit ${gone}`));
  });

  test("of a repository that is not there may be tried again", async () => {
    const error = await failure(prepareMirror("file:///nowhere/at/all.git").mirror.fetchCommit(NOWHERE, "main"));
    expect(error).toBeInstanceOf(Error);
    expect(error).not.toBeInstanceOf(PermanentError);
  });

  test.each(["abc1234", "main", "--help", "ABCDEF0123".repeat(4), ""])("cannot be called %j", async (commit) => {
    const { mirror, folder } = prepareMirror("file:///nowhere");
    for (const attempt of [
      mirror.fetchCommit(commit, "main"),
      mirror.readFile(commit, "a", 9),
      mirror.layOut(commit, folder, { submodules: true, lfs: true }),
    ]) {
      expect(await failure(attempt)).toBeInstanceOf(PermanentError);
    }
  });

  test("has to be a commit, and not some other object", async () => {
    const { url, git } = createHistory();
    const { mirror } = prepareMirror(url);
    expect(await failure(mirror.fetchCommit(git("rev-parse", "HEAD:a.txt"), "main"))).toBeInstanceOf(PermanentError);
  });
});

describe.skipIf(!canServe)("A server of its own mind", () => {
  test("that gives out no single commits is searched for one", async () => {
    const { folder, first, gone } = createHistory();
    const host = await createGitHost({ folder, isOld: true });
    const { mirror, lines } = prepareMirror(`${host.url}/.git`, {
      env: { PATH: process.env.PATH, GIT_SSL_CAINFO: host.cert },
    });
    await mirror.fetchHead("main");
    expect(await mirror.fetchCommit(first, "main")).toMatchObject({ commit: first });
    expect(lines).toContain("The server gives out no single commits, so it is looked for in refs/heads/main");
    expect(await failure(mirror.fetchCommit(gone, "main"))).toBeInstanceOf(CommitGoneError);
  });

  test("that refuses to leave history out is fetched with all of it", async () => {
    const { folder, first, third, gone, git } = createHistory();
    git("update-server-info");
    const host = await createGitHost({ folder, isDumb: true });
    const { mirror, folder: work } = prepareMirror(`${host.url}/.git`, {
      env: { PATH: process.env.PATH, GIT_SSL_CAINFO: host.cert },
    });
    expect(await mirror.fetchHead("main")).toMatchObject({ commit: third });
    await mirror.layOut(third, work, { submodules: true, lfs: true });
    expect(await mirror.fetchCommit(first, "main")).toMatchObject({ commit: first });
    expect(await failure(mirror.fetchCommit(gone, "main"))).toBeInstanceOf(CommitGoneError);
  });
});

describe("What changed between two commits", () => {
  test("is known without the history between them", async () => {
    const { url, first, third } = createHistory();
    const { mirror } = prepareMirror(url);
    await mirror.fetchHead("main");
    expect(await mirror.changedPaths(first, third)).toEqual(["a.txt", "c/d.txt"]);
    expect(await mirror.changedPaths(third, third)).toEqual([]);
  });

  test("names both places of a file that was moved, and odd names as they are", async () => {
    const repository = createGitRepository();
    const before = repository.commit({ "old.txt": "the same content", "x/ü\n\t y.txt": "1" });
    repository.git("mv", "old.txt", "new.txt");
    const after = repository.commit({ "x/ü\n\t y.txt": "2" });
    const { mirror } = prepareMirror(repository.url);
    await mirror.fetchHead("main");
    expect(await mirror.changedPaths(before, after)).toEqual(["new.txt", "old.txt", "x/ü\n\t y.txt"]);
  });

  test("is unknown when the first no longer exists", async () => {
    const { url, gone, third } = createHistory();
    const { mirror } = prepareMirror(url);
    await mirror.fetchHead("main");
    expect(await mirror.changedPaths(gone, third)).toBeNull();
    expect(await mirror.changedPaths("", third)).toBeNull();
  });

  test.skipIf(!canServe)("is known on any server for the head that was fetched before", async () => {
    const { folder, third, ...repository } = createHistory();
    const host = await createGitHost({ folder, isOld: true });
    const env = { PATH: process.env.PATH, GIT_SSL_CAINFO: host.cert };
    const { mirror } = prepareMirror(`${host.url}/.git`, { env });
    await mirror.fetchHead("main");
    const commit = repository.commit({ "f.txt": "f" });
    await mirror.fetchHead("main");
    expect(await mirror.changedPaths(third, commit)).toEqual(["f.txt"]);
  });
});

describe("A look into a commit", () => {
  test("reads a file, and no link, folder or file that is too large", async () => {
    const repository = createGitRepository();
    symlinkSync("/etc/passwd", join(fileURLToPath(repository.url), "link.yml"));
    writeFileSync(join(fileURLToPath(repository.url), "empty.yml"), "");
    const commit = repository.commit({ ".github/slipway.yml": "folder: größe\n", "*.yml": "star" });
    const { mirror } = prepareMirror(repository.url);
    await mirror.fetchHead("main");
    const read = (path: string) => mirror.readFile(commit, path, 100);

    expect(await read(".github/slipway.yml")).toBe("folder: größe\n");
    expect(await read("empty.yml")).toBe("");
    expect(await read("*.yml")).toBe("star");
    for (const none of ["link.yml", ".github", "missing.yml", "link.yml/a", "?.yml"])
      expect(await read(none)).toBeNull();
    expect(await failure(mirror.readFile(commit, ".github/slipway.yml", 5))).toBeInstanceOf(PermanentError);
  });

  test("has the id of all its files, whoever made it and whatever they said", async () => {
    const repository = createGitRepository();
    const before = repository.commit({ "a.txt": "a" }, "First");
    const other = repository.commit({ "a.txt": "b" });
    const again = repository.commit({ "a.txt": "a" }, "As before");
    const { mirror } = prepareMirror(repository.url);

    const { tree } = await mirror.fetchHead("main");
    expect(tree).toBe(repository.git("rev-parse", `${again}^{tree}`));
    expect((await mirror.fetchCommit(before, "main")).tree).toBe(tree);
    expect((await mirror.fetchCommit(other, "main")).tree).not.toBe(tree);
  });
});
