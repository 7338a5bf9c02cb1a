import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { createDemoRepository, GRACE, runGit } from "../../src/demo/git-repository.ts";
import { temporaryFolder } from "../git/git-repository.ts";

const PLAIN = fileURLToPath(new URL("../../src/demo/sites/plain", import.meta.url));

test("a demo repository begins with the site, pushed, and can be cloned by its file address", async () => {
  const folder = temporaryFolder();
  const repository = await createDemoRepository({ folder, from: PLAIN });
  expect(repository.url).toMatch(/^file:\/\/\/.*site\.git$/);
  const clone = join(folder, "clone");
  await runGit(folder, ["clone", "--quiet", repository.url, clone]);
  expect(await runGit(clone, ["rev-parse", "HEAD"])).toBe(await repository.head());
  expect(readFileSync(join(clone, "build.mjs"))).toEqual(readFileSync(join(PLAIN, "build.mjs")));
  expect(await runGit(clone, ["branch", "--show-current"])).toBe("main");
});

test("whoever commits in the working clone by hand can just say git push", async () => {
  const repository = await createDemoRepository({ folder: temporaryFolder(), from: PLAIN });
  const commit = await repository.commit({ message: "By hand" });
  await runGit(repository.folder, ["push"]);
  expect(await repository.head()).toBe(commit);
});

test("what is installed or built in a site's folder stays outside", async () => {
  const folder = temporaryFolder();
  const from = join(folder, "from");
  await mkdir(join(from, "node_modules", "x"), { recursive: true });
  await mkdir(join(from, "dist"));
  await writeFile(join(from, "node_modules", "x", "index.js"), "");
  await writeFile(join(from, "dist", "index.html"), "");
  await writeFile(join(from, "package.json"), "{}");
  const repository = await createDemoRepository({ folder, from });
  expect(await runGit(repository.folder, ["ls-files"])).toBe("package.json");
});

test("commits carry the named author whatever this machine's git says, and pushes say from where to where", async () => {
  const repository = await createDemoRepository({ folder: temporaryFolder(), from: PLAIN });
  const first = await repository.head();
  const commit = await repository.commit({
    message: "Rye keeps longer\n\n# not a comment",
    author: GRACE,
    changes: { "content/new/page.md": "new", "theme/wheat.svg": null },
  });
  expect(await repository.head()).toBe(first);
  expect(await repository.push()).toEqual({ before: first, after: commit });
  expect(await runGit(repository.bareFolder, ["show", "--no-patch", "--format=%an <%ae> %cn%n%B", "main"])).toBe(
    "Grace Murray <grace@example.com> Grace Murray\nRye keeps longer\n\n# not a comment",
  );
  const changed = await runGit(repository.bareFolder, ["show", "--name-status", "--format=", "main"]);
  expect(changed.split("\n")).toEqual(["A\tcontent/new/page.md", "D\ttheme/wheat.svg"]);
});

test("a branch can be pushed back by force, and only by force", async () => {
  const repository = await createDemoRepository({ folder: temporaryFolder(), from: PLAIN });
  const first = await repository.head();
  const second = await repository.commit({ message: "second" });
  await repository.push();
  await repository.reset(first);
  await repository.commit({ message: "another second" });
  await expect(repository.push()).rejects.toThrow();
  expect((await repository.push({ force: true })).before).toBe(second);
});

test("a change outside the repository is refused", async () => {
  const folder = temporaryFolder();
  const repository = await createDemoRepository({ folder, from: PLAIN });
  await expect(repository.commit({ message: "x", changes: { "../escaped.txt": "x" } })).rejects.toThrow(/outside/);
  expect(existsSync(join(folder, "escaped.txt"))).toBe(false);
});

test("the plain site builds the same bytes twice, and a changed line changes one page", async () => {
  const repository = await createDemoRepository({ folder: temporaryFolder(), from: PLAIN });
  const build = () => {
    execFileSync(process.execPath, ["build.mjs"], { cwd: repository.folder });
    const paths = execFileSync("find", ["dist", "-type", "f"], { cwd: repository.folder, encoding: "utf8" });
    return new Map(
      paths
        .trim()
        .split("\n")
        .sort()
        .map((path) => [path, readFileSync(join(repository.folder, path), "utf8")]),
    );
  };
  const first = build();
  expect(build()).toEqual(first);
  expect([...first.keys()]).toContain("dist/breads/index.html");
  const source = readFileSync(join(PLAIN, "content", "breads.md"), "utf8");
  await writeFile(join(repository.folder, "content", "breads.md"), source.replace("salted butter", "plum jam"));
  const second = build();
  expect([...second.keys()]).toEqual([...first.keys()]);
  const changed = [...second].filter(([path, content]) => first.get(path) !== content).map(([path]) => path);
  expect(changed).toEqual(["dist/breads/index.html"]);
});
