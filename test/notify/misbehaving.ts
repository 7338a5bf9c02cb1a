/** A proxy before a server of a partner: it does what proxies and networks do at the worst moment. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export type Misbehaviour =
  /** The request has its effect, and the connection is cut before the answer. */
  | "cut after effect"
  /** The connection is cut, and nothing happened. */
  | "cut before effect"
  /** The headers of the answer arrive, and half of its body. */
  | "cut inside answer"
  /** No answer ever comes; nothing happened. */
  | "silence"
  /** An answer in the partner's place; nothing happened. */
  | { status: number; headers?: Record<string, string>; body: unknown };

export type Partner = {
  readonly url: string;
  /** "POST /path" of every request that came, in order. */
  readonly requests: string[];
  /** What happens to the next requests whose "POST /path" ends like this, one each. */
  next(end: string, ...misbehaviours: Misbehaviour[]): void;
  close(): Promise<void>;
};

/** Starts the proxy before `target`. */
export async function misbehaving(target: string): Promise<Partner> {
  const requests: string[] = [];
  const planned: Array<{ end: string; misbehaviour: Misbehaviour }> = [];

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const name = `${request.method} ${request.url?.split("?")[0]}`;
    requests.push(name);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const index = planned.findIndex(({ end }) => name.endsWith(end));
    const misbehaviour = index < 0 ? null : planned.splice(index, 1)[0]?.misbehaviour;
    if (misbehaviour === "silence") return;
    if (misbehaviour === "cut before effect") return void response.destroy();
    if (typeof misbehaviour === "object" && misbehaviour !== null) {
      const text = typeof misbehaviour.body === "string" ? misbehaviour.body : JSON.stringify(misbehaviour.body);
      response.writeHead(misbehaviour.status, { "content-type": "application/json", ...misbehaviour.headers });
      return void response.end(text);
    }
    const { host: _, connection: __, "content-length": ___, ...headers } = request.headers as Record<string, string>;
    const answer = await fetch(new URL(request.url ?? "/", target), {
      method: request.method ?? "GET",
      headers,
      ...(chunks.length > 0 ? { body: Buffer.concat(chunks) } : {}),
    });
    const body = Buffer.from(await answer.arrayBuffer());
    if (misbehaviour === "cut after effect") return void response.destroy();
    response.writeHead(answer.status, {
      "content-type": answer.headers.get("content-type") ?? "application/json",
      "content-length": body.length,
    });
    if (misbehaviour !== "cut inside answer") return void response.end(body);
    response.write(body.subarray(0, body.length / 2), () => response.destroy());
  }

  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    next: (end, ...misbehaviours) => planned.push(...misbehaviours.map((misbehaviour) => ({ end, misbehaviour }))),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
