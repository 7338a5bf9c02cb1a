/**
 * A small Slack that counts: posts a second and channel, edits a minute, by a clock that the test moves. Beyond its limits
 * it answers 429; now and then it does what it is asked and cuts the connection. It remembers what each message showed.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

type ShownMessage = {
  readonly channel: string;
  readonly ts: string;
  readonly key: string;
  /** Every text that it ever showed, in order, and when. */
  readonly texts: Array<{ readonly atMs: number; readonly text: string }>;
};

export type StrictSlack = {
  /** What clients call `slackApiUrl`. */
  readonly apiUrl: string;
  /** In the order in which they were posted. */
  readonly messages: readonly ShownMessage[];
  /** How often each method was refused for coming too often. */
  readonly refused: ReadonlyMap<string, number>;
  cuts(): number;
  stop(): Promise<void>;
};

/** Slack lets somebody post a little faster for a moment: docs.slack.dev/apis/web-api/rate-limits, "short bursts". */
const POST_BURST = 3;
const MINUTE_MS = 60_000;
const PER_MINUTE = 50;

type Fields = Readonly<Record<string, string>>;

/** Starts it on a free port of 127.0.0.1. `isCut` decides, request by request, whether the answer is lost. */
export async function startStrictSlack(options: {
  readonly now: () => number;
  readonly isCut: (method: string) => boolean;
}): Promise<StrictSlack> {
  const { now, isCut } = options;
  const messages: ShownMessage[] = [];
  const byTs = new Map<string, ShownMessage>();
  /** When each request that was taken came, by method. */
  const taken = new Map<string, number[]>();
  const refused = new Map<string, number>();
  const tokens = new Map<string, { left: number; atMs: number }>();
  let cuts = 0;

  /** Seconds to wait; 0 where the post is taken. */
  function postWait(channel: string): number {
    const bucket = tokens.get(channel) ?? { left: POST_BURST, atMs: now() };
    bucket.left = Math.min(POST_BURST, bucket.left + (now() - bucket.atMs) / 1000);
    bucket.atMs = now();
    tokens.set(channel, bucket);
    if (bucket.left < 1) return Math.ceil(1 - bucket.left);
    bucket.left--;
    return 0;
  }

  function minuteWait(method: string): number {
    const recent = (taken.get(method) ?? []).filter((atMs) => atMs > now() - MINUTE_MS);
    const [oldest] = recent.slice(-PER_MINUTE);
    return recent.length < PER_MINUTE || oldest === undefined ? 0 : Math.ceil((oldest + MINUTE_MS - now()) / 1000);
  }

  function post(fields: Fields): object {
    const ts = ((now() + messages.length / 1000) / 1000).toFixed(6);
    const { event_payload } = JSON.parse(fields.metadata ?? "{}") as { event_payload: { key: string } };
    const text = { atMs: now(), text: fields.text ?? "" };
    const message = { channel: fields.channel ?? "", ts, key: event_payload.key, texts: [text] };
    messages.push(message);
    byTs.set(ts, message);
    return { ok: true, channel: message.channel, ts };
  }

  function update(fields: Fields): object {
    const message = byTs.get(fields.ts ?? "");
    if (!message) return { ok: false, error: "message_not_found" };
    message.texts.push({ atMs: now(), text: fields.text ?? "" });
    return { ok: true, channel: message.channel, ts: message.ts };
  }

  function history(fields: Fields): object {
    const inChannel = messages.filter(
      ({ channel, ts }) => channel === fields.channel && Number(ts) >= Number(fields.oldest),
    );
    const listed = inChannel.slice(-Number(fields.limit)).reverse();
    const told = listed.map(({ ts, key }) => ({
      ts,
      metadata: { event_type: "slipway_message", event_payload: { key } },
    }));
    return { ok: true, messages: told, has_more: false };
  }

  const methods: Readonly<Record<string, (fields: Fields) => object>> = {
    "chat.postMessage": post,
    "chat.update": update,
    "conversations.history": history,
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const method = (request.url ?? "").replace("/api/", "");
    const fields = Object.fromEntries(new URLSearchParams(await readText(request)));
    const does = methods[method];
    if (!does) return send(response, 200, { ok: false, error: "unknown_method" });
    const waitS = method === "chat.postMessage" ? postWait(fields.channel ?? "") : minuteWait(method);
    if (waitS > 0) {
      refused.set(method, (refused.get(method) ?? 0) + 1);
      return send(response, 429, { ok: false, error: "ratelimited" }, { "retry-after": String(waitS) });
    }
    taken.set(method, [...(taken.get(method) ?? []), now()]);
    const body = does(fields);
    if (!isCut(method)) return send(response, 200, body);
    cuts++;
    response.socket?.resetAndDestroy();
  }

  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.socket?.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    apiUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/`,
    messages,
    refused,
    cuts: () => cuts,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

function send(response: ServerResponse, status: number, body: object, headers: Record<string, string> = {}): void {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(JSON.stringify(body));
}
