/** The whole service, stopped and killed while it publishes, and started again. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { callOperation } from "../../src/cli/control.ts";
import { loadConfig } from "../../src/config/load-config.ts";
import { loadEnvironment } from "../../src/config/load-environment.ts";
import { freePort } from "../../src/demo/free-port.ts";
import { startSlipway } from "../../src/demo/slipway.ts";
import type { Deployment } from "../../src/model/deployment.ts";
import { createLogKeys } from "../../src/secrets/log-keys.ts";
import { BUILT_PROGRAM } from "../built-program.ts";
import { createGitRepository, temporaryFolder } from "../git/git-repository.ts";
import { PASSWORD, serverForTest } from "../publishers/ftp/world.ts";
import { createSecretScan, secretsIn } from "../secret-scan.ts";

async function createService() {
  const { server, folder: host } = await serverForTest();
  const repository = createGitRepository();
  repository.commit({ "index.html": "one" });
  const folder = temporaryFolder();
  const command = `echo built >> '${folder}/builds'; mkdir dist; cp index.html dist/`;
  writeFileSync(
    join(folder, "slipway.yaml"),
    `sites:
  shop:
    repo: acme/shop
    git: "${repository.url}"
    isolation: none
    build: { command: ${JSON.stringify(command)}, output: dist }
    publish: "ftp://deploy@127.0.0.1:${server.port}/"
    plain: true
    connections: 1
    password: env:PW
`,
  );
  const settings = {
    ...{ WEBHOOK_SECRET: "the secret of the tests", PW: PASSWORD, DATA_DIR: join(folder, "data") },
    ...{ SLIPWAY_CONFIG: join(folder, "slipway.yaml"), HOST: "127.0.0.1", PORT: String(await freePort()) },
  };
  const scan = createSecretScan({ ...secretsIn(settings), PW: PASSWORD });
  onTestFinished(() => {
    scan.sawDatabase(join(folder, "data/slipway.db"));
    scan.check();
  });
  const environment = loadEnvironment(settings);
  const asked = { environment, config: loadConfig(settings.SLIPWAY_CONFIG) };
  const find = async (id: string) => (await callOperation(asked, "deployment", { name: id })) as Deployment;
  return {
    ...{ server, host, repository },
    url: `http://127.0.0.1:${settings.PORT}`,
    keyOf: (id: string) => createLogKeys(environment.webhookSecrets).sign(id, Date.now()),
    builds: () => readFileSync(join(folder, "builds"), "utf8").split("\n").length - 1,
    async start() {
      const onLog = (line: string) => scan.saw("the log", line);
      const slipway = await startSlipway({ folder, settings }, { program: BUILT_PROGRAM, onLog });
      onTestFinished(async () => {
        slipway.kill("SIGKILL");
        await slipway.ended;
      });
      return slipway;
    },
    /** Deploys onto a host that says nothing any more once the lock has a name, and answers when that is so. */
    async deployInVain(): Promise<string> {
      server.misbehave({ interrupt: { verb: "STOR", nth: 3, how: "hang" } });
      const before = server.log.commands.get("STOR") ?? 0;
      const { id } = (await callOperation(asked, "deploy", { name: "shop" })) as Deployment;
      await vi.waitFor(() => expect(server.log.commands.get("STOR") ?? 0).toBeGreaterThanOrEqual(before + 3), {
        timeout: 25_000,
        interval: 20,
      });
      return id;
    },
    untilLive: (id: string) =>
      vi.waitFor(
        async () => {
          const now = await find(id);
          if (now.state !== "live") throw new Error(`${now.state}: ${now.reason}`);
          return now;
        },
        { timeout: 25_000, interval: 50 },
      ),
  };
}

const WENT_ON = ["went on with the release built before Slipway was restarted"];

test("A service that is stopped, and one that is killed, publish after their start what was built before", async () => {
  const world = await createService();
  const first = await world.start();
  const one = await world.deployInVain();
  const events = await fetch(`${world.url}/deployments/${one}/events?key=${world.keyOf(one)}`);
  expect(events.status).toBe(200);
  const beganMs = performance.now();
  first.kill("SIGTERM");
  expect(await first.ended).toBe(0);
  // Docker kills after ten seconds.
  expect(performance.now() - beganMs).toBeLessThan(9500);
  await events.text();

  world.server.misbehave(null);
  const second = await world.start();
  expect((await world.untilLive(one)).remarks).toEqual(WENT_ON);
  expect([world.builds(), readFileSync(join(world.host, "index.html"), "utf8")]).toEqual([1, "one"]);

  world.repository.commit({ "index.html": "two" });
  const two = await world.deployInVain();
  second.kill("SIGKILL");
  await second.ended;
  expect(readFileSync(join(world.host, "index.html"), "utf8")).toBe("one");

  world.server.misbehave(null);
  await world.start();
  expect((await world.untilLive(two)).remarks).toEqual(WENT_ON);
  expect([world.builds(), readFileSync(join(world.host, "index.html"), "utf8")]).toEqual([2, "two"]);
}, 90_000);
