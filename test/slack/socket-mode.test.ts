/** Slack's requests by Socket Mode: recorded, then acknowledged, whatever the connection goes through. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createLog } from "../../src/log.ts";
import { secret } from "../../src/secrets/secret.ts";
import { type SocketMode, startSocketMode } from "../../src/slack/socket-mode.ts";
import { type SocketServer, startSocketServer } from "./socket-server.ts";

const TOKEN = "xapp-very-secret";
let slack: SocketServer;
let socket: SocketMode | undefined;
let taken: Buffer[];
let logged: string[];
let rejections: unknown[];
const onRejection = (error: unknown) => void rejections.push(error);

beforeEach(async () => {
  [taken, logged, rejections] = [[], [], []];
  process.on("unhandledRejection", onRejection);
  slack = await startSocketServer();
});
afterEach(async () => {
  await socket?.stop();
  socket = undefined;
  await slack.stop();
  process.off("unhandledRejection", onRejection);
  expect(rejections).toEqual([]);
  expect(logged.join("\n")).not.toContain(TOKEN);
});

function start(receive: () => Promise<string> = async () => ""): SocketMode {
  const log = createLog({ level: "debug", pretty: false });
  const told = Object.assign(log, {
    ...Object.fromEntries(
      ["debug", "info", "warn", "error"].map((level) => [
        level,
        (...words: unknown[]) => void logged.push(`${level} ${JSON.stringify(words)}`),
      ]),
    ),
  });
  socket = startSocketMode({
    appToken: secret(TOKEN),
    apiUrl: slack.apiUrl,
    log: told,
    waits: { failedMs: 5, refusedMs: 20 },
    receive(body) {
      taken.push(body);
      return receive();
    },
  });
  return socket;
}

const soon = (check: () => void) => vi.waitFor(check, { timeout: 60_000, interval: 5 });
/** Slack said hello so many times. */
const connected = (times = 1) =>
  soon(() => expect(logged.filter((it) => it.includes("come by Socket Mode"))).toHaveLength(times));
const command = (id: string, text = "status") => ({
  envelope_id: id,
  type: "slash_commands",
  accepts_response_payload: true,
  payload: { command: "/deploy", text, trigger_id: "1.2.ab" },
});

describe("a request by Socket Mode", () => {
  it("is handed on with its payload as JSON, and acknowledged with nothing once that is recorded", async () => {
    const gate = Promise.withResolvers<string>();
    start(() => gate.promise);
    await connected();
    expect(slack.opened).toEqual([`Bearer ${TOKEN}`]);
    slack.send(command("e1"));
    await soon(() => expect(taken).toHaveLength(1));
    expect(JSON.parse(taken[0]?.toString("utf8") ?? "")).toEqual(command("e1").payload);
    expect(slack.received).toEqual([]);
    gate.resolve("");
    await soon(() => expect(slack.received).toEqual([{ envelope_id: "e1", payload: {} }]));
  });

  it("is acknowledged with the answer that cannot wait", async () => {
    start(async () => JSON.stringify({ response_action: "errors", errors: { to: "is gone" } }));
    await connected();
    slack.send({ envelope_id: "e2", type: "interactive", payload: { type: "view_submission" } });
    const payload = { response_action: "errors", errors: { to: "is gone" } };
    await soon(() => expect(slack.received).toEqual([{ envelope_id: "e2", payload }]));
  });

  it("of every sort comes through, events too, and large ones", async () => {
    start();
    await connected();
    const event = { type: "event_callback", event_id: "Ev1", event: { type: "app_mention", text: "x".repeat(70_000) } };
    slack.send({ envelope_id: "e3", type: "events_api", payload: event, retry_attempt: 0, retry_reason: "" });
    slack.send(command("e4"));
    await soon(() => expect(slack.received.map((it) => it.envelope_id)).toEqual(["e3", "e4"]));
    expect(taken.map((body) => JSON.parse(body.toString("utf8")))).toEqual([event, command("e4").payload]);
  });

  it("that could not be recorded is not acknowledged, so that Slack sends it again", async () => {
    let times = 0;
    start(async () => {
      times += 1;
      if (times === 1) throw new Error("the disk is full");
      return "";
    });
    await connected();
    slack.send(command("e5"));
    await soon(() => expect(logged.join("\n")).toContain("the disk is full"));
    slack.send(command("e6"));
    await soon(() => expect(slack.received).toEqual([{ envelope_id: "e6", payload: {} }]));
  });

  it("that is larger than Slack's ever are is not recorded, and not sent again and again", async () => {
    start();
    await connected();
    slack.send(command("e7", "x".repeat(1024 * 1024)));
    await soon(() => expect(slack.received.map((it) => it.envelope_id)).toEqual(["e7"]));
    expect(taken).toEqual([]);
  });
});

describe("a connection", () => {
  it.each(["cut", "renewed by Slack"])("that is %s is opened again, and goes on", async (how) => {
    start();
    await connected();
    if (how === "cut") slack.cut();
    else slack.send({ type: "disconnect", reason: "refresh_requested" });
    await connected(2);
    expect(slack.opened).toHaveLength(2);
    slack.send(command("e1"));
    await soon(() => expect(slack.received.map((it) => it.envelope_id)).toEqual(["e1"]));
  });

  it.each(["no JSON", "{}", '{"type":"events_api","envelope_id":"x"}', '{"type":"events_api","payload":null}'])(
    "survives what is no request of Slack's: %s",
    async (message) => {
      start();
      await connected();
      slack.send(message);
      slack.send(command("e1"));
      await soon(() => expect(slack.received.map((it) => it.envelope_id)).toContain("e1"));
      expect(slack.opened).toHaveLength(1);
    },
  );

  it("that is refused for its token tells the operator once, and is tried again until it is not", async () => {
    const refused = { body: { ok: false, error: "invalid_auth" } };
    slack.answers.push(refused, refused, refused);
    start();
    await connected();
    expect(slack.opened).toHaveLength(4);
    const errors = logged.filter((it) => it.startsWith("error"));
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatch(/SLACK_APP_TOKEN.*invalid_auth.*connections:write/);
  });

  it("whose token is revoked while it is open is tried again, and takes nobody down", async () => {
    start();
    await connected();
    slack.answers.push({ body: { ok: false, error: "token_revoked" } });
    slack.cut();
    await connected(2);
    expect(slack.opened.length).toBeGreaterThanOrEqual(3);
  });

  it.each<[string, SocketServer["answers"][number]]>([
    ["a failure", { status: 500, body: {} }],
    ["a wish to wait", { status: 429, headers: { "retry-after": "0.01" }, body: {} }],
    ["an address where nobody is", { body: { ok: true, url: "ws://127.0.0.1:1/" } }],
    ["no address", { body: { ok: true } }],
    ["a failure that passes", { body: { ok: false, error: "internal_error" } }],
  ])("that begins with %s is tried again", async (_, answer) => {
    slack.answers.push(answer);
    start();
    await connected();
    expect(slack.opened).toHaveLength(2);
    expect(logged.filter((it) => it.startsWith("error"))).toEqual([]);
  });
});

describe("the end", () => {
  it("waits for what is being recorded, acknowledges it, and connects no more", async () => {
    const gate = Promise.withResolvers<string>();
    const ending = start(() => gate.promise);
    await connected();
    slack.send(command("e1"));
    await soon(() => expect(taken).toHaveLength(1));
    const stopped = ending.stop();
    gate.resolve("");
    await stopped;
    expect(slack.received).toEqual([{ envelope_id: "e1", payload: {} }]);
    await soon(() => expect(slack.connections()).toBe(0));
    expect(slack.opened).toHaveLength(1);
  });

  it("comes at once while Slack has not said hello, or refuses", async () => {
    slack.greets = false;
    await soonConnecting();
    await socket?.stop();
    await soon(() => expect(slack.connections()).toBe(0));
    slack.answers.push({ body: { ok: false, error: "invalid_auth" } });
    start();
    await soon(() => expect(logged.join("\n")).toContain("invalid_auth"));
    await socket?.stop();
    expect(slack.connections()).toBe(0);
  });

  async function soonConnecting(): Promise<void> {
    start();
    await soon(() => expect(slack.connections()).toBe(1));
  }
});
