/** What an FTP server says to one connection more than it allows: three servers, three ways. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { type Flavour, REPLIES } from "../../src/demo/ftp/replies.ts";
import type { ConformanceServer } from "./ftp-conformance.ts";
import { connectRaw } from "./raw-ftp-client.ts";

const LIMIT = 2;

export type LimitConformanceOptions = {
  readonly flavour: Flavour;
  /** Whether the refusal comes in place of the greeting or after the password. */
  readonly at: "greeting" | "login";
  start(root: string, maxConnections: number): Promise<ConformanceServer>;
};

/** Declares the test; to be called inside a `describe`. */
export function ftpLimitConformance({ flavour, at, start }: LimitConformanceOptions): void {
  it(`refuses one connection more than it allows at the ${at} (${flavour})`, async () => {
    const root = mkdtempSync(join(tmpdir(), "slipway-ftp-limit-"));
    const server = await start(root, LIMIT);
    const clients = [];
    try {
      for (let count = 0; count < LIMIT; count += 1) {
        const client = await connectRaw(server.port);
        clients.push(client);
        await client.reply();
        expect(await client.login(server.user, server.password)).toMatchObject({ code: 230 });
      }
      const refused = await connectRaw(server.port);
      clients.push(refused);
      const greeting = await refused.reply();
      const refusal = at === "greeting" ? greeting : await refused.login(server.user, server.password);
      const { tooManyConnections, tooManyLogins } = REPLIES[flavour];
      const expected = (at === "greeting" ? tooManyConnections : tooManyLogins).replace("{limit}", String(LIMIT));
      expect(`${refusal.code} ${refusal.text}`).toBe(expected);
      await refused.ended();
    } finally {
      for (const client of clients) client.close();
      await server.stop();
      rmSync(root, { recursive: true, force: true });
    }
  });
}
