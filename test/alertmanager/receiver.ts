/** A receiver of webhooks that keeps what comes, byte by byte, and answers as it is told. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import type { Received } from "../../src/model/received.ts";

export type Receiver = {
  readonly url: string;
  /** Oldest first. */
  readonly requests: readonly Received[];
  /** The status for the request of that number, counted from 1. Default: 200 for all. */
  answer(status: (count: number) => number): void;
  stop(): Promise<void>;
};

export async function startReceiver(): Promise<Receiver> {
  const requests: Received[] = [];
  let statusOf: (count: number) => number = () => 200;
  const server = createServer(async (request, response) => {
    const target = request.url ?? "";
    requests.push({
      method: request.method ?? "",
      target,
      headers: request.headersDistinct,
      query: new URL(target, "http://127.0.0.1").searchParams,
      token: "",
      body: await buffer(request),
    });
    response.writeHead(statusOf(requests.length)).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    answer(status) {
      statusOf = status;
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
