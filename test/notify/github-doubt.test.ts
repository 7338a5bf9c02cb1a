/**
 * Answers that say nothing of what happened, or no: whatever GitHub does, each deployment, status and check run is there
 * once, and no request is sent twice in one attempt.
 */
import nock from "nock";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { RetryLaterError } from "../../src/errors.ts";
import type { Deployment } from "../../src/model/deployment.ts";
import { createGithubPerformers } from "../../src/notify/github.ts";
import { attempt, untold } from "./attempts.ts";
import { news } from "./deployment.ts";
import { octokitAt, startGithubWorld } from "./github-world.ts";

const API = "https://api.github.example";
const COMMIT = "a1b2c3d4e5f60718293a4b5c6d7e8f9001122334";
const REPO = "/repos/acme/shop";
const LOG = "src/a.ts(3,1): error TS1005: ';' expected.\n";

type Kind = "github.deployment" | "github.check";
type Fields = Record<string, unknown>;
type Fault = { readonly status: number; readonly headers?: Record<string, string>; readonly isDone: boolean };

/** GitHub, as far as it is told things: what it took, and what came. */
let hub: {
  readonly deployments: Array<{ id: number } & Fields>;
  readonly statuses: Fields[];
  readonly checkRuns: Array<{ id: number; annotations: number } & Fields>;
  readonly requests: string[];
  /** The next answers to requests of a method and path, "POST /deployments". */
  readonly faults: Map<string, Fault[]>;
};

beforeAll(() => nock.disableNetConnect());
beforeEach(() => {
  hub = { deployments: [], statuses: [], checkRuns: [], requests: [], faults: new Map() };
  serve("GET", /^\/deployments\?/, () => [200, hub.deployments.toReversed()]);
  serve("POST", /^\/deployments$/, (fields) => [201, add(hub.deployments, fields)]);
  serve("GET", /^\/deployments\/\d+\/statuses/, () => [200, hub.statuses.toReversed()]);
  serve("POST", /^\/deployments\/\d+\/statuses$/, (fields) => [201, add(hub.statuses, fields)]);
  serve("GET", /^\/commits\/\w+\/check-runs/, () => [
    200,
    {
      check_runs: hub.checkRuns.map((run) => ({
        ...run,
        output: { annotations_count: run.annotations, text: (run.output as Fields).text ?? null },
      })),
    },
  ]);
  serve("POST", /^\/check-runs$/, (fields) => [
    201,
    annotate(add(hub.checkRuns, { ...fields, annotations: 0 }), fields),
  ]);
  serve("PATCH", /^\/check-runs\/\d+$/, (fields) => {
    const run = hub.checkRuns[0] as (typeof hub.checkRuns)[number];
    return [200, annotate(Object.assign(run, fields), fields)];
  });
});
afterEach(() => nock.cleanAll());
afterAll(() => {
  nock.enableNetConnect();
  nock.restore();
});

function add<T extends Fields>(list: T[], fields: Fields): T {
  const one = { id: list.length + 1, ...fields } as unknown as T;
  list.push(one);
  return one;
}

/** As GitHub does: they are appended. */
function annotate<T extends { annotations: number }>(run: T, { output }: Fields): T {
  run.annotations += ((output as Fields | undefined)?.annotations as unknown[] | undefined)?.length ?? 0;
  return run;
}

function serve(method: string, path: RegExp, handle: (fields: Fields) => [number, unknown]): void {
  nock(API)
    .persist()
    .intercept(new RegExp(path.source.replace("^", `^${REPO}`)), method)
    .reply(async (request: Request) => {
      const short = `${method} ${new URL(request.url).pathname.slice(REPO.length).replace(/\/\d+/, "/1")}`;
      const sent = await request.text();
      hub.requests.push(short);
      const fault = hub.faults.get(short)?.shift();
      if (fault && !fault.isDone) return [fault.status, { message: "no" }, fault.headers ?? {}];
      const [status, answer] = handle(sent === "" ? {} : JSON.parse(sent));
      return fault ? [fault.status, { message: "no" }, fault.headers ?? {}] : [status, answer as nock.Body];
    });
}

const fail = (request: string, ...faults: Fault[]) => hub.faults.set(request, faults);
const count = (request: string) => hub.requests.filter((one) => one === request).length;

const ended = { state: "failed", startedAtMs: 1000, finishedAtMs: 13_000 } as const;
const wish = (part: Partial<Deployment> = ended) => ({
  ...{ installationId: 100, repoName: "acme/shop", commit: COMMIT },
  news: { ...news(part), logTail: LOG, hasGithubButtons: true },
});
function begin(kind: Kind) {
  const octokit = octokitAt(API, { token: "ghs_very-secret" });
  const perform = createGithubPerformers({ octokitFor: async () => octokit, lookAgainMs: 10 })[kind];
  const told = untold({ kind, key: `${kind}:1`, desired: wish() });
  return { told, tell: (attempts = 5) => attempt(told, perform, { attempts }) };
}
const everything = () => ({
  deployments: hub.deployments.length,
  states: hub.statuses.map(({ state }) => state),
  checkRuns: hub.checkRuns.map(({ annotations, actions }) => [annotations, (actions as unknown[]).length]),
});

const WRITES: ReadonlyArray<[Kind, string]> = [
  ["github.deployment", "POST /deployments"],
  ["github.deployment", "POST /deployments/1/statuses"],
  ["github.check", "POST /check-runs"],
  ["github.check", "PATCH /check-runs/1"],
];

/** A check run that is edited is there already. */
async function prepare(request: string): Promise<unknown> {
  if (!request.startsWith("PATCH")) return null;
  const { told, tell } = begin("github.check");
  told.row = { ...told.row, desired: wish({ state: "building" }) };
  await tell();
  hub.requests.length = 0;
  return told.row.remote;
}

const TOLD = {
  "github.deployment": { deployments: 1, states: ["queued", "in_progress", "failure"], checkRuns: [] },
  "github.check": { deployments: 0, states: [], checkRuns: [[1, 1]] },
};

describe.each(WRITES)("%s: %s", (kind, request) => {
  test.each([500, 502, 504, 408])("answered %i after it was done, is not done again", async (status) => {
    const remote = await prepare(request);
    fail(request, { status, isDone: true });
    const { told, tell } = begin(kind);
    told.row = { ...told.row, remote };
    await tell();
    expect(told.ends).toEqual(["AmbiguousError", "sent"]);
    expect(everything()).toEqual(TOLD[kind]);
  });

  test("answered 502 before it was done, is done once", async () => {
    const remote = await prepare(request);
    fail(request, { status: 502, isDone: false }, { status: 502, isDone: false });
    const { told, tell } = begin(kind);
    told.row = { ...told.row, remote };
    await tell();
    expect(told.ends).toEqual(["AmbiguousError", "AmbiguousError", "sent"]);
    expect(everything()).toEqual(TOLD[kind]);
  });

  test.each([403, 404, 422])("refused with %i, is given up without being sent again", async (status) => {
    const remote = await prepare(request);
    // What a build printed may be what GitHub does not take, so a failed check run is told once more without.
    const tries = kind === "github.check" ? 2 : 1;
    fail(request, ...Array(10).fill({ status, isDone: false }));
    const { told, tell } = begin(kind);
    told.row = { ...told.row, remote };
    await tell();
    expect(told.ends).toEqual(["PermanentError"]);
    expect(count(request)).toBe(tries);
  });

  test.each([403, 429])("asked to come back later with %i, waits as long as GitHub says", async (status) => {
    const remote = await prepare(request);
    fail(request, { status, headers: { "retry-after": "77" }, isDone: false });
    const { told, tell } = begin(kind);
    told.row = { ...told.row, remote };
    await tell(1);
    expect(told.last).toBeInstanceOf(RetryLaterError);
    expect(told.last).toMatchObject({ delayMs: 77_000 });
    expect([count(request), told.row.inDoubt]).toEqual([1, false]);
    await tell();
    expect(told.ends).toEqual(["RetryLaterError", "sent"]);
    expect(everything()).toEqual(TOLD[kind]);
  });
});

describe.each<Kind>(["github.deployment", "github.check"])("%s, where GitHub has none of it,", (kind) => {
  test.each([403, 404])("says so once: %i", async (status) => {
    const looked = `GET /commits/${COMMIT}/check-runs`;
    for (const request of ["GET /deployments", "POST /deployments", looked, "POST /check-runs"]) {
      fail(request, ...Array(10).fill({ status, isDone: false }));
    }
    const { told, tell } = begin(kind);
    await tell();
    expect(told.ends).toEqual(["PermanentError"]);
    expect(hub.requests).toEqual([kind === "github.check" ? looked : "POST /deployments"]);
    expect(everything()).toEqual({ deployments: 0, states: [], checkRuns: [] });
  });
});

test.each<[Kind, string]>([
  ["github.deployment", "/repos/:owner/:repo/deployments"],
  ["github.check", "/repos/:owner/:repo/check-runs"],
])("%s, to which no answer comes though it was done, is not done again", async (kind, path) => {
  nock.enableNetConnect("127.0.0.1");
  onTestFinished(() => nock.disableNetConnect());
  const { github, perform } = await startGithubWorld({ requestMs: 1000 });
  onTestFinished(github.stop);
  github.misbehave({ method: "POST", path, times: 1, fault: { hang: true }, afterEffect: true });
  const told = await attempt(untold({ kind, key: `${kind}:1`, desired: wish() }), perform[kind]);
  expect(told.ends).toEqual(["AmbiguousError", "sent"]);
  expect(github.count("POST", path)).toBe(1);
});
