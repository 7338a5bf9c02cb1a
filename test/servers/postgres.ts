/** Starts a real PostgreSQL for tests: one cluster in a folder of its own, listening on the loopback interface. */
import { execFile, spawn } from "node:child_process";
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import pg from "pg";
import { freePort } from "../../src/demo/free-port.ts";

const run = promisify(execFile);

export type TestPostgres = {
  /** The URL of a new, empty database. */
  createDatabase(): Promise<string>;
  stop(): Promise<void>;
};

/** The folder with initdb and postgres, newest version first; undefined where none is installed. */
export function postgresFolder(): string | undefined {
  const root = "/usr/lib/postgresql";
  const versions = existsSync(root) ? readdirSync(root).sort((a, b) => Number(b) - Number(a)) : [];
  return versions.map((version) => join(root, version, "bin")).find((folder) => existsSync(join(folder, "initdb")));
}

/** Starts a cluster. Postgres refuses to run as root, so root lends it the account that Debian made for it. */
export async function startPostgres(): Promise<TestPostgres> {
  const bin = postgresFolder();
  if (!bin) throw new Error("PostgreSQL is not installed");
  const folder = mkdtempSync(join(tmpdir(), "slipway-postgres-"));
  const data = join(folder, "data");
  const account = process.getuid?.() === 0 ? await accountOf("postgres") : undefined;
  if (account) chownSync(folder, account.uid, account.gid);
  const setup = ["-D", data, "-U", "slipway", "--auth=trust", "-E", "UTF8", "--no-sync"];
  await run(join(bin, "initdb"), setup, { ...account, cwd: folder });
  const port = await freePort();
  const server = spawn(
    join(bin, "postgres"),
    ["-D", data, "-p", String(port), "-h", "127.0.0.1", "-k", folder, "-c", "fsync=off"],
    { ...account, cwd: folder, stdio: "ignore" },
  );
  const ended = new Promise<void>((resolve) => server.once("exit", () => resolve()));
  const url = (database: string) => `postgres://slipway@127.0.0.1:${port}/${database}`;
  await untilItAnswers(url("postgres"), server);

  let count = 0;
  return {
    async createDatabase() {
      const name = `test_${++count}`;
      await query(url("postgres"), `CREATE DATABASE ${name}`);
      return url(name);
    },
    async stop() {
      // SIGINT is Postgres's fast shutdown: it disconnects clients and ends.
      server.kill("SIGINT");
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function accountOf(name: string): Promise<{ uid: number; gid: number }> {
  const [uid, gid] = await Promise.all([run("id", ["-u", name]), run("id", ["-g", name])]);
  return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
}

async function query(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

async function untilItAnswers(url: string, server: { exitCode: number | null }): Promise<void> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    try {
      return await query(url, "SELECT 1");
    } catch (error) {
      if (Date.now() > deadline || server.exitCode !== null) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
