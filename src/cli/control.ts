/**
 * How the command line reaches Slipway: through a Unix socket in the data folder while the service runs, and through
 * the store itself, under the same lock, while it does not.
 */

import { createHash } from "node:crypto";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { type OperationDeps, type OperationName, operations } from "../commands/operations.ts";
import type { Environment } from "../config/load-environment.ts";
import type { Config } from "../config/schema.ts";
import { describeError, PermanentError, SenderError } from "../errors.ts";
import type { Route } from "../http/server.ts";
import { createMemoryQueue } from "../queue/memory-queue.ts";
import { createLogKeys } from "../secrets/log-keys.ts";
import { lockDataFolder } from "../store/data-folder.ts";
import { openStore } from "../store/open-store.ts";

/** The longest path a Unix socket may have is 108 bytes (unix(7)), with the closing zero. */
const MAX_SOCKET_PATH = 107;
const MAX_INPUT_BYTES = 64 * 1024;

/** Where the socket of a data folder is: inside it, or, where that path is too long, under a digest of it. */
export function controlSocket(dataDir: string): string {
  const path = join(dataDir, "slipway.sock");
  if (Buffer.byteLength(path) <= MAX_SOCKET_PATH) return path;
  return join(tmpdir(), `slipway-${createHash("sha256").update(dataDir).digest("hex").slice(0, 16)}.sock`);
}

/** What the service answers on its socket. Who may open the socket may ask for anything. */
export function controlRoutes(deps: OperationDeps): Route[] {
  return [
    {
      method: "POST",
      path: "/operations/:name",
      async handle(http) {
        const name = http.params.name ?? "";
        if (!Object.hasOwn(operations, name)) throw new SenderError(404, `no operation ${name}`);
        try {
          const input: unknown = JSON.parse((await http.body(MAX_INPUT_BYTES)).toString("utf8"));
          const result = await operations[name as OperationName](deps, input);
          return { status: 200, type: "application/json", body: JSON.stringify({ result }) };
        } catch (error) {
          if (error instanceof PermanentError || error instanceof z.ZodError || error instanceof SyntaxError) {
            throw new SenderError(422, describeError(error));
          }
          throw error;
        }
      },
    },
  ];
}

/** Asks for an operation. Throws PermanentError with the service's own words when it says no. */
export async function callOperation(
  settings: { environment: Environment; config: Config },
  name: OperationName,
  input: unknown,
): Promise<unknown> {
  const answer = await askService(controlSocket(settings.environment.dataDir), name, input);
  if (answer === undefined) return runOnStore(settings, name, input);
  const { result, error } = JSON.parse(answer.body) as { result?: unknown; error?: string };
  if (answer.status !== 200) throw new PermanentError(error ?? `the service answered ${answer.status}`);
  return result;
}

type Answer = { readonly status: number; readonly body: string };

/** The service's answer; undefined where no service listens. */
function askService(socketPath: string, name: string, input: unknown): Promise<Answer | undefined> {
  return new Promise((resolve, reject) => {
    const body = JSON.stringify(input ?? {});
    const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
    const asked = request({ socketPath, path: `/operations/${name}`, method: "POST", headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString("utf8") });
      });
    });
    asked.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT" || error.code === "ECONNREFUSED") resolve(undefined);
      else reject(error);
    });
    asked.end(body);
  });
}

async function runOnStore(
  { environment, config }: { environment: Environment; config: Config },
  name: OperationName,
  input: unknown,
): Promise<unknown> {
  const lock = lockDataFolder(environment.dataDir);
  const store = await openStore(environment.database);
  const queue = createMemoryQueue();
  try {
    const logKeys = createLogKeys(environment.webhookSecrets);
    const telling = {
      config,
      hasSlack: environment.slack !== null,
      hasGithub: environment.githubApp !== null,
      logKeys,
    };
    return await operations[name]({ store, queue, config, telling }, input ?? {});
  } finally {
    await queue.close();
    await store.close();
    lock.release();
  }
}
