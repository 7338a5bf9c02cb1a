/** What a check run carries beside its state: buttons, annotations and the end of a log, each as often as it should. */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DEPLOYMENT_STATES, type Deployment } from "../../src/model/deployment.ts";
import type { DeploymentNews } from "../../src/notify/announce.ts";
import { checkActions, checkAnnotations, checkFields } from "../../src/notify/wording/github/github-wording.ts";
import { attempt, type Told, untold } from "./attempts.ts";
import { news } from "./deployment.ts";
import { type GithubWorld, startGithubWorld } from "./github-world.ts";

const CHECK_RUNS = "/repos/:owner/:repo/check-runs";
const CHECK_RUN = "/repos/:owner/:repo/check-runs/:id";
const ended = { startedAtMs: 1000, finishedAtMs: 13_000 };
const LOG = "> build\nsrc/a.ts(3,1): error TS1005: ';' expected.\nsrc/b.ts(9,1): error TS2304: Cannot find name 'x'.\n";

let github: GithubWorld["github"];
let perform: GithubWorld["perform"];
let ask: GithubWorld["ask"];
let commits = 0;

// One server for all tests: each has a commit of its own.
beforeAll(async () => {
  ({ github, perform, ask } = await startGithubWorld());
});
afterAll(() => github.stop());

type Shown = {
  id: number;
  external_id: string;
  conclusion: string | null;
  output: { text: string | null; annotations_count: number };
};

/** A commit of its own, and ways to tell of its deployments and to look at its check runs. */
function aCommit() {
  const commit = String(++commits).padStart(40, "0");
  const wish = (part: Partial<Deployment>, more: Partial<DeploymentNews>) => ({
    ...{ installationId: 100, repoName: "acme/shop", commit },
    news: { ...news({ commit, ...part }), ...more },
  });
  return {
    untold: (part: Partial<Deployment> = {}, more: Partial<DeploymentNews> = {}) =>
      untold({ kind: "github.check", key: `check:${commit}`, desired: wish(part, more) }),
    tell: (told: Told, part: Partial<Deployment> = {}, more: Partial<DeploymentNews> = {}) =>
      attempt(told, perform["github.check"], { desired: wish(part, more) }),
    checkRuns: async () => {
      const found = await ask<{ check_runs: Shown[] }>(`commits/${commit}/check-runs?filter=all`);
      return found.check_runs.reverse();
    },
    annotations: (id: number | undefined) => ask<Array<Record<string, unknown>>>(`check-runs/${id}/annotations`),
  };
}

const failed = { state: "failed", stage: "build", reason: "npm run build ended with 1", ...ended } as const;

describe("The buttons of a check run", () => {
  const labels = (part: Partial<Deployment>, hasGithubButtons?: boolean) =>
    checkActions({ ...news(part), ...(hasGithubButtons === undefined ? {} : { hasGithubButtons }) }).map(
      ({ identifier }) => identifier,
    );

  test.each<[Deployment["state"], string[]]>([
    ["queued", []],
    ["held", []],
    ["building", []],
    ["publishing", []],
    ["live", ["redeploy", "rollback"]],
    ["failed", ["rollback"]],
    ["cancelled", []],
    ["superseded", []],
    ["skipped", []],
  ])("of a deployment that is %s are %j", (state, expected) => {
    expect(labels({ state }, true)).toEqual(expected);
  });

  test("are none where clicks do not reach Slipway", () => {
    for (const state of DEPLOYMENT_STATES) expect([labels({ state }), labels({ state }, false)]).toEqual([[], []]);
  });

  test("are within GitHub's limits, come when it is live and go when it is deployed again", async () => {
    const { untold, tell } = aCommit();
    const from = github.effects.length;
    const buttons = { hasGithubButtons: true };
    const told = await tell(untold(), { state: "building" }, buttons);
    await tell(told, { state: "live", ...ended }, buttons);
    const again = untold({ id: "d-mf2k9x1d-0000" });
    await tell(again, { id: "d-mf2k9x1d-0000", state: "building" }, buttons);
    expect([...told.ends, ...again.ends]).toEqual(["sent", "sent", "sent"]);
    expect(github.effects.slice(from).map(({ fields }) => fields.actions)).toEqual([
      [],
      [
        { label: "Redeploy", description: "Publish this release again", identifier: "redeploy" },
        { label: "Roll back", description: "Publish the release before", identifier: "rollback" },
      ],
      [],
    ]);
  });

  test("can be clicked, and GitHub says who did and on which deployment", async () => {
    const { untold, tell, checkRuns } = aCommit();
    await tell(untold(), { state: "live", ...ended }, { hasGithubButtons: true });
    const [run] = await checkRuns();
    const click = { checkRun: run?.id ?? 0, identifier: "rollback", login: "grace" };
    expect(await github.deliverCheckRunAction(click)).toMatchObject({ event: "check_run", action: "requested_action" });
  });
});

describe("What a failed build said", () => {
  test("stands at the lines that it is about, and its end below the summary", async () => {
    const { untold, tell, checkRuns, annotations } = aCommit();
    const told = await tell(untold(), { state: "building" });
    await tell(told, failed, { logTail: LOG, folder: "apps/web" });
    const [run, ...others] = await checkRuns();
    expect(others).toEqual([]);
    expect(run).toMatchObject({ conclusion: "failure", output: { text: `\`\`\`\n${LOG.trim()}\n\`\`\`` } });
    expect(await annotations(run?.id)).toEqual([
      {
        ...{ path: "apps/web/src/a.ts", start_line: 3, end_line: 3, annotation_level: "failure" },
        ...{ title: "TS1005", message: "';' expected." },
      },
      expect.objectContaining({ path: "apps/web/src/b.ts", start_line: 9, title: "TS2304" }),
    ]);
    expect(told.row.remote).toEqual({ id: run?.id, annotated: true });
  });

  test("is said once, however often the deployment is told of", async () => {
    const { untold, tell, checkRuns } = aCommit();
    const told = await tell(untold(), failed, { logTail: LOG });
    await tell(told, { ...failed, remarks: ["Slack was not told"] }, { logTail: LOG });
    await tell({ ...told, row: { ...told.row, remote: null } }, failed, { logTail: LOG });
    expect((await checkRuns()).map(({ output }) => output.annotations_count)).toEqual([2]);
  });

  test.each([
    ["POST", CHECK_RUNS, true],
    ["POST", CHECK_RUNS, false],
    ["PATCH", CHECK_RUN, true],
    ["PATCH", CHECK_RUN, false],
  ])("is said once when the answer to it is lost: %s %s, after its effect: %s", async (method, path, afterEffect) => {
    const { untold, tell, checkRuns } = aCommit();
    const told = untold();
    if (method === "PATCH") await tell(told, { state: "building" });
    github.misbehave({ method, path, times: 1, fault: { cut: true }, afterEffect });
    await tell(told, failed, { logTail: LOG });
    expect(told.ends.slice(-2)).toEqual(["AmbiguousError", "sent"]);
    const runs = await checkRuns();
    expect(runs.map(({ output }) => output.annotations_count)).toEqual([2]);
    expect(told.row.remote).toEqual({ id: runs[0]?.id, annotated: true });
  });

  test("is left out where GitHub does not take it, and the failure is told all the same", async () => {
    const { untold, tell, checkRuns } = aCommit();
    const told = await tell(untold(), { state: "building" });
    const body = { message: "Validation Failed" };
    github.misbehave({ method: "PATCH", path: CHECK_RUN, times: 1, fault: { answer: 422, body } });
    await tell(told, failed, { logTail: LOG });
    expect(told.ends).toEqual(["sent", "sent"]);
    expect(await checkRuns()).toMatchObject([{ conclusion: "failure", output: { text: null, annotations_count: 0 } }]);
  });

  test("does not stay on the check run of a deployment that comes after", async () => {
    const { untold, tell, checkRuns } = aCommit();
    await tell(untold(), failed, { logTail: LOG });
    const next = { id: "d-mf2k9x1d-0000" };
    const told = await tell(untold(next), { ...next, state: "building" });
    await tell(told, { ...next, state: "live", ...ended });
    expect(await checkRuns()).toMatchObject([
      { conclusion: "failure", output: { annotations_count: 2 } },
      { conclusion: "success", external_id: next.id, output: { text: null, annotations_count: 0 } },
    ]);
    expect(told.row.remote).toMatchObject({ id: (await checkRuns())[1]?.id });
  });

  test("is not added to that of a deployment told by an earlier version of Slipway twice", async () => {
    const { untold, tell, checkRuns } = aCommit();
    const told = await tell(untold(), { state: "building" });
    const { id } = told.row.remote as { id: number };
    await tell({ ...told, row: { ...told.row, remote: { id } } }, failed, { logTail: LOG });
    expect(await checkRuns()).toMatchObject([{ id, output: { annotations_count: 2 } }]);
  });

  test("is told of failed deployments alone", () => {
    for (const state of DEPLOYMENT_STATES) {
      const told = { ...news({ state }), logTail: LOG };
      expect([state, checkAnnotations(told).length]).toEqual([state, state === "failed" ? 2 : 0]);
      expect([state, "text" in checkFields(told).output]).toEqual([state, state === "failed"]);
    }
    expect(checkFields(news({ state: "failed" })).output).not.toHaveProperty("text");
  });
});

describe("The end of a log", () => {
  const textOf = (logTail: string) => checkFields({ ...news(failed), logTail }).output.text ?? "";

  test("is its last 60 lines, without colours", () => {
    const lines = Array.from({ length: 200 }, (_, n) => `\x1b[31mline ${n}\x1b[0m`).join("\n");
    const shown = textOf(`${lines}\n\n`).split("\n");
    expect(shown).toHaveLength(62);
    expect([shown[1], shown[60]]).toEqual(["line 140", "line 199"]);
  });

  test("keeps within GitHub's limit, whatever it is made of", () => {
    for (const piece of ["x", "`", "👍", "é", "\n", "` ", "~~~\n"]) {
      const text = textOf(piece.repeat(300_000 / piece.length));
      expect(Buffer.byteLength(text)).toBeLessThanOrEqual(60_000);
    }
    expect(Buffer.byteLength(textOf(`${"é👍".repeat(600)}\n`.repeat(200)))).toBeGreaterThan(40_000);
  });

  test("cannot end the block in which it is shown", () => {
    const word = fc.oneof(
      fc.string(),
      fc.constantFrom("`", "```", "\n```\n", "~~~", "\n", "\r", " ", "@alice", "<img>"),
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 80 }), (words) => {
        const text = textOf(words.join(""));
        if (text === "") return;
        const lines = text.split("\n");
        const fence = lines[0] ?? "";
        expect(fence).toMatch(/^`{3,}$/);
        expect(lines.at(-1)).toBe(fence);
        expect(lines.slice(1, -1).filter((line) => line.includes(fence))).toEqual([]);
      }),
    );
  });
});
