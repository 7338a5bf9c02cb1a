/** The whole program over a data folder of its own, for tests of its commands: what is printed is what a user sees. */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { freePort } from "../../src/demo/free-port.ts";
import { startSlipway } from "../../src/demo/slipway.ts";
import { BUILT_PROGRAM } from "../built-program.ts";
import { createGitRepository, temporaryFolder } from "../git/git-repository.ts";
import { createSecretScan } from "../secret-scan.ts";

const WEBHOOK_SECRET = "the secret of the tests";

/** `siteKeys` are more keys of the site "shop", in YAML; they may name files in `folder`. */
export async function createProgramWorld(siteKeys: (folder: string) => string = () => "") {
  const folder = temporaryFolder();
  const host = join(folder, "host");
  mkdirSync(host);
  const repository = createGitRepository();
  const site = `repo: acme/shop, git: "${repository.url}", publish: "dir:${host}", isolation: none, ${siteKeys(folder)}`;
  writeFileSync(join(folder, "slipway.yaml"), `sites: { shop: { ${site} } }`);
  const settings = {
    ...{ WEBHOOK_SECRET, DATA_DIR: join(folder, "data") },
    ...{ SLIPWAY_CONFIG: join(folder, "slipway.yaml"), HOST: "127.0.0.1", PORT: String(await freePort()) },
  };
  const scan = createSecretScan({ WEBHOOK_SECRET });
  onTestFinished(() => {
    const database = join(settings.DATA_DIR, "slipway.db");
    if (existsSync(database)) scan.sawDatabase(database);
    scan.check();
  });
  return {
    ...{ folder, host, repository },
    /** Runs a command to its end. */
    run: (...args: string[]) =>
      new Promise<{ code: number | null; out: string }>((resolve) => {
        const env = { PATH: process.env.PATH, NO_COLOR: "1", ...settings };
        const child = spawn(process.execPath, [BUILT_PROGRAM, ...args], { cwd: folder, env });
        let out = "";
        for (const stream of [child.stdout, child.stderr]) {
          stream.on("data", (chunk) => {
            out += chunk;
          });
        }
        child.once("close", (code) => {
          scan.saw(`what \`slipway ${args[0]}\` printed`, out);
          resolve({ code, out });
        });
      }),
    async start() {
      const slipway = await startSlipway(
        { folder, settings },
        {
          program: BUILT_PROGRAM,
          onLog: (line) => scan.saw("the log", line),
        },
      );
      onTestFinished(() => slipway.stop());
    },
  };
}
