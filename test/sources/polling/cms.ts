/** A CMS that says when its content was changed, for the tests of polling: a real server, made to answer as they like. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

export type Cms = {
  readonly url: string;
  /** The requests that came, oldest first. */
  readonly asked: IncomingMessage[];
  /** How it answers from now on. */
  answer(how: Answer): void;
  stop(): Promise<void>;
};

/** The newest entry was changed at this time; what was asked for before is answered with 304. */
export const changedAt =
  (updatedAt: string): Answer =>
  (request, response) => {
    const etag = `"${updatedAt}"`;
    if (request.headers["if-none-match"] === etag) response.writeHead(304).end();
    else
      response
        .writeHead(200, { "content-type": "application/json", etag })
        .end(JSON.stringify({ data: [{ id: 1, updatedAt }] }));
  };

export async function startCms(): Promise<Cms> {
  let how: Answer = (_request, response) => response.writeHead(503).end();
  const asked: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    asked.push(request);
    how(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/articles`,
    asked,
    answer(other) {
      how = other;
    },
    stop() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
