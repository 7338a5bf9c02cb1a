/** An Alertmanager is asked to silence an alert: once, exactly that one, and whoever asked is told when it cannot be. */
import { createServer, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { alertSilenced, wishSilence } from "../../src/commands/silence-alert.ts";
import { type SilenceSettings, silenceSettings } from "../../src/config/silence-settings.ts";
import { AmbiguousError, OperatorError, PermanentError, RetryLaterError } from "../../src/errors.ts";
import { createSilencePerformer, type SilenceDeps, type SilenceWish } from "../../src/notify/silence.ts";
import { tellAlert } from "../../src/notify/tell-alert.ts";
import { secret } from "../../src/secrets/secret.ts";
import { findAlert, firingAlerts } from "../../src/store/alerts.ts";
import type { OutboxRow } from "../../src/store/outbox.ts";
import type { Work } from "../../src/store/work.ts";
import { openOutboxWorld } from "../outbox/outbox-world.ts";
import { PATIENCE } from "../patience.ts";
import { describeWithProgram } from "../servers/available.ts";
import { anAlert } from "../store/alerts-contract.ts";
import { startAlertmanager, type TestAlertmanager, USER } from "./silence-world.ts";

const HOUR = 3_600_000;
let requests = 0;
const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

/** A server of HTTP in the way. */
async function serve(answer: Parameters<typeof createServer>[1]): Promise<string> {
  const server = createServer(answer);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function aWish(part: Partial<SilenceWish> = {}): SilenceWish {
  const fromMs = Date.now();
  return {
    ...{ alert: 12, source: "metrics", labels: { alertname: "Disk “full”", instance: "web-1:9100" } },
    ...{ fromMs, untilMs: fromMs + 2 * HOUR, by: "alice (Slack U0ALICE)", to: null, site: null, where: "C0OPS" },
    ...{ rule: "operators: U0ALICE", what: "the button silence for alert 12", cause: `slack ${++requests}` },
    ...part,
  };
}

/** Performs a wish; answers with what was reported of it, and what it ended with. */
async function perform(
  settings: Partial<SilenceSettings> & { url: string },
  { inDoubt = false, ...wish }: Partial<SilenceWish> & { inDoubt?: boolean } = {},
  more: Partial<SilenceDeps> = {},
) {
  const reported: unknown[] = [];
  const performer = createSilencePerformer({
    settingsOf: (source) => (source === "metrics" ? { for: 2 * HOUR, ...settings } : undefined),
    secretOf: async () => secret(USER),
    silenced: async ({ alert, untilMs }) => reported.push({ silenced: alert, untilMs }),
    refused: async (_, reason) => reported.push({ refused: reason }),
    lookAgainMs: 5,
    ...more,
  });
  const row = { desired: aWish(wish), inDoubt } as unknown as OutboxRow;
  const ended = await performer(row, async () => {}).catch((error: unknown) => error);
  return { ended, reported, wish: row.desired as SilenceWish };
}

describeWithProgram("prometheus-alertmanager", "An Alertmanager", () => {
  let alertmanager: TestAlertmanager;
  beforeAll(async () => {
    alertmanager = await startAlertmanager();
  });
  afterAll(() => alertmanager?.stop());

  it("silences the alert by all its labels, for as long as it was asked to", async () => {
    const before = (await alertmanager.silences()).map(({ id }) => id);
    const { ended, reported, wish } = await perform({ url: `${alertmanager.url}/` });
    expect(ended).toEqual({ kind: "sent", remote: null });
    expect(reported).toEqual([{ silenced: 12, untilMs: wish.untilMs }]);
    const made = (await alertmanager.silences()).filter(({ id }) => !before.includes(id));
    expect(made).toMatchObject([
      {
        ...{ createdBy: "alice (Slack U0ALICE)", endsAt: new Date(wish.untilMs).toISOString() },
        comment: expect.stringMatching(/^Asked for in Slack, through Slipway \(alert 12, request [0-9a-f]{16}\)$/),
        status: { state: "active" },
      },
    ]);
    expect(made[0]?.matchers).toEqual([
      { name: "alertname", value: "Disk “full”", isRegex: false, isEqual: true },
      { name: "instance", value: "web-1:9100", isRegex: false, isEqual: true },
    ]);
  });

  it("is looked at before it is asked again, when an answer was lost", async () => {
    const proxy = await serve((incoming, outgoing) => {
      const { method, headers, url } = incoming;
      const onward = request(`${alertmanager.url}${url}`, { method, headers }, (answer) => {
        answer.resume();
        answer.on("end", () => outgoing.destroy());
      });
      incoming.pipe(onward);
    });
    const before = (await alertmanager.silences()).length;
    const lost = await perform({ url: proxy });
    expect(lost.ended).toBeInstanceOf(AmbiguousError);
    expect(lost.reported).toEqual([]);
    const again = await perform({ url: alertmanager.url }, { ...lost.wish, inDoubt: true });
    expect(again.reported).toEqual([{ silenced: 12, untilMs: lost.wish.untilMs }]);
    expect(await alertmanager.silences()).toHaveLength(before + 1);
    // Another request is not taken for that one.
    await perform({ url: alertmanager.url }, { inDoubt: true });
    expect(await alertmanager.silences()).toHaveLength(before + 2);
  });

  it("is asked by the outbox, and the message of the alert says so then", async () => {
    const world = await openOutboxWorld();
    onTestFinished(() => world.stop());
    const { store } = world;
    const telling = { hasSlack: true, hasButtons: true, config: { sites: {}, people: {} } };
    const perform = createSilencePerformer({
      settingsOf: () => ({ url: alertmanager.url, for: 2 * HOUR }),
      secretOf: async () => secret(USER),
      silenced: (wish) => store.transact((tx) => alertSilenced(tx, telling, wish, { nowMs: Date.now() })),
      refused: async (_, reason) => expect(reason).toBe(""),
    });
    const nowMs = Date.now();
    const labels = { alertname: "FromTheOutbox" };
    const id = await store.transact(function* (tx): Work<number> {
      yield* tellAlert(tx, telling, { do: "alert", ...anAlert({ labels, startedAtMs: nowMs }) }, { nowMs });
      const [known] = yield* firingAlerts(tx, 1);
      const alert = known?.alert.id ?? 0;
      const asked = { by: "alice (Slack U0ALICE)", forMs: HOUR, to: null, site: null, where: "C0OPS", rule: "x" };
      yield* wishSilence(tx, { do: "silence_alert", alert, ...asked, what: "x", cause: "slack 9" }, { nowMs });
      return alert;
    });
    world.start(async (row, remember) =>
      row.kind === "alertmanager.silence" ? perform(row, remember) : { kind: "sent", remote: {} },
    );
    const silenced = async () => (await store.transact((tx) => findAlert(tx, id)))?.alert.silenced;
    await vi.waitFor(async () => expect(await silenced()).toMatchObject({ untilMs: nowMs + HOUR }), PATIENCE);
    await vi.waitFor(async () => expect(await world.states()).toEqual({ sent: 2 }), PATIENCE);
    const made = (await alertmanager.silences()).filter(({ matchers }) => JSON.stringify(matchers).includes("FromThe"));
    expect(made).toMatchObject([{ endsAt: new Date(nowMs + HOUR).toISOString() }]);
  });

  it("that refuses says why, and whoever asked is told", async () => {
    const { ended, reported } = await perform({ url: alertmanager.url }, { untilMs: Date.now() - HOUR });
    expect(ended).toBeInstanceOf(PermanentError);
    expect(reported).toEqual([{ refused: expect.stringMatching(/^Alertmanager answers HTTP 400: .*end time/) }]);
  });

  it("is asked at the address that slipway.yaml names, and a wrong one is said to be wrong", async () => {
    const { reported } = await perform({ url: `${alertmanager.url}/alerts` });
    expect(reported).toEqual([
      {
        refused: "Alertmanager answers HTTP 404; look whether sources.metrics.silence.url is its address, without /api",
      },
    ]);
    const inDoubt = await perform({ url: await serve((_, answer) => answer.end("<html>")) }, { inDoubt: true });
    expect(inDoubt.reported).toEqual([{ refused: expect.stringContaining("is no Alertmanager of API v2") }]);
  });
});

describeWithProgram("prometheus-alertmanager", "An Alertmanager with users", () => {
  let alertmanager: TestAlertmanager;
  beforeAll(async () => {
    alertmanager = await startAlertmanager({ hasUser: true });
  });
  afterAll(() => alertmanager?.stop());

  it("silences for the user of the settings, and nobody else", async () => {
    const basic = { kind: "env", name: "AM_USER" } as const;
    expect((await perform({ url: alertmanager.url, basic })).ended).toMatchObject({ kind: "sent" });
    for (const settings of [{ url: alertmanager.url }, { url: alertmanager.url, token: basic }]) {
      expect((await perform(settings)).reported).toEqual([
        { refused: "Alertmanager answers HTTP 401; sources.metrics.silence needs another token or basic" },
      ]);
    }
    expect(await alertmanager.silences()).toHaveLength(1);
  });
});

describe("A silence", () => {
  it("is asked for with the token, and a redirect is not followed with it", async () => {
    const seen: unknown[] = [];
    const url = await serve(({ url: path, headers }, answer) => {
      seen.push([path, headers.authorization]);
      answer.writeHead(302, { location: "/elsewhere" }).end();
    });
    const { reported } = await perform({ url: `${url}/am`, token: { kind: "env", name: "TOKEN" } });
    expect(seen).toEqual([["/am/api/v2/silences", `Bearer ${USER}`]]);
    expect(reported).toEqual([{ refused: expect.stringContaining("HTTP 302") }]);
  });

  it.each<[string, number, Record<string, string>, unknown, number | null | undefined]>([
    ["too many requests", 429, {}, RetryLaterError, null],
    ["an overload with an end", 503, { "retry-after": "7" }, RetryLaterError, 7000],
    ["an overload", 503, {}, AmbiguousError, undefined],
    ["a failure", 500, {}, AmbiguousError, undefined],
  ])("is tried again after %s", async (_, status, headers, kind, delayMs) => {
    const url = await serve((_incoming, answer) => answer.writeHead(status, headers).end());
    const { ended, reported } = await perform({ url });
    expect(ended).toBeInstanceOf(kind);
    expect((ended as RetryLaterError).delayMs).toBe(delayMs);
    expect(reported).toEqual([]);
  });

  it("is tried again while nobody listens, for a quarter of an hour", async () => {
    const url = await serve(() => {});
    await new Promise((resolve) => servers.pop()?.close(resolve));
    expect((await perform({ url })).ended).toBeInstanceOf(RetryLaterError);
    const late = await perform({ url }, {}, { now: () => Date.now() + 16 * 60_000 });
    expect(late.ended).toBeInstanceOf(PermanentError);
    expect(late.reported).toEqual([
      { refused: expect.stringMatching(/^Alertmanager cannot be reached: .*ECONNREFUSED/) },
    ]);
  });

  it.each<[string, SilenceWish["labels"]]>([
    ["none", {}],
    ["empty ones alone", { a: "" }],
    ["one that was cut", { alertname: "A", path: "x".repeat(300) }],
    ["one whose name was cut", { ["a".repeat(100)]: "x" }],
    ["more than are kept", Object.fromEntries(Array.from({ length: 30 }, (_, n) => [`l${n}`, "x"]))],
  ])("of an alert with labels that do not name it is refused: %s", async (_, labels) => {
    const { reported } = await perform({ url: "http://127.0.0.1:1" }, { labels });
    expect(reported).toEqual([{ refused: expect.stringMatching(/labels/) }]);
  });

  it("without its secret, or with one that no header takes, is refused at once, and tells nothing of it", async () => {
    const url = await serve((_, answer) => answer.end());
    const token = { kind: "env", name: "TOKEN" } as const;
    const missing = async () => Promise.reject(new OperatorError("sources.metrics.silence.token", "TOKEN is missing"));
    const without = await perform({ url, token }, {}, { secretOf: missing });
    expect(without.ended).not.toBeInstanceOf(OperatorError);
    expect(without.reported).toEqual([{ refused: "sources.metrics.silence.token: TOKEN is missing" }]);
    const broken = await perform({ url, token }, {}, { secretOf: async () => secret("hush\nhush") });
    expect(broken.reported).toEqual([{ refused: expect.stringContaining("line breaks") }]);
    expect(JSON.stringify([broken.reported, String(broken.ended)])).not.toContain("hush");
  });

  it("of a source that is gone is refused", async () => {
    expect((await perform({ url: "http://127.0.0.1:1" }, { source: "old" })).reported).toEqual([
      { refused: "sources.old.silence is not set any more" },
    ]);
  });

  it("has settings without secrets in the address, and one way to say who asks", () => {
    const problems = (settings: object) =>
      silenceSettings.safeParse(settings).error?.issues.map(({ message }) => message);
    expect(problems({ url: "https://am.example.com/prefix", token: "env:TOKEN" })).toBeUndefined();
    expect(problems({ url: "https://a:b@am.example.com" })).toEqual([expect.stringContaining("has a user")]);
    expect(problems({ url: "https://am.example.com/?x=1" })).toEqual([expect.stringContaining("a query")]);
    expect(problems({ url: "https://am.example.com", token: "env:T", basic: "env:B" })).toEqual([
      expect.stringContaining("both token and basic"),
    ]);
  });
});
