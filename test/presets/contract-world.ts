/** A front door for declared sources with a store behind it, whose clock is set by the test. */
import { createPublicKey } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { parseConfig } from "../../src/config/load-config.ts";
import { createHttpServer } from "../../src/http/server.ts";
import { createDeclaredSources } from "../../src/inbox/declared-sources.ts";
import { createIntake } from "../../src/inbox/intake.ts";
import type { Delivery } from "../../src/model/delivery.ts";
import type { Event } from "../../src/model/event.ts";
import type { RejectionReport } from "../../src/model/rejection.ts";
import type { ResolvedSource } from "../../src/presets/resolve-source.ts";
import { createMemoryQueue } from "../../src/queue/memory-queue.ts";
import { secret } from "../../src/secrets/secret.ts";
import { findDelivery, listDeliveries } from "../../src/store/deliveries.ts";
import { openSqlite } from "../../src/store/sqlite.ts";
import { all } from "../../src/store/work.ts";
import { openDoor } from "../inbox/open-door.ts";
import { createSecretScan } from "../secret-scan.ts";
import { SNS_CERTIFICATE_URL, snsKey } from "./alerts/sns-signer.ts";
import type { SentRequest } from "./preset-case.ts";

type Answered = { readonly status: number; readonly type: string; readonly body: string };

export type ContractWorld = {
  readonly port: number;
  /** All that was logged. */
  readonly lines: readonly string[];
  refused(name: string): RejectionReport;
  /** Sets the clock of the verifiers, in milliseconds since 1970. */
  setNow(ms: number): void;
  resolved(name: string): ResolvedSource;
  /** Sends to /hooks/NAME; `twice` names headers that are sent two times. */
  send(name: string, sent: SentRequest, twice?: readonly string[]): Promise<Answered>;
  /** The newest first; `after` leaves out those up to that number. */
  deliveries(name: string, after?: number): Promise<Delivery[]>;
  read(delivery: Delivery): Promise<Event[]>;
  stop(): Promise<void>;
};

/**
 * Starts it. `secrets` are the values behind `env:NAME`: none of them may be written down anywhere. `isGuarded` keeps the
 * limits that the configuration has for what is refused; else nobody is limited.
 */
export async function startContract(
  yaml: string,
  secrets: Readonly<Record<string, string>>,
  { isGuarded = false }: { readonly isGuarded?: boolean } = {},
): Promise<ContractWorld> {
  const folder = mkdtempSync(join(tmpdir(), "slipway-sources-"));
  const database = join(folder, "slipway.db");
  const store = await openSqlite(database);
  const queue = createMemoryQueue();
  // Shorter ones cannot be told from ordinary words.
  const scan = createSecretScan(Object.fromEntries(Object.entries(secrets).filter(([, value]) => value.length >= 8)));
  const lines: string[] = [];
  const written = (line: string) => {
    lines.push(line);
    scan.saw("the log", line);
  };
  const log = pino({ level: "trace" }, { write: written });
  let nowMs = Date.now();
  const config = parseConfig(yaml, "the contract");
  const declared = createDeclaredSources({
    config,
    secretsOf: (active) => {
      const list = active.map(({ use, until }) => {
        const value = secrets[use.name];
        if (value === undefined) throw new Error(`no secret ${use.name}`);
        return { name: `${use.kind}:${use.name}`, secret: secret(value), untilMs: until };
      });
      return () => list;
    },
    now: () => nowMs,
    snsCertificates: {
      keyAt: async (address) => (address === SNS_CERTIFICATE_URL ? createPublicKey(snsKey("own").certificate) : null),
    },
  });
  const { limits, trustedProxies } = config;
  const guards = await openDoor({
    config: { trustedProxies, limits: isGuarded ? limits : { ...limits, refused: 1e6, refusedInAll: 1e6 } },
    sources: declared.resolved,
    log,
  });
  const intake = createIntake({ store, queue, log, sources: declared.sources, door: guards.door });
  const server = createHttpServer(intake.routes, log);
  const port = await server.listen({ host: "127.0.0.1", port: 0 });

  return {
    ...{ port, lines },
    refused: (name) => guards.rejections.report(name),
    setNow(ms) {
      nowMs = ms;
    },
    resolved(name) {
      const found = declared.resolved.find((it) => it.name === name);
      if (!found) throw new Error(`no source ${name}`);
      return found;
    },
    send(name, { method = "POST", suffix = "", headers, body }, twice = []) {
      const pairs = Object.entries(headers).flatMap(([header, value]) => [
        [header, value],
        ...(twice.includes(header.toLowerCase()) ? [[header, value]] : []),
      ]);
      return new Promise((resolve, reject) => {
        const length = method === "GET" ? [] : [["content-length", String(Buffer.byteLength(body))]];
        const sending = request(
          {
            host: "127.0.0.1",
            port,
            method,
            path: `/hooks/${name}${suffix}`,
            agent: false,
            headers: [...pairs, ["host", `127.0.0.1:${port}`], ...length].flat(),
          },
          (answer) => {
            const chunks: Buffer[] = [];
            answer.on("data", (chunk: Buffer) => chunks.push(chunk));
            answer.on("end", () =>
              resolve({
                status: answer.statusCode ?? 0,
                type: answer.headers["content-type"] ?? "",
                body: Buffer.concat(chunks).toString(),
              }),
            );
          },
        );
        sending.on("error", reject);
        sending.end(method === "GET" ? undefined : body);
      });
    },
    async deliveries(name, after = 0) {
      const listed = await store.transact((tx) => listDeliveries(tx, { limit: 1000 }));
      const ids = listed.filter((it) => it.source === name && it.id > after).map((it) => it.id);
      const found = await Promise.all(ids.map((id) => store.transact((tx) => findDelivery(tx, String(id)))));
      return found.filter((it) => it !== undefined);
    },
    read(delivery) {
      const reader = declared.readers.get(delivery.source);
      if (!reader) throw new Error(`no reader for ${delivery.source}`);
      return reader(delivery);
    },
    async stop() {
      const bodies = await store.transact((tx) => all(tx.db.selectFrom("deliveries").select("body")));
      for (const { name } of declared.resolved)
        scan.saw(`what was refused of ${name}`, JSON.stringify(guards.rejections.report(name)));
      await server.close(0);
      await guards.stop();
      await queue.close();
      await store.close();
      scan.sawDatabase(database);
      for (const { body } of bodies) scan.saw("a body that was kept", body.toString("latin1"));
      rmSync(folder, { recursive: true });
      scan.check();
    },
  };
}
