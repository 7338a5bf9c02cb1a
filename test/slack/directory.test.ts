/** Who somebody in Slack is and where they ask, also while Slack cannot be asked. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type SlackServer, startSlack } from "../../src/demo/slack-server.ts";
import { createLog } from "../../src/log.ts";
import { secret } from "../../src/secrets/secret.ts";
import { createDirectory, type Directory } from "../../src/slack/directory.ts";

const TOKEN = "xoxb-of-the-test";
const MINUTE = 60_000;
let slack: SlackServer;
let nowMs: number;
let logged: string[];
let directory: Directory;
let before: number;

beforeAll(async () => {
  slack = await startSlack({
    token: TOKEN,
    botName: "slipway",
    channels: ["shop", "fair"],
    sharedChannels: ["fair"],
    users: [
      { id: "U0ALICE", name: "alice" },
      { id: "U0GUEST", name: "guest", kind: "guest" },
      { id: "U0ROBOT", name: "robot", kind: "bot" },
      { id: "U0GONE", name: "gone", kind: "deactivated" },
      { id: "U0OTHER", name: "other", kind: "stranger" },
      { id: "U0MOVED", name: "moved", team: "T0ELSEWHERE" },
    ],
    userGroups: [
      { id: "S0DEVS", handle: "devs", users: ["U0ALICE", "U0GUEST"] },
      { id: "S0OPS", handle: "ops", users: ["U0GUEST"] },
    ],
  });
});
afterAll(() => slack.stop());

beforeEach(() => {
  nowMs = 1_700_000_000_000;
  logged = [];
  directory = create();
  before = slack.requests.length;
});

function create(options: { apiUrl?: string; requestMs?: number } = {}): Directory {
  const log = createLog({ level: "silent", pretty: false });
  const told = Object.assign(log, { warn: (...words: unknown[]) => void logged.push(JSON.stringify(words)) });
  return createDirectory({ botToken: secret(TOKEN), apiUrl: slack.apiUrl, log: told, now: () => nowMs, ...options });
}

/** The methods that were asked since the test began. */
const asked = () => slack.requests.slice(before).map(({ path }) => path.replace("/api/", ""));
const down = (method: string, answer = 500, headers = {}) =>
  slack.misbehave({ path: `/api/${method}`, fault: { answer, headers, body: {} } });

describe("an account", () => {
  it.each([
    ["U0ALICE", "member"],
    ["U0GUEST", "guest"],
    ["U0ROBOT", "bot"],
    ["USLACKBOT", "bot"],
    ["U0GONE", "deactivated"],
    ["U0OTHER", "stranger"],
    ["U0MOVED", "stranger"],
    ["U0NOBODY", "unknown"],
  ])("of %s is a %s", async (user, kind) => {
    expect((await directory.account(user)).kind).toBe(kind);
  });

  it("has the workspace that Slack says", async () => {
    expect(await directory.account("U0ALICE")).toMatchObject({ kind: "member", team: slack.teamId });
    expect(await directory.account("U0MOVED")).toMatchObject({ kind: "stranger", team: "T0ELSEWHERE" });
  });

  it("is asked for once, by however many at once, and again after five minutes", async () => {
    expect(directory.known.account("U0ALICE")).toBeNull();
    await Promise.all(Array.from({ length: 10 }, () => directory.account("U0ALICE")));
    expect(asked().sort()).toEqual(["auth.test", "users.info"]);
    expect(directory.known.account("U0ALICE")).toMatchObject({ kind: "member", team: slack.teamId });
    nowMs += 5 * MINUTE;
    await directory.account("U0ALICE");
    expect(asked()).toHaveLength(2);
    nowMs += 1;
    await directory.account("U0ALICE");
    expect(asked()).toHaveLength(3);
  });

  it("is what it was for an hour while Slack fails, then unknown, and a member again afterwards; one warning", async () => {
    await directory.account("U0ALICE");
    const failing = down("users.info");
    nowMs += 60 * MINUTE;
    expect((await directory.account("U0ALICE")).kind).toBe("member");
    nowMs += MINUTE;
    expect(await directory.account("U0ALICE")).toMatchObject({ kind: "unknown", team: null });
    expect(directory.known.account("U0ALICE")).toBeNull();
    expect((await directory.account("U0GUEST")).kind).toBe("unknown");
    expect(logged).toHaveLength(1);
    failing.end();
    expect((await directory.account("U0ALICE")).kind).toBe("member");
  });

  it("is unknown while nobody can tell whose workspace this is, which is asked for every half a minute at most", async () => {
    const failing = down("auth.test");
    expect((await directory.account("U0ALICE")).kind).toBe("unknown");
    expect((await directory.account("U0ALICE")).kind).toBe("unknown");
    expect(await directory.ownTeam()).toBeNull();
    expect(asked().filter((it) => it === "auth.test")).toHaveLength(1);
    failing.end();
    nowMs += 30_000;
    expect((await directory.account("U0ALICE")).kind).toBe("member");
    nowMs += 1000 * MINUTE;
    expect([await directory.ownTeam(), directory.known.ownTeam()]).toEqual([slack.teamId, slack.teamId]);
    expect(asked().filter((it) => it === "auth.test")).toHaveLength(2);
  });

  it("is unknown at once where Slack is silent, cannot be reached, or is not there at all", async () => {
    const silent = slack.misbehave({ path: "/api/users.info", fault: { hang: true } });
    const startMs = performance.now();
    expect((await create({ requestMs: 100 }).account("U0ALICE")).kind).toBe("unknown");
    expect(performance.now() - startMs).toBeLessThan(5000);
    silent.end();
    expect((await create({ apiUrl: "http://127.0.0.1:1/api/" }).account("U0ALICE")).kind).toBe("unknown");
    const log = createLog({ level: "silent", pretty: false });
    const none = createDirectory({ botToken: null, apiUrl: slack.apiUrl, log });
    expect((await none.account("U0ALICE")).kind).toBe("unknown");
    expect(await none.groupsOf("U0ALICE", ["S0DEVS"])).toEqual({ groups: [], ageMs: null });
  });
});

describe("user groups", () => {
  it("of somebody are those that they are in, of the ones that are asked about", async () => {
    expect(await directory.groupsOf("U0ALICE", ["S0DEVS", "S0OPS"])).toEqual({ groups: ["S0DEVS"], ageMs: 0 });
    expect(await directory.groupsOf("U0GUEST", ["S0DEVS", "S0OPS"])).toEqual({ groups: ["S0DEVS", "S0OPS"], ageMs: 0 });
    expect(await directory.groupsOf("U0ALICE", [])).toEqual({ groups: [], ageMs: 0 });
    expect(asked()).toHaveLength(2);
  });

  it("keep their age while Slack fails, however old they grow", async () => {
    expect(directory.known.groupsOf("U0ALICE", ["S0DEVS"])).toBeNull();
    await directory.groupsOf("U0ALICE", ["S0DEVS"]);
    const failing = down("usergroups.users.list");
    nowMs += 120 * MINUTE;
    expect(await directory.groupsOf("U0ALICE", ["S0DEVS"])).toEqual({ groups: ["S0DEVS"], ageMs: 120 * MINUTE });
    expect(directory.known.groupsOf("U0ALICE", ["S0DEVS"])).toEqual({ groups: ["S0DEVS"], ageMs: 120 * MINUTE });
    expect(await directory.groupsOf("U0ALICE", ["S0OPS"])).toEqual({ groups: [], ageMs: null });
    failing.end();
  });

  it("that Slack knows no more have nobody in them", async () => {
    expect(await directory.groupsOf("U0ALICE", ["S0GONE"])).toEqual({ groups: [], ageMs: 0 });
    expect(logged.join()).toContain("S0GONE");
  });

  it("are not asked for while Slack asks to wait, which holds for no other method", async () => {
    const busy = down("usergroups.users.list", 429, { "retry-after": "30" });
    expect((await directory.groupsOf("U0ALICE", ["S0DEVS"])).ageMs).toBeNull();
    busy.end();
    nowMs += 29_000;
    expect((await directory.groupsOf("U0ALICE", ["S0DEVS"])).ageMs).toBeNull();
    expect((await directory.account("U0ALICE")).kind).toBe("member");
    nowMs += 1000;
    expect((await directory.groupsOf("U0ALICE", ["S0DEVS"])).groups).toEqual(["S0DEVS"]);
  });
});

describe("a conversation", () => {
  it("is a channel by its name, shared with others or not, or between two", async () => {
    const [shop, fair] = [slack.channelId("shop"), slack.channelId("fair")];
    expect(await directory.conversation(shop)).toEqual({ id: shop, name: "shop", kind: "channel", isShared: false });
    expect(await directory.conversation(fair)).toEqual({ id: fair, name: "fair", kind: "channel", isShared: true });
    expect(directory.known.conversation(fair)?.isShared).toBe(true);
    const direct = { id: "D0ALICE", name: null, kind: "direct", isShared: false };
    expect(await directory.conversation("D0ALICE")).toEqual(direct);
    expect(directory.known.conversation("D0ALICE")).toEqual(direct);
    expect(asked()).toHaveLength(2);
  });

  it("that Slack says nothing of is shared for all that anybody knows", async () => {
    expect(await directory.conversation("C0NONE")).toEqual({
      ...{ id: "C0NONE", name: null, kind: "channel", isShared: null },
    });
    expect(directory.known.conversation("C0NONE")).toBeNull();
  });
});
