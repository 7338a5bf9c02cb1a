/** What many failures of CI at once, and a Slack that takes no more, do to channels: the whole service, one Slack. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { SlackMessage } from "../src/demo/slack/history.ts";
import { type ControlRoom, startControlRoom } from "./control-room-world.ts";

const WAIT = { timeout: 30_000, interval: 50 };

let room: ControlRoom;
let shiftMs = 0;
beforeEach(async () => {
  // Time goes on as ever, only later: nothing waits five minutes here.
  shiftMs = 0;
  const now = Date.now.bind(Date);
  vi.spyOn(Date, "now").mockImplementation(() => now() + shiftMs);
  room = await startControlRoom({ more: "ci: [{}, { channel: elsewhere, workflows: [Lint, Types] }]" });
});
afterEach(async () => {
  await room?.stop();
  vi.restoreAllMocks();
});

let runs = 0;
/** GitHub tells that a run of a workflow ended. */
function ran(workflow: string, conclusion: "failure" | "success"): Promise<void> {
  const id = ++runs;
  const path = `.github/workflows/${workflow.toLowerCase()}.yml`;
  return room.github("workflow_run", {
    action: "completed",
    workflow: { name: workflow, path },
    workflow_run: {
      ...{ id, name: workflow, path, run_attempt: 1, run_number: id, event: "push", status: "completed", conclusion },
      ...{ head_branch: "main", head_sha: String(id).padStart(40, "0"), head_repository: { id: 42 } },
      ...{ head_commit: { message: "Change", author: { name: "Alice" } }, actor: { login: "alice" } },
    },
    repository: { id: 42, full_name: "acme/shop" },
    installation: { id: 9 },
  });
}

const isReply = ({ thread_ts, ts }: SlackMessage) => thread_ts !== undefined && thread_ts !== ts;
const posted = async (channel = "shop") => (await room.slack.messages(channel)).filter((it) => !isReply(it));
const replies = async (channel = "shop") => (await room.slack.messages(channel)).filter(isReply);
const said = (messages: readonly SlackMessage[]) =>
  messages.map(({ text, blocks }) => `${text} ${JSON.stringify(blocks)}`);
const failing = (numbers: readonly number[]) => Promise.all(numbers.map((n) => ran(`Suite${n}`, "failure")));

describe("eight workflows that fail within seconds", () => {
  it("are five messages and a digest, which pings once, and ends by itself when it was quiet", async () => {
    await failing([1, 2, 3, 4, 5, 6, 7, 8]);
    await vi.waitFor(async () => expect(await replies()).toHaveLength(1), WAIT);
    await vi.waitFor(async () => expect(await posted()).toHaveLength(6), WAIT);
    const [ping] = await replies();
    // On a busy machine it may find its moment before the last of the others, and it is edited at its own pace.
    const digest = (await posted()).find(({ text }) => text.includes("in one"));
    expect(ping).toMatchObject({ thread_ts: digest?.ts, reply_broadcast: true });
    const now = async (ts: string | undefined) => (await posted()).filter((it) => it.ts === ts);
    const three = /suite[1-8]\.yml .*suite[1-8]\.yml .*suite[1-8]\.yml /s;
    await vi.waitFor(async () => expect(said(await now(digest?.ts))[0]).toMatch(three), WAIT);
    const all = said(await posted());
    for (let n = 1; n <= 8; n++) expect(all.filter((text) => RegExp(`suite${n}\\b`, "i").test(text))).toHaveLength(1);

    // Those that have a message of their own are told there, and the digest is left alone.
    const own = (await posted()).find(({ ts }) => ts !== digest?.ts);
    await ran(`Suite${/suite(\d)/.exec(own?.text ?? "")?.[1]}`, "success");
    await vi.waitFor(async () => expect((await now(own?.ts))[0]?.text).toContain("again"), WAIT);

    shiftMs += 301_000;
    await ran("Suite9", "failure");
    await vi.waitFor(async () => expect((await posted()).at(-1)?.text).toContain("suite9"), WAIT);
    await vi.waitFor(async () => expect(said(await now(digest?.ts))[0]).toContain("it has ended"), WAIT);
    expect(await posted()).toHaveLength(7);
    expect(await replies()).toHaveLength(1);
  }, 120_000);
});

describe("a Slack that takes no more in one channel", () => {
  it("has what is new there told in a digest, while other channels go on, and nothing is lost", async () => {
    const refused = room.slack.misbehave({
      ...{ method: "POST", path: "/api/chat.postMessage", times: 2 },
      when: ({ body }) => body.toString().includes(room.shop),
      fault: { answer: 429, headers: { "retry-after": "4" }, body: { ok: false, error: "ratelimited" } },
    });
    await ran("CI", "failure");
    // The second time it is known what the first one meant.
    await vi.waitFor(() => expect(refused.hits()).toBe(2), WAIT);
    await ran("Lint", "failure");
    await ran("Types", "failure");
    await vi.waitFor(async () => expect(await posted("elsewhere")).toHaveLength(2), WAIT);
    expect(await posted()).toEqual([]);
    await vi.waitFor(async () => expect(await replies()).toHaveLength(1), WAIT);
    await vi.waitFor(async () => expect(await posted()).toHaveLength(2), WAIT);
    const all = said(await posted());
    expect(all.filter((text) => text.includes("ci.yml"))).toHaveLength(1);
    expect(all.filter((text) => text.includes("lint.yml on main") && text.includes("types.yml on main"))).toHaveLength(
      1,
    );
    expect(await replies("elsewhere")).toEqual([]);
  }, 120_000);
});
