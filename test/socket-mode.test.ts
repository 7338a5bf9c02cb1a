/** The whole service where Slack needs no way in: what people ask comes by Socket Mode, and is answered like over HTTP. */
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { ALICE, type ControlRoom, startControlRoom } from "./control-room-world.ts";
import { type SocketServer, startSocketServer } from "./slack/socket-server.ts";

const WAIT = { timeout: 60_000, interval: 20 };

let room: ControlRoom;
let socket: SocketServer;
beforeAll(async () => {
  socket = await startSocketServer();
  const url = `${socket.apiUrl.replace(/^http/, "ws")}link`;
  room = await startControlRoom({
    secrets: { SLACK_APP_TOKEN: "xapp-of-the-test" },
    prepare(slack) {
      slack.misbehave({ path: "/api/apps.connections.open", fault: { answer: 200, body: { ok: true, url } } });
      return { SLACK_SIGNING_SECRET: undefined };
    },
  });
  await connected();
}, 120_000);
afterAll(async () => {
  await room?.stop();
  await socket?.stop();
});

const connected = () => vi.waitFor(() => expect(socket.connections()).toBe(1), WAIT);
const acknowledged = (id: string) => socket.received.some(({ envelope_id }) => envelope_id === id);

/** Sends a slash command of Alice's. The same one again is what Slack sends when nobody acknowledged it. */
function command(id: string, text: string): () => void {
  const payload = {
    ...{ token: "deprecated", team_id: room.slack.teamId, team_domain: "demo", api_app_id: "A0SLIPWAY" },
    ...{ channel_id: room.shop, channel_name: "shop", user_id: ALICE, user_name: "alice" },
    ...{ command: "/deploy", text, is_enterprise_install: "false" },
    ...{ response_url: room.slack.responseUrl(ALICE, room.shop), trigger_id: room.slack.trigger(ALICE) },
  };
  const send = () => socket.send({ envelope_id: id, type: "slash_commands", accepts_response_payload: true, payload });
  send();
  return send;
}

it("acknowledges a command and answers it, has no door for Slack, and says that it is there by buttons", async () => {
  command("e1", "help");
  await vi.waitFor(() => expect(socket.received).toEqual([{ envelope_id: "e1", payload: {} }]), WAIT);
  await room.told(ALICE, /rollback/);
  expect((await room.sender.send("payload={}")).status).toBe(404);
  await room.push({ "index.html": "first" });
  const live = await room.says(/shop is live/);
  expect(JSON.stringify(live.blocks)).toContain("slipway.redeploy");
});

it("goes on when Slack renews the connection, and when it breaks", async () => {
  for (const [id, end] of [
    ["e2", () => socket.send({ type: "disconnect", reason: "refresh_requested" })],
    ["e3", () => socket.cut()],
  ] as const) {
    const before = room.slack.count("POST", "/api/apps.connections.open");
    end();
    await vi.waitFor(
      () => expect(room.slack.count("POST", "/api/apps.connections.open")).toBeGreaterThan(before),
      WAIT,
    );
    await connected();
    const told = room.slack.ephemerals().length;
    command(id, "whoami");
    await vi.waitFor(() => expect(room.slack.ephemerals()).toHaveLength(told + 1), WAIT);
    expect(acknowledged(id)).toBe(true);
  }
});

it("ends while a command is being received, which is answered once all the same", async () => {
  const told = room.slack.ephemerals().length;
  const again = command("e4", "status");
  await room.restart();
  await connected();
  if (!acknowledged("e4")) again();
  await vi.waitFor(() => expect(acknowledged("e4")).toBe(true), WAIT);
  await vi.waitFor(() => expect(room.slack.ephemerals()).toHaveLength(told + 1), WAIT);
  expect(room.slack.ephemerals().at(-1)?.text).toContain("shop");
});
