/** Slipway is killed right after it has answered senders that never ask again: what it answered is done, once. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { freePort } from "../../src/demo/free-port.ts";
import { type SlackServer, startSlack } from "../../src/demo/slack-server.ts";
import { type RunningSlipway, startSlipway } from "../../src/demo/slipway.ts";
import { BUILT_PROGRAM } from "../built-program.ts";
import { PATIENCE } from "../patience.ts";
import { paymentIntent, stripeEvent } from "../presets/notes/bodies.ts";
import { stripeSignature } from "../presets/notes/signers.ts";
import { createSecretScan, type SecretScan, secretsIn } from "../secret-scan.ts";

const SECRET = "whsec_stripe-signs-with-this-one";
const TOKEN = "xoxb-of-the-test";
/** Each has a channel of its own: many notes in one would be told together. */
const SOURCES = ["first", "second", "third"];
const EACH = 3;

let slack: SlackServer;
let folder: string;
let port: number;
let slipway: RunningSlipway;
let scan: SecretScan | undefined;

async function start(): Promise<void> {
  const settings = {
    ...{ WEBHOOK_SECRET: "the webhook secret of the test", STRIPE_SECRET: SECRET },
    ...{ SLACK_BOT_TOKEN: TOKEN, SLACK_SIGNING_SECRET: "the signing secret of the test", SLACK_API_URL: slack.apiUrl },
    ...{ HOST: "127.0.0.1", PORT: String(port), DATA_DIR: join(folder, "data") },
    SLIPWAY_CONFIG: join(folder, "slipway.yaml"),
  };
  scan ??= createSecretScan(secretsIn(settings));
  const onLog = (line: string) => scan?.saw("the log", line);
  slipway = await startSlipway({ folder, settings }, { program: BUILT_PROGRAM, onLog });
}

beforeAll(async () => {
  slack = await startSlack({ token: TOKEN, botName: "slipway", channels: SOURCES, users: [] });
  folder = mkdtempSync(join(tmpdir(), "slipway-kill-senders-"));
  port = await freePort();
  const sources = SOURCES.map((name) => `  ${name}: { kind: stripe, secret: env:STRIPE_SECRET, channel: ${name} }`);
  writeFileSync(join(folder, "slipway.yaml"), `sites: {}\nsources:\n${sources.join("\n")}\n`);
  await start();
});
afterAll(async () => {
  await slipway?.stop();
  await scan?.sawSlack(slack, SOURCES);
  scan?.sawDatabase(join(folder, "data/slipway.db"));
  await slack?.stop();
  rmSync(folder, { recursive: true, force: true });
  scan?.check();
});

/** Sends the payment of that number, signed now; answers with the status, 0 where nobody answered. */
async function pay(source: string, number: number): Promise<number> {
  const amount = number * 100;
  const event = { ...paymentIntent, amount, amount_received: amount };
  const body = JSON.stringify(stripeEvent("payment_intent.succeeded", event, { id: `evt_${number}` }));
  const headers = { "content-type": "application/json", "stripe-signature": stripeSignature(SECRET, body, Date.now()) };
  try {
    return (await fetch(`http://127.0.0.1:${port}/hooks/${source}`, { method: "POST", headers, body })).status;
  } catch {
    return 0;
  }
}

const told = async (source: string) =>
  (await slack.messages(source)).map(({ text }) => Number(/of €(\d+)\.00 succeeded/.exec(text)?.[1])).sort();

it("does all that it answered with 200 after the next start, and nothing of it twice", async () => {
  const numbers = Array.from({ length: EACH }, (_, index) => index + 1);
  const answered = new Map<string, number[]>();
  for (const [index, source] of SOURCES.entries()) {
    const statuses = Promise.all(numbers.map((number) => pay(source, number)));
    // Once when perhaps nothing is answered, then when all is, and a little later, while it is being told.
    if (index === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    else await statuses;
    if (index === 2) await new Promise((resolve) => setTimeout(resolve, 15));
    slipway.kill("SIGKILL");
    expect(await slipway.ended).toBe("SIGKILL");
    const taken = await statuses;
    answered.set(
      source,
      numbers.filter((_, at) => taken[at] === 200),
    );
    await start();
  }
  expect(answered.get("second")).toEqual(numbers);

  await vi.waitFor(async () => {
    for (const source of SOURCES)
      expect(await told(source)).toEqual(expect.arrayContaining(answered.get(source) ?? []));
  }, PATIENCE);
  // A sender that got no answer asks again, and one that is not sure, too.
  for (const source of SOURCES)
    expect(await Promise.all(numbers.map((number) => pay(source, number)))).toEqual(numbers.map(() => 200));
  await vi.waitFor(async () => {
    for (const source of SOURCES) expect(await told(source)).toEqual(numbers);
  }, PATIENCE);
});
