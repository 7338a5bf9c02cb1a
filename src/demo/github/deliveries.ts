/**
 * Webhooks as the demo's GitHub sends and remembers them: https://docs.github.com/rest/apps/webhooks,
 * https://docs.github.com/webhooks/webhook-events-and-payloads#delivery-headers
 */
import { createHmac, randomBytes, randomUUID } from "node:crypto";
import { type FrontRequest, type FrontRoute, readFields } from "../front-request.ts";
import type { Access } from "./access.ts";
import { type Hub, notFound, positive } from "./hub.ts";

type DeliverOptions = {
  readonly event: string;
  readonly payload: Readonly<Record<string, unknown>>;
  /** X-GitHub-Delivery; absent: a new one. */
  readonly guid?: string;
  /** The App's own hook by default; any other number is a repository's hook. */
  readonly hookId?: number;
  /** Other bytes than the payload as JSON; they are signed all the same. */
  readonly body?: string | Buffer;
  /** Signs with another secret than the App's; null sends no signature. */
  readonly secret?: string | null;
  /** Headers to add or, with "", to leave out. */
  readonly headers?: Readonly<Record<string, string>>;
};

/** One attempt to deliver. `status_code` 502 and 504 stand for no connection and no answer, as on GitHub. */
export type HookDelivery = {
  readonly id: number;
  readonly guid: string;
  readonly delivered_at: string;
  readonly redelivery: boolean;
  /** Seconds. */
  readonly duration: number;
  readonly status: string;
  readonly status_code: number;
  readonly event: string;
  readonly action: string | null;
  readonly installation_id: number | null;
  readonly repository_id: number | null;
  readonly throttled_at: null;
};

type Sent = {
  readonly hookId: number;
  readonly delivery: HookDelivery;
  readonly body: Buffer;
  readonly headers: Readonly<Record<string, string>>;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly url: string;
  readonly response: { readonly headers: Record<string, string> | null; readonly payload: string | null };
};

export type Deliveries = {
  readonly routes: FrontRoute[];
  /** The id of the App's hook. */
  readonly hookId: number;
  /** Sends a webhook. Never throws: what went wrong is in the delivery, as GitHub records it. */
  deliver(options: DeliverOptions): Promise<HookDelivery>;
  /** Sends one again: same GUID, same bytes, another id. */
  redeliver(id: number): Promise<HookDelivery>;
  /** Every attempt so far, oldest first. */
  sentDeliveries(): HookDelivery[];
  setHookUrl(url: string): void;
  /** Ends deliveries under way. */
  stop(): void;
};

/** GitHub waits ten seconds for an answer: https://docs.github.com/webhooks, "best practices". */
const TIMEOUT_MS = 10_000;

export function createDeliveries(
  hub: Hub,
  access: Access,
  config: { readonly secret: string; readonly url: string | null },
): Deliveries {
  const hookId = hub.nextId();
  /** Oldest first. */
  const sent: Sent[] = [];
  const ending = new AbortController();
  let hookUrl = config.url;
  let { secret } = config;

  async function deliver(options: DeliverOptions): Promise<HookDelivery> {
    const { event, payload, guid = randomUUID(), hookId: from = hookId } = options;
    const body = Buffer.from(options.body ?? JSON.stringify(payload));
    const key = options.secret === undefined ? secret : options.secret;
    const isApp = from === hookId;
    const headers = {
      accept: "*/*",
      "content-type": "application/json",
      "user-agent": `GitHub-Hookshot/${randomBytes(4).toString("hex").slice(0, 7)}`,
      "x-github-delivery": guid,
      "x-github-event": event,
      "x-github-hook-id": String(from),
      "x-github-hook-installation-target-id": String(isApp ? hub.appId : (idOf(payload.repository) ?? 0)),
      "x-github-hook-installation-target-type": isApp ? "integration" : "repository",
      ...(key === null ? {} : { "x-hub-signature": sign("sha1", key, body) }),
      ...(key === null ? {} : { "x-hub-signature-256": sign("sha256", key, body) }),
      ...options.headers,
    };
    const kept = Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== ""));
    return send({ hookId: from, event, guid, payload, body, headers: kept, isRedelivery: false });
  }

  async function send(what: {
    readonly hookId: number;
    readonly event: string;
    readonly guid: string;
    readonly payload: Readonly<Record<string, unknown>>;
    readonly body: Buffer;
    readonly headers: Readonly<Record<string, string>>;
    readonly isRedelivery: boolean;
  }): Promise<HookDelivery> {
    const { payload, body, headers } = what;
    const url = hookUrl ?? "";
    const id = hub.nextId();
    const startedMs = performance.now();
    const answer = await post(url, headers, body, AbortSignal.any([ending.signal, AbortSignal.timeout(TIMEOUT_MS)]));
    const delivery: HookDelivery = {
      id,
      guid: what.guid,
      delivered_at: new Date().toISOString(),
      redelivery: what.isRedelivery,
      duration: Math.round(performance.now() - startedMs) / 1000,
      status: answer.status,
      status_code: answer.code,
      event: what.event,
      action: typeof payload.action === "string" ? payload.action : null,
      installation_id: idOf(payload.installation),
      repository_id: idOf(payload.repository),
      throttled_at: null,
    };
    sent.push({ hookId: what.hookId, delivery, body, headers, payload, url, response: answer.response });
    return delivery;
  }

  function find(id: number): Sent {
    const found = sent.find((one) => one.delivery.id === id && one.hookId === hookId);
    if (!found) throw notFound();
    return found;
  }

  async function redeliver(id: number): Promise<HookDelivery> {
    const found = find(id);
    const { event, guid } = found.delivery;
    return send({ ...found, event, guid, isRedelivery: true });
  }

  /** Newest first; the cursor names the delivery with which the page begins. */
  function list(request: FrontRequest) {
    const { query } = request;
    const perPage = Math.min(positive(query.get("per_page"), 30), 100);
    const cursor = query.get("cursor");
    const all = sent.filter((one) => one.hookId === hookId).map((one) => one.delivery);
    const fitting = all.filter((one) => {
      const isFailure = one.status_code >= 400;
      if (query.get("status") === "failure" && !isFailure) return false;
      if (query.get("status") === "success" && isFailure) return false;
      return cursor === null || one.id <= Number(cursor);
    });
    // Deliveries are recorded when they end, so the ids need not be in order.
    fitting.sort((a, b) => b.id - a.id);
    const next = fitting[perPage];
    const more = new URLSearchParams(query);
    if (next) more.set("cursor", String(next.id));
    const link = `<${hub.url}${request.path}?${more}>; rel="next"`;
    return { status: 200, ...(next ? { headers: { link } } : {}), body: fitting.slice(0, perPage) };
  }

  const showConfig = () => ({
    status: 200,
    body: { content_type: "json", insecure_ssl: "0", secret: "********", url: hookUrl ?? "" },
  });

  const forApp = (handle: FrontRoute["handle"]): FrontRoute["handle"] => {
    return async (request) => {
      await access.requireApp(request);
      return handle(request);
    };
  };

  return {
    hookId,
    deliver,
    redeliver,
    sentDeliveries: () => sent.map((one) => one.delivery),
    setHookUrl(url) {
      hookUrl = url;
    },
    stop: () => ending.abort(),
    routes: [
      { method: "GET", path: "/app/hook/config", handle: forApp(showConfig) },
      {
        method: "PATCH",
        path: "/app/hook/config",
        handle: forApp((request) => {
          const fields = readFields(request);
          if (typeof fields.url === "string") hookUrl = fields.url;
          if (typeof fields.secret === "string") secret = fields.secret;
          return showConfig();
        }),
      },
      { method: "GET", path: "/app/hook/deliveries", handle: forApp(list) },
      {
        method: "GET",
        path: "/app/hook/deliveries/:id",
        handle: forApp((request) => {
          const { delivery, url, headers, payload, response } = find(Number(request.params.id));
          return { status: 200, body: { ...delivery, url, request: { headers, payload }, response } };
        }),
      },
      {
        method: "POST",
        path: "/app/hook/deliveries/:id/attempts",
        handle: forApp((request) => {
          const id = Number(request.params.id);
          find(id);
          // GitHub accepts the wish and delivers on its own time.
          void redeliver(id);
          return { status: 202, body: {} };
        }),
      },
    ],
  };
}

function sign(algorithm: "sha1" | "sha256", secret: string, body: Buffer): string {
  return `${algorithm}=${createHmac(algorithm, secret).update(body).digest("hex")}`;
}

async function post(url: string, headers: Readonly<Record<string, string>>, body: Buffer, signal: AbortSignal) {
  const nothing = { headers: null, payload: null };
  try {
    const response = await fetch(url, {
      method: "POST",
      headers,
      body: new Uint8Array(body),
      signal,
      // "GitHub does not follow redirects."
      redirect: "manual",
    });
    const payload = await response.text();
    const status = response.ok ? "OK" : `Invalid HTTP Response: ${response.status}`;
    return { status, code: response.status, response: { headers: Object.fromEntries(response.headers), payload } };
  } catch {
    return signal.aborted
      ? { status: "timed out", code: 504, response: nothing }
      : { status: "failed to connect", code: 502, response: nothing };
  }
}

function idOf(value: unknown): number | null {
  const id = (value as { id?: unknown } | null | undefined)?.id;
  return typeof id === "number" ? id : null;
}
