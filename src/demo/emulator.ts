/**
 * One service of the package `emulate` behind a front. The package is there for development only and is loaded when it
 * is needed. Later numbers under its name are another project.
 */
import type { SeedConfig } from "emulate";
import { PermanentError } from "../errors.ts";
import type { Front } from "./front.ts";
import type { FrontAnswer, FrontRequest } from "./front-request.ts";

export type Emulator = {
  /** Hands a request on. The emulator's own address in the answer is replaced by the front's. */
  forward(request: FrontRequest): Promise<FrontAnswer>;
  stop(): Promise<void>;
};

/** About one hop; everything else may pass. RFC 9110, section 7.6.1, and what Node's fetch works out for itself. */
const HOP_HEADERS = new Set([
  ...["connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "expect", "host"],
  ...["content-length", "content-encoding", "accept-encoding", "proxy-authorization", "proxy-connection"],
]);

/**
 * Starts the service on a free port of 127.0.0.1, behind `front`, which is stopped when that fails. Throws
 * PermanentError where the package is not installed.
 */
export async function startEmulator(
  service: "github" | "slack",
  seed: SeedConfig,
  front: Pick<Front, "url" | "stop">,
): Promise<Emulator> {
  try {
    return await start(service, seed, front.url);
  } catch (error) {
    await front.stop();
    throw error;
  }
}

async function start(service: "github" | "slack", seed: SeedConfig, frontUrl: string): Promise<Emulator> {
  const { createEmulator } = await import("emulate").catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ERR_MODULE_NOT_FOUND") throw error;
    throw new PermanentError(
      "The demo needs the package emulate 0.12.2: run it in a clone of Slipway, after `npm ci`.",
    );
  });
  const emulator = await createEmulator({ service, port: 0, hostname: "127.0.0.1", seed });
  const { port } = new URL(emulator.url);

  return {
    async forward(request) {
      const query = request.query.toString();
      const hasBody = request.method !== "GET" && request.method !== "HEAD";
      const response = await fetch(`http://127.0.0.1:${port}${request.path}${query && `?${query}`}`, {
        method: request.method,
        headers: keptHeaders(Object.entries(request.headers)),
        ...(hasBody ? { body: new Uint8Array(request.body) } : {}),
        redirect: "manual",
      });
      const type = response.headers.get("content-type") ?? "";
      const bytes = Buffer.from(await response.arrayBuffer());
      const isText = /json|text|javascript/.test(type);
      const toFront = (text: string) => text.replaceAll(emulator.url, frontUrl);
      const headers = Object.fromEntries(
        [...keptHeaders(response.headers.entries())].map(([name, value]) => [name, toFront(value)]),
      );
      return { status: response.status, headers, body: isText ? Buffer.from(toFront(bytes.toString("utf8"))) : bytes };
    },
    stop: () => emulator.close(),
  };
}

function keptHeaders(entries: Iterable<[string, string | string[] | undefined]>): Array<[string, string]> {
  return [...entries]
    .filter(([name, value]) => value !== undefined && !HOP_HEADERS.has(name.toLowerCase()))
    .map(([name, value]) => [name, String(value)]);
}
