/** Addresses of a release that lead nowhere, from the build to the host. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createGitRepository } from "../git/git-repository.ts";
import { createJob, type JobChanges } from "./deployment-job.ts";
import { runJob } from "./run-job.ts";

const BROKEN = {
  "index.html": '<a href="/gone">x</a><img src="uploads/cat.png"><a href="about.html">y</a>',
  "about.html": "",
};

function createSite(changes: JobChanges, files: Readonly<Record<string, string>> = BROKEN) {
  const repository = createGitRepository();
  repository.commit(files);
  return createJob(repository.url, changes);
}

test("What is named and is nowhere is listed with the page that names it, and published all the same", async () => {
  const { job } = createSite({ site: { links: "warn" } });
  const { outcome, transcript } = await runJob(job);
  expect(outcome, transcript).toMatchObject({ kind: "live", stats: { missingLinks: 2 } });
  expect(transcript).toContain("2 addresses lead nowhere:\n  /gone  named by index.html\n  /uploads/cat.png  named by");
});

test("What others put on the host counts as there", async () => {
  const { job, target } = createSite({ site: { links: "fail" } });
  mkdirSync(join(target, "uploads"));
  writeFileSync(join(target, "uploads", "cat.png"), "cat");
  writeFileSync(join(target, "gone"), "here after all");
  const { outcome, transcript } = await runJob(job);
  expect(outcome, transcript).toMatchObject({ kind: "live", stats: { missingLinks: 0 } });
});

test("A page of the last release that this one no longer has counts as missing", async () => {
  const repository = createGitRepository();
  repository.commit({ "index.html": '<a href="old.html">x</a>', "old.html": "old" });
  const { job } = createJob(repository.url, { site: { links: "warn" } });
  const first = await runJob(job);
  if (first.outcome.kind !== "live") throw new Error(first.transcript);
  expect(first.outcome.stats.missingLinks).toBe(0);
  repository.git("rm", "--quiet", "old.html");
  repository.commit({ "new.html": "new" });
  const second = await runJob({ ...job, previous: first.outcome.manifest });
  expect(second.outcome, second.transcript).toMatchObject({ kind: "live", stats: { missingLinks: 1 } });
});

test.each([
  ["the operator wants none", { site: { links: "fail" as const } }, "check.links is fail"],
  [
    "the live release has none",
    { site: { links: null }, live: { commit: null, releaseId: null, missingLinks: 0 } },
    "the live release has none such",
  ],
])("A release with such addresses is refused, with the host as it was, where %s", async (_, changes, reason) => {
  const { job } = createSite(changes);
  const { outcome } = await runJob(job);
  expect(outcome).toMatchObject({
    kind: "failed",
    stage: "package",
    retry: false,
    reason: expect.stringContaining(`(/gone, named by index.html and 1 more), and ${reason}`),
  });
});

test("Nobody looks where the check is off", async () => {
  const { outcome, transcript } = await runJob(createSite({ site: { links: "off" } }).job);
  expect(outcome).toMatchObject({
    kind: "live",
    stats: expect.not.objectContaining({ missingLinks: expect.anything() }),
  });
  expect(transcript).not.toContain("nowhere");
});
