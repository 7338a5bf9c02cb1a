/** Somebody else's program, on a real socket, which gets Slipway's events and checks them with a package of others. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Webhook } from "standardwebhooks";
import { onTestFinished } from "vitest";
import type { OutEvent } from "../../../src/model/outgoing.ts";

export type Got = {
  readonly headers: Record<string, string>;
  readonly body: string;
  readonly event: OutEvent;
  readonly method: string;
};

export type Endpoint = {
  readonly url: string;
  readonly got: Got[];
  /** How the next requests are answered, the last one from then on. Default: 204. */
  answer(...answers: Answer[]): void;
  /** Throws unless the package takes it for signed with that secret. */
  verify(got: Got, secret: string): void;
};

type Answer = number | ((request: IncomingMessage, response: ServerResponse) => void);

export async function startEndpoint(): Promise<Endpoint> {
  const got: Got[] = [];
  let answers: Answer[] = [204];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString("utf8");
    const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
    got.push({ headers, body, event: JSON.parse(body) as OutEvent, method: request.method ?? "" });
    const [answer = 204] = answers.length > 1 ? answers.splice(0, 1) : answers;
    if (typeof answer === "function") answer(request, response);
    else response.writeHead(answer).end();
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks/a-token`,
    got,
    answer(...next) {
      answers = next;
    },
    verify: ({ body, headers }, secret) => void new Webhook(secret).verify(body, headers),
  };
}
