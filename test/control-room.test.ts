/** The control room, from Slack's signed requests to the live site and back: the whole service, one Slack, no stand-ins. */
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { SlackMessage } from "../src/demo/slack/history.ts";
import { ALICE, BOB, type ControlRoom, DAN, SECRETS, startControlRoom } from "./control-room-world.ts";

let room: ControlRoom;
const WAIT = { timeout: 60_000, interval: 30 };

type Element = { action_id?: string; value?: string; url?: string };
type Block = { type: string; elements?: Element[] };
const buttonsOf = (message: Pick<SlackMessage, "blocks">) =>
  ((message.blocks ?? []) as Block[]).flatMap(({ type, elements }) => (type === "actions" ? (elements ?? []) : []));

function button(message: Pick<SlackMessage, "text" | "blocks">, action: string): { actionId: string; value: string } {
  const found = buttonsOf(message).find(({ action_id }) => action_id === `slipway.${action}`);
  if (!found) throw new Error(`there is no button ${action} on: ${message.text}`);
  return { actionId: `slipway.${action}`, value: found.value ?? "" };
}

const deploy = (user: string, text: string, channel = room.shop) =>
  room.sender.command({ user, channel, command: "/deploy", text });
const click = (user: string, message: Pick<SlackMessage, "ts" | "text" | "blocks">, action: string) =>
  room.sender.click({ user, channel: room.shop, message, ...button(message, action) });

/** Waits for a dialog that was opened for that person after the first `before` ones. */
const opened = (user: string, before: number) =>
  vi.waitFor(() => {
    const modal = room.slack
      .modals()
      .slice(before)
      .find((it) => it.user === user);
    if (!modal) throw new Error(`no dialog was opened for ${user}`);
    return modal;
  }, WAIT);

const optionsOf = (modal: { view: Readonly<Record<string, unknown>> }) => {
  const blocks = modal.view.blocks as Array<{ block_id?: string; element?: { options?: Array<{ value: string }> } }>;
  return (blocks.find(({ block_id }) => block_id === "to")?.element?.options ?? []).map(({ value }) => value);
};

beforeAll(async () => {
  room = await startControlRoom();
  await room.push({ "index.html": "first" });
  await room.says(/shop is live/);
  await room.push({ "index.html": "second" });
  await vi.waitFor(() => expect(room.live()).toBe("second"), WAIT);
  await vi.waitFor(async () => {
    const messages = await room.slack.messages("shop");
    expect(messages.filter(({ text }) => text.includes("shop is live"))).toHaveLength(2);
  }, WAIT);
}, 120_000);
afterAll(() => room?.stop());

describe("words", () => {
  it("are answered with 200 and nothing at once, and with the answer for one person alone", async () => {
    const startMs = performance.now();
    expect(await deploy(ALICE, "help")).toEqual({ status: 200, body: "" });
    expect(performance.now() - startMs).toBeLessThan(3000);
    expect(await room.told(ALICE, /rollback/)).toContain("status");
    expect(room.slack.ephemerals().at(-1)).toMatchObject({ user: ALICE, channel: room.shop, via: "response_url" });
  });

  it("show the site, its releases, its log, the difference to the release before and the audit log", async () => {
    await deploy(DAN, "status");
    await room.told(DAN, /shop/);
    // The request that asks is no backlog.
    expect(JSON.stringify(room.slack.ephemerals())).not.toContain("delivery to do");
    const [first, second] = ["HEAD~1", "HEAD"].map((it) => room.repository.git("rev-parse", "--short=7", it).trim());
    for (const [text, ...answers] of [
      ["releases", first, second],
      // The build prints the page.
      ["logs shop", "second\\n"],
      ["diff previous", first, second, "~ index.html"],
    ] as const) {
      const before = room.slack.ephemerals().length;
      await deploy(DAN, text);
      await vi.waitFor(() => expect(room.slack.ephemerals().length).toBeGreaterThan(before), WAIT);
      const told = JSON.stringify(room.slack.ephemerals().at(-1)?.blocks);
      for (const answer of answers) expect(told, text).toContain(answer);
    }
    await deploy(DAN, "audit");
    expect(await room.told(DAN, /audit on shop is for its operators/)).toContain(ALICE);
    await deploy(ALICE, "audit shop");
    await vi.waitFor(() => expect(JSON.stringify(room.slack.ephemerals())).toContain("dan (Slack"), WAIT);
  });

  it("as a mention are answered in their thread, in a direct message not where nobody allowed it", async () => {
    const message = await room.says(/shop is live/);
    await room.sender.mention({ user: ALICE, channel: room.shop, text: "rollback", thread: message.ts });
    await vi.waitFor(
      () => expect(room.slack.ephemerals().at(-1)).toMatchObject({ user: ALICE, thread_ts: message.ts }),
      WAIT,
    );
    expect(JSON.stringify(room.slack.ephemerals().at(-1)?.blocks)).toMatch(/"value":"rollback shop [0-9a-f]{12}"/);
    await room.sender.direct({ user: ALICE, text: "redeploy shop" });
    await vi.waitFor(
      () => expect(room.slack.directMessages(ALICE).at(-1)?.text).toContain("cannot be commanded in direct messages"),
      WAIT,
    );
  });

  it.each([
    ["U0GUEST", /Guests of the workspace may ask Slipway for nothing/],
    ["U0ROBOT", /does nothing for bots/],
    ["U0FAR", /one workspace alone/],
  ])("of %s do nothing", async (user, says) => {
    await deploy(user, "redeploy shop");
    await room.told(user, says);
  });

  it("in another channel name the right one", async () => {
    await deploy(ALICE, "redeploy shop", room.elsewhere);
    expect(await room.told(ALICE, /cannot be commanded here/)).toContain(room.shop);
  });

  it("that nobody understands are answered in bounds, with a suggestion", async () => {
    await deploy(ALICE, "rolback shop");
    await room.told(ALICE, /Try `/);
    await deploy(ALICE, `status ${"x".repeat(1000)}`);
    await deploy(ALICE, "status <!channel>");
    await vi.waitFor(
      () => expect(room.slack.ephemerals().filter(({ user }) => user === ALICE).length).toBeGreaterThan(5),
      WAIT,
    );
    for (const { text, blocks } of room.slack.ephemerals()) {
      expect(text.length).toBeLessThan(4000);
      expect(`${text}${JSON.stringify(blocks)}`).not.toContain("<!channel>");
    }
  });
});

describe("what is of another site", () => {
  it("is shown to nobody who may not see that site, however they ask for it", async () => {
    const id = await room.deployVault();
    const secrets = [/the words of the vault/, /vault/];
    const asked: Array<[text: string, channel?: string]> = [
      ...[`logs shop ${id}`, `logs ${id}`, `diff shop ${id}`, `redeploy shop ${id}`, `cancel shop ${id}`].map(
        (text): [string] => [text],
      ),
      ...["status vualt", "status", "help", "whoami", "status shop vault2", "audit shop", "releases"].map(
        (text): [string] => [text],
      ),
      ["logs", room.slack.channelId("third")],
      ["whoami", room.slack.channelId("third")],
    ];
    for (const [text, channel] of asked) {
      const before = room.slack.ephemerals().length;
      await deploy(ALICE, text, channel);
      await vi.waitFor(() => expect(room.slack.ephemerals().length, text).toBeGreaterThan(before), WAIT);
      const told = JSON.stringify(room.slack.ephemerals().slice(before));
      // Whoever writes the name of a site themselves, or the id of its deployment, is told whom to ask.
      const isNamed = /^(logs d-|status shop vault2)/.test(text);
      for (const secret of isNamed ? secrets.slice(0, 1) : secrets) expect.soft(told, text).not.toMatch(secret);
    }
  });
});

it("what there was not to see is written down as refused", async () => {
  await deploy(ALICE, "logs d-none-0000 shop");
  await room.told(ALICE, /There is no deployment d-none-0000/);
  await deploy(ALICE, "audit shop");
  await room.told(ALICE, /refused[^✋✅]*logs shop d-none-0000/);
});

describe("requests", () => {
  const body = () =>
    new URLSearchParams({
      ...{ token: "deprecated", team_id: room.slack.teamId, team_domain: "acme", channel_id: room.shop },
      ...{ channel_name: "shop", user_id: ALICE, user_name: "alice", command: "/deploy", text: "whoami" },
      ...{ api_app_id: "A0SLIPWAY", response_url: room.slack.responseUrl(ALICE, room.shop) },
      trigger_id: room.slack.trigger(ALICE),
    }).toString();
  const nowS = () => Math.floor(Date.now() / 1000);

  it("of six minutes ago, or of six minutes from now, are refused", async () => {
    for (const atSeconds of [nowS() - 360, nowS() + 360]) {
      expect((await room.sender.send(body(), { atSeconds })).status).toBe(401);
    }
  });

  it("that are sent again do nothing more; a charset behind the type makes no difference", async () => {
    const before = room.slack.ephemerals().length;
    const once = body();
    const type = "application/x-www-form-urlencoded; charset=utf-8";
    for (let n = 0; n < 3; n++) expect((await room.sender.send(once, { type })).status).toBe(200);
    await vi.waitFor(() => expect(room.slack.ephemerals().length).toBe(before + 1), WAIT);
    await deploy(ALICE, "whoami");
    await vi.waitFor(() => expect(room.slack.ephemerals().length).toBe(before + 2), WAIT);
    expect(room.slack.ephemerals().at(-1)?.text).toContain("alice");
  });

  it("that cannot be answered leave nothing secret in logs and records", async () => {
    const fields = new URLSearchParams(body());
    const address = (fields.get("response_url") ?? "").replace(/[^/]*$/, "a5ec2e70f".repeat(3));
    fields.set("response_url", address);
    fields.set("token", "the-old-token");
    fields.set("channel_id", "C0NOWHERE");
    expect((await room.sender.send(fields.toString())).status).toBe(200);
    await vi.waitFor(() => expect(room.written().includes("could not tell; given up")).toBe(true), WAIT);
    const written = room.written();
    for (const secret of [...SECRETS, new URL(address).pathname, "the-old-token"])
      expect(written.includes(secret), secret).toBe(false);
  });
});

describe("a redeploy", () => {
  it("of a deployer, clicked twice, is one deployment, and its message names who asked", async () => {
    const live = await room.says(/shop is live/);
    await click(DAN, live, "redeploy");
    await room.told(DAN, /d-\S+ is queued: it publishes what is live on shop again/);
    await click(DAN, live, "redeploy");
    await room.told(DAN, /does that already|no longer what is live/);
    await room.says(/shop is live: redeployed/);
    await vi.waitFor(async () => {
      const again = (await room.slack.messages("shop")).filter(({ text }) => text.includes("redeployed"));
      expect(again).toHaveLength(1);
    }, WAIT);
    const last = (await room.slack.messages("shop")).findLast(({ text }) => text.includes("redeployed"));
    expect(JSON.stringify(last?.blocks)).toContain("dan (Slack U0DAN)");
    // The message of before is no longer what is live.
    await click(DAN, live, "redeploy");
    await room.told(DAN, /no longer what is live on shop/);
  });
});

describe("a rollback", () => {
  it("shows from and to in a dialog, publishes the earlier release, and holds what is pushed until resume", async () => {
    const before = room.slack.modals().length;
    expect(
      await room.sender.command({ user: ALICE, channel: room.shop, command: "/rollback", text: "" }),
    ).toMatchObject({
      status: 200,
    });
    const modal = await opened(ALICE, before);
    expect(JSON.stringify(modal.view)).toMatch(/\*From\* what is live on \*shop\*:.*"To".*"Why"/);
    expect(optionsOf(modal)).toHaveLength(1);
    const answer = await room.sender.submit({ user: ALICE, view: modal, values: { reason: "second is ugly" } });
    expect(answer).toEqual({ status: 200, body: "" });
    await vi.waitFor(() => expect(room.live()).toBe("first"), WAIT);
    const message = await room.says(/shop is (live: )?rolled back/);
    expect(JSON.stringify(message.blocks)).toContain("alice (Slack U0ALICE)");

    const third = await room.push({ "index.html": "third" });
    await room.says(/shop is held/);
    expect(room.live()).toBe("first");
    await deploy(ALICE, "resume");
    await room.says(new RegExp(`is live: ${third.slice(0, 7)}`));
    expect(room.live()).toBe("third");
  });

  it("of two operators at once is one: the other learns that something else is live or on its way", async () => {
    const before = room.slack.modals().length;
    const rollbacks = () => room.written().split('"trigger":"rollback"').length;
    const rollbacksBefore = rollbacks();
    await Promise.all([deploy(ALICE, "rollback shop"), deploy(BOB, "rollback shop")]);
    const [alices, bobs] = await Promise.all([opened(ALICE, before), opened(BOB, before)]);
    const [one, other] = optionsOf(alices);
    const answers = await Promise.all([
      room.sender.submit({ user: ALICE, view: alices, values: { to: one ?? "" } }),
      room.sender.submit({ user: BOB, view: bobs, values: { to: other ?? "" } }),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    await vi.waitFor(async () => {
      const errors = answers.filter(({ body }) => body.includes("errors")).length;
      const says = /being rolled back to \w{7} already by the rollback|went live meanwhile/;
      const refused = room.slack.ephemerals().filter(({ text }) => says.test(text)).length;
      expect(refused + errors).toBe(1);
    }, WAIT);
    await vi.waitFor(() => expect(["first", "second"]).toContain(room.live()), WAIT);
    // Nothing was pushed meanwhile, so the end of the pause deploys nothing: what was rolled back stays away.
    await deploy(ALICE, "resume");
    await deploy(ALICE, "deploy shop");
    await vi.waitFor(() => expect(room.live()).toBe("third"), WAIT);
    expect(rollbacks()).toBe(rollbacksBefore + 1);
  });

  it("to a release that a mention names opens the dialog by a button, with that one chosen", async () => {
    const chosenIn = (modal: { view: object }) =>
      /"initial_option":\{.*?"value":"([0-9a-f]{64})"/.exec(JSON.stringify(modal.view))?.[1];
    const before = room.slack.modals().length;
    await deploy(ALICE, "rollback shop");
    const usual = await opened(ALICE, before);
    const other = optionsOf(usual).find((id) => id !== chosenIn(usual)) ?? "";
    await room.sender.mention({ user: ALICE, channel: room.shop, text: `rollback shop ${other.slice(0, 10)}` });
    const offer = await vi.waitFor(() => {
      const found = room.slack
        .ephemerals()
        .findLast((it) => JSON.stringify(it.blocks ?? []).includes("Roll back shop…"));
      expect(JSON.stringify(found?.blocks)).toContain(`rollback shop ${other.slice(0, 12)}`);
      return found as NonNullable<typeof found>;
    }, WAIT);
    await click(ALICE, offer, "choose");
    expect(chosenIn(await opened(ALICE, before + 1))).toBe(other);
  });

  it("to a release that is gone, or from one that is no longer live, shows the error in the dialog", async () => {
    const before = room.slack.modals().length;
    await deploy(ALICE, "rollback shop --reason “it is ugly”");
    const modal = await opened(ALICE, before);
    expect(JSON.stringify(modal.view)).toContain('"initial_value":"it is ugly"');
    // Sent by others than whom it was opened for it is theirs: they are told, not shown, since who they are is asked first.
    for (const user of [DAN, "U0GUEST"]) {
      expect(await room.sender.submit({ user, view: modal, values: {} })).toEqual({ status: 200, body: "" });
    }
    await room.told(DAN, /rollback on shop is for its operators/);
    const fourth = await room.push({ "index.html": "fourth" });
    // Its files are there a moment before the records say that it is live, and until then the dialog is right.
    await room.says(new RegExp(`is live: ${fourth.slice(0, 7)}`));
    const late = await room.sender.submit({ user: ALICE, view: modal, values: {} });
    expect(JSON.parse(late.body)).toMatchObject({
      response_action: "errors",
      errors: { to: expect.stringContaining("went live meanwhile") },
    });
    expect(room.live()).toBe("fourth");
    await deploy(ALICE, "audit shop");
    await room.told(ALICE, /rollback shop [0-9a-f]{12}\*.*went live meanwhile/);
  });
});

describe("a failure", () => {
  it("adds one reply to its thread that the channel sees, with the last lines; the mend adds a quiet one", async () => {
    await room.push({ "index.html": "broken <!channel>" });
    const failed = await room.says(/^shop failed:/);
    const replies = async () =>
      (await room.slack.messages("shop")).filter(({ thread_ts, ts }) => thread_ts === failed.ts && ts !== failed.ts);
    await vi.waitFor(async () => expect(await replies()).toHaveLength(1), WAIT);
    const [reply] = await replies();
    expect(reply?.reply_broadcast).toBe(true);
    expect(JSON.stringify(reply?.blocks)).toContain("broken");
    expect(JSON.stringify(reply)).not.toContain("<!channel>");
    expect(room.live()).toBe("fourth");
    await room.push({ "index.html": "mended" });
    await vi.waitFor(async () => expect(await replies()).toHaveLength(2), WAIT);
    expect((await replies())[1]?.reply_broadcast).not.toBe(true);
  });
});

describe("a lock", () => {
  it("holds everything, says whose it is, and is ended by whoever made it", async () => {
    await deploy(DAN, "lock shop the fair begins --for 2h");
    await room.told(DAN, /lock/i);
    await deploy(ALICE, "redeploy shop");
    await room.told(ALICE, /^shop is locked by dan \(Slack U0DAN\) until \d\d:\d\d UTC: the fair begins/);
    await deploy(DAN, "unlock shop");
    await room.says(/unlocked/);
  });
});

describe("CI", () => {
  const run = (id: number, conclusion: string) => ({
    action: "completed",
    workflow: { name: "CI", path: ".github/workflows/ci.yml" },
    workflow_run: {
      ...{ id, name: "CI", path: ".github/workflows/ci.yml", run_attempt: 1, run_number: id, event: "push" },
      ...{ status: "completed", conclusion, head_branch: "main", head_sha: String(id).padStart(40, "0") },
      head_commit: { message: "Change <!here>", author: { name: "Alice" } },
      ...{ head_repository: { id: 42 }, actor: { login: "alice" }, html_url: "https://github.com/acme/shop/actions" },
    },
    repository: { id: 42, full_name: "acme/shop" },
    installation: { id: 9 },
  });

  it("is quiet while it is green, and one message from red to green", async () => {
    const count = async () => (await room.slack.messages("shop")).length;
    const before = await count();
    await room.github("workflow_run", run(1, "success"));
    await room.github("workflow_run", run(2, "failure"));
    const red = await room.says(/CI/);
    await room.github("workflow_run", run(3, "failure"));
    await vi.waitFor(
      async () =>
        expect(JSON.stringify((await room.slack.messages("shop")).find(({ ts }) => ts === red.ts))).toMatch(
          /2 times|twice|failed 2/i,
        ),
      WAIT,
    );
    await room.github("workflow_run", run(4, "success"));
    await vi.waitFor(async () => {
      const now = (await room.slack.messages("shop")).find(({ ts }) => ts === red.ts);
      expect(now?.text).toMatch(/works again|again/);
    }, WAIT);
    expect(await count()).toBe(before + 1);
  });
});
