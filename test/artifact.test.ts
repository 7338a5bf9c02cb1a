/** The road from CI: a signed workflow_run in, what GitHub Actions built out on the host; and everything that is no such run. */
import { describe, expect, test } from "vitest";
import { startArtifactWorld } from "./artifact-world.ts";
import { writeZip, type ZipPart } from "./artifacts/write-zip.ts";
import { canServe } from "./git/git-host.ts";
import { push } from "./inbox/world.ts";
import { describeWithProgram } from "./servers/available.ts";

const page = (words: string): ZipPart => ({ name: "index.html", content: `<h1>${words}</h1>` });
const site = (words: string) => ({ zip: writeZip([page(words), { name: "about/index.html", content: "about" }]) });
const shows = (words: string) => ({ "index.html": `<h1>${words}</h1>`, "about/index.html": "about" });

describe.skipIf(!canServe)("A site that GitHub Actions builds", () => {
  test("is live with the artifact of the run that succeeded for a push", { timeout: 240_000 }, async () => {
    const { repository, told, ran, ended, live, deployments, ask } = await startArtifactWorld();
    const commit = repository.commit({ "README.md": "the source" });
    const repositoryOfPush = { repository: { id: 4_200_042, full_name: "acme/shop", pushed_at: 1_700_000_000 } };
    const pushed = push({ after: commit, ...repositoryOfPush, installation: { id: 77 } });
    expect(await told("push", pushed)).toContain("it waits for the workflow CI, which deploys it by succeeding");
    expect(live()).toEqual({});

    const first = ran({ commit, message: "Open the shop" }, site("one"));
    expect(await first.told()).toMatch(/^queued deployment d-/);
    const deployed = await ended();
    expect(deployed).toMatchObject({ state: "live", trigger: "workflow", commit, runId: first.id });
    expect(live()).toEqual(shows("one"));
    expect(await ask("log", { name: deployed.id })).toMatch(
      new RegExp(`Downloading the artifact "site" of run ${first.id} of CI\n(.*\n)*Unpacked 2 files`),
    );

    // Told once more it is the same deployment; run again it may have built something else from the same commit.
    expect(await first.told()).toContain("the same workflow is deployment");
    const again = ran({ commit, again: first.id }, site("two"));
    await again.told();
    expect(await ended()).toMatchObject({ state: "live", runId: first.id, stats: { changed: 1, unchanged: 1 } });
    expect(live()).toEqual(shows("two"));
    expect((await deployments()).map(({ state }) => state)).toEqual(["live", "live", "skipped"]);

    // And a person may ask for it.
    await ask("deploy", { name: "shop", by: "ada" });
    expect(await ended()).toMatchObject({ state: "live", trigger: "command", askedBy: "ada (command line)", commit });
  });

  test("is left as it is by every other run", { timeout: 240_000 }, async () => {
    const { repository, ran, ended, live, deployments } = await startArtifactWorld();
    const commit = repository.commit({ "README.md": "the source" });
    await ran({ commit }, site("one")).told();
    expect(await ended()).toMatchObject({ state: "live" });

    const evil = site("evil");
    const ignored = async (run: object, why: string) => {
      expect(await ran({ commit, ...run }, evil).told()).toContain(why);
      expect(await deployments()).toHaveLength(1);
    };
    await ignored({ event: "pull_request" }, "was started by pull_request, not by a push");
    await ignored({ forkId: 66 }, "is about a commit of a fork");
    await ignored({ branch: "next" }, "is about next, not main, the branch that is deployed");
    await ignored({ workflow: "Lint", path: ".github/workflows/lint.yml" }, "Lint is not CI");
    await ignored({ conclusion: null }, "has not ended yet");

    const failed = ran({ commit, conclusion: "failure" }, evil);
    expect(await failed.told()).toContain(`run ${failed.id} of CI ended with failure; run again on GitHub`);
    expect((await deployments())[0]).toMatchObject({ state: "skipped", trigger: "workflow" });

    // A run for a commit that the branch has left behind, or never had.
    const head = repository.commit({ "README.md": "newer" });
    const late = ran({ commit }, evil);
    await late.told();
    const reason = `run ${late.id} was for ${commit.slice(0, 7)}, and main is at ${head.slice(0, 7)} by now; its own run will bring that`;
    expect(await ended()).toMatchObject({
      ...{ state: "skipped", commit: head },
      reason: `${reason}; \`slipway deploy shop\` deploys it once CI has succeeded for it`,
    });
    await ran({ commit: "f".repeat(40) }, evil).told();
    expect(await ended()).toMatchObject({ state: "skipped", commit: head });
    expect(live()).toEqual(shows("one"));
  });

  test("fails with one clear reason, and stays as it is, where the artifact is no site", {
    timeout: 240_000,
  }, async () => {
    const { repository, ran, ended, live, deployments } = await startArtifactWorld();
    const commit = repository.commit({ "README.md": "the source" });
    await ran({ commit }, site("one")).told();
    expect(await ended()).toMatchObject({ state: "live" });

    const hostile = (...parts: ZipPart[]) => ({ zip: writeZip([page("evil"), ...parts]) });
    const cases: Array<[Parameters<typeof ran>[1], RegExp]> = [
      [undefined, /^Run \d+ has no artifact called "site"; it has none at all\.$/],
      [{ ...site("evil"), isExpired: true }, /^The artifact "site" of run \d+ has expired\. Run the workflow again\.$/],
      [hostile({ name: "../evil.html" }), /cannot be unpacked: .*evil\.html/],
      [hostile({ name: "/etc/evil" }), /cannot be unpacked: .*evil/],
      [hostile({ name: "index.html", content: "twice" }), /cannot be unpacked: .*index\.html/],
      [hostile({ name: "link", content: "/etc/passwd", mode: 0o120777 }), /cannot be unpacked: .*is a link/],
    ];
    for (const [index, [artifact, reason]] of cases.entries()) {
      await ran({ commit }, artifact).told();
      const end = await ended();
      expect(end).toMatchObject({
        state: "failed",
        stage: "build",
        attempts: 1,
        reason: expect.stringMatching(reason),
      });
      expect(await deployments()).toHaveLength(index + 2);
      expect(live()).toEqual(shows("one"));
    }
  });
});

describeWithProgram("chromium", "An app that GitHub Actions builds and nobody prerenders", () => {
  test.skipIf(!canServe)("is live with its pages as a browser shows them", { timeout: 240_000 }, async () => {
    const prerender = "isolation: none, prerender: { routes: [/], crawl: false }";
    const { repository, ran, ended, live } = await startArtifactWorld(prerender);
    const commit = repository.commit({ "README.md": "the source" });
    const script = `document.querySelector("main").textContent = "Made in the browser"`;
    const app = `<!doctype html><html><head><title>App</title></head><body><main></main><script>${script}</script></body></html>`;
    await ran({ commit }, { zip: writeZip([{ name: "index.html", content: app }]) }).told();
    const end = await ended();
    expect(end.reason).toBeNull();
    expect(live()["index.html"]).toContain("<main>Made in the browser</main>");
  });
});
