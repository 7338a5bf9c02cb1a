/** A request that was captured, as it goes from the service to whoever wanted to see it. */
import type { Received } from "./received.ts";

/** In JSON; the body in base64. */
export type CapturedRequest = {
  readonly method: string;
  readonly target: string;
  readonly headers: Readonly<Record<string, readonly string[]>>;
  readonly token: string;
  readonly body: string;
};

export function toCaptured({ method, target, headers, token, body }: Received): CapturedRequest {
  const given = Object.entries(headers).flatMap(([name, values]) => (values ? [[name, [...values]] as const] : []));
  return { method, target, headers: Object.fromEntries(given), token, body: body.toString("base64") };
}

export function fromCaptured({ method, target, headers, token, body }: CapturedRequest): Received {
  const query = target.includes("?") ? target.slice(target.indexOf("?") + 1) : "";
  return { method, target, headers, token, query: new URLSearchParams(query), body: Buffer.from(body, "base64") };
}
