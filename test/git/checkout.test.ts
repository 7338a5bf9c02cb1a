import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { OperatorError, PermanentError } from "../../src/errors.ts";
import { type CheckoutOptions, fetchHead } from "../../src/git/checkout.ts";
import { createGitRepository } from "./git-repository.ts";
import { failure, packsIn, prepareMirror } from "./mirror-options.ts";

function prepare(url: string, changes: Partial<CheckoutOptions> = {}) {
  const prepared = prepareMirror(url);
  const options: CheckoutOptions = { ...prepared.options, folder: prepared.folder, branch: "main", ...changes };
  return { ...prepared, options };
}

/** Fetches and lays out. Answers with the head and the names in the folder. */
async function checkOut(options: CheckoutOptions) {
  const { head, layOut } = await fetchHead(options);
  await layOut();
  return { head, names: readdirSync(options.folder).sort() };
}

describe("A checkout", () => {
  test("lays out exactly the head of the branch, however it moved since the last one", async () => {
    const repository = createGitRepository();
    repository.commit({ "a.txt": "one", "sub/b.txt": "b" });
    const first = repository.commit({ "a.txt": "two", "ünï cödé.txt": "x" }, "Second\n\nbody");
    const { options, folder, dataDir } = prepare(repository.url);

    const one = await checkOut(options);
    expect(one.head).toEqual({ commit: first, author: "Ada", title: "Second" });
    expect(one.names).toEqual(["a.txt", "sub", "ünï cödé.txt"]);
    writeFileSync(join(folder, "left over"), "");

    repository.git("checkout", "--quiet", "--orphan", "other");
    repository.git("rm", "-rf", "--quiet", ".");
    const second = repository.commit({ "c.txt": "c" });
    repository.git("branch", "-f", "main");
    const two = await checkOut(options);
    expect(two.head.commit).toBe(second);
    expect(two.names).toEqual(["c.txt"]);
    expect(readdirSync(join(dataDir, "git"))).toHaveLength(1);
  });

  test("transfers nothing when the head is known already", async () => {
    const repository = createGitRepository();
    repository.commit({ "a.txt": "one" });
    const { options, dataDir } = prepare(repository.url);
    await fetchHead(options);
    const before = packsIn(dataDir);
    expect(before).toHaveLength(1);
    await fetchHead(options);
    expect(packsIn(dataDir)).toEqual(before);
  });

  test("removes the mirror that the site had for itself in earlier versions", async () => {
    const repository = createGitRepository();
    repository.commit({ "a.txt": "one" });
    const { options, dataDir } = prepare(repository.url);
    mkdirSync(join(dataDir, "git", "shop", "old.git"), { recursive: true });
    await fetchHead(options);
    expect(existsSync(join(dataDir, "git", "shop"))).toBe(false);
  });

  test.each([
    "$(touch$IFS'owned')",
    "--upload-pack=touch$IFS'owned'",
    ";touch$IFS'owned'",
    "feature/ünï",
    "a'b\"c`d`",
    "@",
  ])("takes a branch called %s for a name and nothing else", async (branch) => {
    const repository = createGitRepository();
    const commit = repository.commit({ "a.txt": "one" });
    repository.git("update-ref", `refs/heads/${branch}`, commit);
    const { options, dataDir } = prepare(repository.url, { branch });
    const { head, names } = await checkOut(options);
    expect(head.commit).toBe(commit);
    expect(names).toEqual(["a.txt"]);
    expect(readdirSync(dataDir, { recursive: true }).filter((name) => String(name).endsWith("owned"))).toEqual([]);
  });

  test("of a branch that does not exist fails for good", async () => {
    const repository = createGitRepository();
    repository.commit({ "a.txt": "one" });
    const error = await failure(fetchHead(prepare(repository.url, { branch: "gone" }).options));
    expect(error).toBeInstanceOf(PermanentError);
    expect(error).toHaveProperty("message", `${repository.url} has no branch called "gone"`);
  });

  test("of a repository that is not there may be tried again", async () => {
    const { options, lines } = prepare("file:///nowhere/at/all.git");
    const error = await failure(fetchHead(options));
    expect(error).toBeInstanceOf(Error);
    expect(error).not.toBeInstanceOf(PermanentError);
    expect(lines.join("\n")).toContain("fatal:");
  });

  test("runs neither hooks nor filters of the repository", async () => {
    const repository = createGitRepository();
    const { options, dataDir } = prepare(repository.url);
    const marker = join(dataDir, "owned");
    repository.commit({
      "a.txt": "one",
      ".gitattributes": "*.txt filter=evil\n",
      ".gitconfig": `[filter "evil"]\nsmudge = touch ${marker}\n[core]\nhooksPath = hooks\n`,
      ".lfsconfig": "",
      "hooks/post-checkout": `#!/bin/sh\ntouch ${marker}\n`,
    });
    const home = join(dataDir, "home");
    mkdirSync(home);
    // The user's configuration counts as little as the repository's.
    writeFileSync(join(home, ".gitconfig"), `[filter "evil"]\nsmudge = touch ${marker}\n`);
    const { names } = await checkOut({ ...options, env: { PATH: process.env.PATH, HOME: home } });
    expect(names).toContain("a.txt");
    expect(existsSync(marker)).toBe(false);
  });

  test("refuses a URL or a branch that cannot be one, and names the setting", async () => {
    const { options } = prepare("file:///x");
    const url = await failure(fetchHead({ ...options, url: "ext::sh -c touch% owned" }));
    expect(url).toBeInstanceOf(OperatorError);
    expect(url).toHaveProperty("key", "sites.shop.git");
    const branch = await failure(fetchHead({ ...options, branch: "$(touch x)" }));
    expect(branch).toBeInstanceOf(OperatorError);
    expect(branch).toHaveProperty("key", "sites.shop.branch");
  });
});
