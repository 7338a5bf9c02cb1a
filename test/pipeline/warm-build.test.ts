/** A warm build of the example Angular application gives what a clean one gives, whatever happened in between. */
import { cpSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { siteFolder } from "../../src/demo/world.ts";
import type { DeploymentJob } from "../../src/pipeline/job.ts";
import { createGitRepository } from "../git/git-repository.ts";
import { describeWithProgram } from "../servers/available.ts";
import { createJob, TEST_LIMITS } from "./deployment-job.ts";
import { runJob } from "./run-job.ts";

const PAGE = "src/app/pages/about.ts";
/** One that the application's "engines" take, and that runs no Slipway. */
const OTHER_NODE = "22.22.3";
/** A package without dependencies, which the application does not use: what is built stays the same with it. */
const ADDED = {
  name: "mitt",
  version: "3.0.1",
  integrity: "sha512-vKivATfr97l2/QBCYAkXYDbrIWPM2IIKEl7YPhjCvKlG3kE2gm+uBo6nEXK3M5/Ffh/FLpKExzOQ3JJoJGFKBw==",
};

type Json = Record<string, Record<string, unknown>>;

async function build(job: DeploymentJob) {
  const { outcome, transcript } = await runJob(job, () => {}, process.env);
  if (outcome.kind !== "live") throw new Error(transcript);
  return {
    manifest: outcome.manifest,
    hasDependencies: transcript.includes("The dependencies are those of an earlier deployment"),
    hasCaches: transcript.includes("Caches of the last build: .angular/cache"),
    transcript,
  };
}

/** The application in a repository, with the texts of its files. Angular is told to use its cache where CI is set, too. */
function createRepository() {
  const repository = createGitRepository();
  const folder = fileURLToPath(repository.url);
  cpSync(siteFolder("angular"), folder, { recursive: true });
  const read = (path: string) => readFileSync(join(folder, path), "utf8");
  const json = (path: string) => JSON.parse(read(path)) as Json;
  const settings = { ...json("angular.json"), cli: { analytics: false, cache: { environment: "all" } } };
  repository.commit({ "angular.json": JSON.stringify(settings) });
  return { repository, read, json };
}

/** package.json and its lock file with one dependency more. */
function withAdded(json: (path: string) => Json): Record<string, string> {
  const { name, version, integrity } = ADDED;
  const pack = json("package.json");
  const lock = json("package-lock.json");
  const devDependencies = { ...pack.devDependencies, [name]: version };
  const root = { ...(lock.packages?.[""] as object), devDependencies };
  const packages = { ...lock.packages, "": root, [`node_modules/${name}`]: { version, integrity, dev: true } };
  return {
    "package.json": JSON.stringify({ ...pack, devDependencies }),
    "package-lock.json": JSON.stringify({ ...lock, packages }),
  };
}

describeWithProgram(
  "bwrap",
  "A warm build gives the release of a clean one",
  () => {
    test("after one that was killed, with another source, and with another lock file and Node", {
      timeout: 900_000,
    }, async () => {
      const { repository, read, json } = createRepository();
      const { job, dataDir } = createJob(repository.url, {
        sandbox: { isolation: null, allowHosts: [], limits: TEST_LIMITS },
        site: { timeoutMs: 280_000, idleTimeoutMs: 280_000 },
      });
      const page = read(PAGE);
      const edit = (words: string) => repository.commit({ [PAGE]: page.replace("Tidewater has recorded", words) });

      // Nothing was ever cached here.
      const clean = await build(job);
      expect(clean).toMatchObject({ hasDependencies: false, hasCaches: false });

      edit("For years Tidewater has recorded");
      const cancel = new AbortController();
      const killed = await runJob(
        job,
        (message) => {
          if (message.type === "line" && message.text.includes("ng build")) cancel.abort(new Error("cancelled"));
        },
        process.env,
        cancel.signal,
      );
      expect(killed.outcome, killed.transcript).toEqual({ kind: "cancelled", stage: "build" });

      edit("Since 1871 Tidewater has recorded");
      const edited = await build(job);
      expect(edited).toMatchObject({ hasDependencies: true });
      expect(edited.manifest).not.toEqual(clean.manifest);
      repository.commit({ [PAGE]: page });
      const editedBack = await build(job);
      expect(editedBack).toMatchObject({ hasDependencies: true, hasCaches: true, manifest: clean.manifest });

      repository.commit({ ...withAdded(json), ".nvmrc": OTHER_NODE });
      const other = await build(job);
      expect(other.transcript).toMatch(new RegExp(`^Node +${OTHER_NODE} +\\.nvmrc$`, "m"));
      expect(other).toMatchObject({ hasDependencies: false, hasCaches: false, manifest: clean.manifest });

      // Here, since there is more time than at the end of a test: it holds dependencies and caches of several builds.
      await rm(dataDir, { recursive: true });
    });
  },
  "bubblewrap",
);
