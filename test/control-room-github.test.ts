/** GitHub as a control room: check runs with their buttons and annotations, and sites that wait for CI: the whole service, one GitHub. */
import { resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { ALICE, type ControlRoom, startControlRoom } from "./control-room-world.ts";

const WAIT = { timeout: 40_000, interval: 50 };
const TSC = resolve("node_modules/typescript/bin/tsc");

let room: ControlRoom;

type CheckRun = {
  readonly id: number;
  readonly status: string;
  readonly conclusion: string | null;
  readonly output: { readonly title: string; readonly summary: string; readonly annotations_count: number };
};

const ask = async (path: string) =>
  (await fetch(room.hub.url + path, { headers: { authorization: `Bearer ${room.hub.ownerToken}` } })).json();

/** Waits until the commit's check run has ended so. */
const check = (commit: string, conclusion: string): Promise<CheckRun> =>
  vi.waitFor(async () => {
    const { check_runs: runs } = (await ask(`/repos/acme/shop/commits/${commit}/check-runs`)) as {
      check_runs: CheckRun[];
    };
    expect(runs.map((run) => run.conclusion)).toEqual([conclusion]);
    return runs[0] as CheckRun;
  }, WAIT);

/** What the audit log says of the site, newest first. */
async function audit(): Promise<string> {
  const before = room.slack.ephemerals().length;
  await room.sender.command({ user: ALICE, channel: room.shop, command: "/deploy", text: "audit shop" });
  return vi.waitFor(() => {
    const told = room.slack.ephemerals()[before];
    expect(told).toBeDefined();
    return JSON.stringify(told?.blocks);
  }, WAIT);
}

const posted = async () => (await room.slack.messages("shop")).filter((it) => !it.thread_ts || it.thread_ts === it.ts);
const index = (text: string) => ({ "web/index.html": text, "web/src/a.ts": "export const a: number = 1;\n" });

describe("check runs", () => {
  let first = "";
  let second = "";

  beforeAll(async () => {
    const command = `node ${TSC} --lib es5 --skipLibCheck --outDir dist src/a.ts && cp index.html dist/`;
    const more = "slack: { operators: ['github:ada', 'github:rita'] }";
    room = await startControlRoom({ hasApp: true, command, keys: "folder: web,", more });
    first = await room.push(index("first"));
    await check(first, "success");
    second = await room.push(index("second"));
    await check(second, "success");
  }, 120_000);
  afterAll(() => room?.stop());

  const click = (checkRun: number, identifier: string | null, login: string, guid?: string) =>
    room.hub.deliverCheckRunAction({ checkRun, identifier, login, ...(guid && { guid }) });

  it("of whoever may only read, or has no role, do nothing, which stands in the audit log", async () => {
    const { id } = await check(second, "success");
    const before = (await posted()).length;
    await click(id, "rollback", "rita");
    await click(id, "rollback", "grace");
    await vi.waitFor(async () => expect(await audit()).toMatch(/grace \(GitHub\).*rita \(GitHub\)/s), WAIT);
    expect(await audit()).toMatch(/not allowed \(rule `role`\).*grace.*not allowed \(rule `github`\).*rita/s);
    expect(room.live()).toBe("second");
    expect(await posted()).toHaveLength(before);
  });

  it("redeploy once, however often the click is delivered", async () => {
    const { id } = await check(second, "success");
    const before = (await posted()).length;
    const guid = "5d1b2f60-0000-11f0-8000-000000000001";
    for (let n = 0; n < 3; n++) await click(id, "redeploy", "ada", guid);
    await room.says(/shop is live: redeployed/);
    await vi.waitFor(async () => expect((await posted()).length).toBe(before + 1), WAIT);
    expect(await audit()).toContain("ada (GitHub)");
  });

  it("roll back to the release before, for an operator who may write", async () => {
    const { id } = await vi.waitFor(async () => {
      const run = await check(second, "success");
      expect(run.output.title).toMatch(/redeploy/i);
      return run;
    }, WAIT);
    await click(id, "rollback", "ada");
    await vi.waitFor(() => expect(room.live()).toBe("first"), WAIT);
    await room.says(/rolled back/);
  });

  it("that failed carry what the compiler said, at the right places of the repository, and are run again", async () => {
    await room.sender.command({ user: ALICE, channel: room.shop, command: "/deploy", text: "resume shop" });
    const broken = await room.push({
      ...index("third"),
      "web/src/a.ts": 'export const a = 1;\n\nexport const b: number = "x";\n',
    });
    const run = await check(broken, "failure");
    const annotations = await ask(`/repos/acme/shop/check-runs/${run.id}/annotations`);
    expect(annotations).toMatchObject([
      { path: "web/src/a.ts", start_line: 3, annotation_level: "failure", title: "TS2322" },
    ]);
    const before = (await posted()).length;
    await click(run.id, null, "ada");
    await vi.waitFor(async () => expect((await posted()).length).toBe(before + 1), WAIT);
    await vi.waitFor(async () => expect((await posted()).at(-1)?.text).toContain("failed"), WAIT);
  });
});

describe("a site that waits for CI", () => {
  beforeAll(async () => {
    room = await startControlRoom({ hasApp: true, keys: "after: [CI, Lint]," });
  }, 120_000);
  afterAll(() => room?.stop());

  const ran = (commit: string, workflow: string, conclusion = "success", again?: number) =>
    room.hub.deliverWorkflowRun({
      ...{ commit, workflow, path: `.github/workflows/${workflow.toLowerCase()}.yml`, conclusion },
      ...(again !== undefined && { again }),
    });

  it("is deployed once all have succeeded for the commit; until then the check run says what it waits for, and the way around", async () => {
    const commit = await room.push({ "index.html": "first" });
    const { output } = await check(commit, "skipped");
    expect(output.summary).toContain("it waits for CI and Lint");
    expect(output.summary).toContain("slipway deploy shop");
    expect(await posted()).toEqual([]);
    await ran(commit, "CI");
    const { runId } = await ran(commit, "Lint", "failure");
    await room.says(/CI fails/);
    expect((await check(commit, "skipped")).output.summary).toContain("ended with failure");
    await ran(commit, "Lint", "success", runId);
    await check(commit, "success");
    expect(room.live()).toBe("first");
    await room.says(/CI works again/);
  }, 120_000);

  it("is deployed at once by whoever asks", async () => {
    const commit = await room.push({ "index.html": "second" });
    await check(commit, "skipped");
    await room.sender.command({ user: ALICE, channel: room.shop, command: "/deploy", text: "deploy shop" });
    await vi.waitFor(() => expect(room.live()).toBe("second"), WAIT);
  }, 120_000);
});
