/** A topic of Amazon SNS, from its signed requests to the alert in the store: the front door, the inbox, an Amazon of the test's own. */
import { createPublicKey, randomUUID } from "node:crypto";
import { join } from "node:path";
import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { parseConfig } from "../../src/config/load-config.ts";
import { createHttpServer } from "../../src/http/server.ts";
import { confirmSubscription } from "../../src/inbox/confirm-subscription.ts";
import { createDeclaredSources } from "../../src/inbox/declared-sources.ts";
import { startDispatch } from "../../src/inbox/dispatch.ts";
import { createIntake } from "../../src/inbox/intake.ts";
import { createLog } from "../../src/log.ts";
import { createMemoryQueue } from "../../src/queue/memory-queue.ts";
import { createLogKeys } from "../../src/secrets/log-keys.ts";
import { secret } from "../../src/secrets/secret.ts";
import { listDeliveries } from "../../src/store/deliveries.ts";
import { openSqlite } from "../../src/store/sqlite.ts";
import { temporaryFolder } from "../git/git-repository.ts";
import { PATIENCE } from "../patience.ts";
import { payload } from "../presets/alerts/payload.ts";
import { snsNotification } from "../presets/alerts/signed-cases.ts";
import {
  SNS_CERTIFICATE_URL,
  SNS_TOPIC,
  type SnsKeyName,
  type SnsMessage,
  signSns,
  snsKey,
} from "../presets/alerts/sns-signer.ts";
import { type Amazon, startAmazon } from "../sources/declared/amazon.ts";
import { openDoor } from "./open-door.ts";

const config = parseConfig(
  `
channel: "#ops"
sites: {}
sources: { aws: { kind: cloudwatch, topics: ["${SNS_TOPIC}"], channel: "#alarms" } }
`,
  "the tests",
);
const TOKEN =
  "2336412f37fb687f5d51e6e241d09c805a5a57b30d712f794cc5f6a988666d92768dd60a747ba6f3beb71854e285d6ad02428b09ceece";
const CONFIRM = `/?Action=ConfirmSubscription&TopicArn=${SNS_TOPIC}&Token=${TOKEN}`;

/** https://docs.aws.amazon.com/sns/latest/dg/http-subscription-confirmation-json.html */
const asksToConfirm = (part: Record<string, string> = {}): SnsMessage => ({
  Type: "SubscriptionConfirmation",
  MessageId: "165545c9-2a5c-472c-8df2-7ff2be2b3b1b",
  Token: TOKEN,
  TopicArn: SNS_TOPIC,
  Message: "You have chosen to subscribe to the topic. To confirm, visit the SubscribeURL included in this message.",
  SubscribeURL: `https://sns.us-east-1.amazonaws.com${CONFIRM}`,
  Timestamp: "2026-11-30T10:00:00.000Z",
  ...part,
});

let amazon: Amazon;
/** What Amazon answers next; 200 when there is no more. */
let answers: number[];
let send: (message: SnsMessage, key?: SnsKeyName) => Promise<number>;
let outcomes: () => Promise<string[][]>;

beforeEach(async () => {
  answers = [];
  amazon = await startAmazon((_, response) => response.writeHead(answers.shift() ?? 200).end("<Confirmed/>"));
  const store = await openSqlite(join(temporaryFolder(), "slipway.db"));
  const queue = createMemoryQueue();
  const log = createLog({ level: "silent", pretty: false });
  const declared = createDeclaredSources({
    config,
    secretsOf: () => () => [],
    now: Date.now,
    confirm: (source, verified) => confirmSubscription(source, verified, { fetch: amazon.fetch }),
    snsCertificates: {
      keyAt: async (address) => (address === SNS_CERTIFICATE_URL ? createPublicKey(snsKey("own").certificate) : null),
    },
  });
  const guards = await openDoor({ sources: declared.resolved });
  const intake = createIntake({ store, queue, log, sources: declared.sources, door: guards.door });
  const server = createHttpServer(intake.routes, log);
  const port = await server.listen({ host: "127.0.0.1", port: 0 });
  const logKeys = createLogKeys([secret("the secret of the tests")]);
  const dispatch = startDispatch({
    ...{ store, queue, log, config, readers: declared.readers, unsignedIds: declared.unsignedIds },
    telling: { config, hasSlack: true, hasButtons: true, hasGithub: false, logKeys },
    people: { directory: null, permissions: { canWrite: async () => null } as never },
    ...{ boot: randomUUID(), recent: intake.recent },
  });
  onTestFinished(async () => {
    await dispatch.stop();
    await server.close(0);
    await guards.stop();
    await queue.close();
    await store.close();
    await amazon.close();
  });
  send = async (message, key) => {
    // As SNS sends it: JSON that says it is plain text.
    const headers = { "content-type": "text/plain; charset=UTF-8", "x-amz-sns-message-type": message.Type };
    const body = signSns(message, key);
    return (await fetch(`http://127.0.0.1:${port}/hooks/aws`, { method: "POST", headers, body })).status;
  };
  outcomes = () =>
    vi.waitFor(async () => {
      const all = await store.transact((tx) => listDeliveries(tx, { limit: 10 }));
      expect(all.map(({ state }) => state)).not.toContain("received");
      return all.map(({ outcome }) => [...outcome]);
    }, PATIENCE);
});

describe("A topic of Amazon SNS", () => {
  it("is confirmed once it is recorded, and once alone however often it asks", async () => {
    expect(await send(asksToConfirm())).toBe(200);
    expect(await send(asksToConfirm())).toBe(200);
    expect(await outcomes()).toEqual([["skipped: confirmed the subscription"]]);
    expect(amazon.asked).toEqual([CONFIRM]);
  });

  it("is confirmed later where Amazon does not answer at once", async () => {
    answers = [503];
    expect(await send(asksToConfirm())).toBe(200);
    expect(await outcomes()).toEqual([["skipped: confirmed the subscription"]]);
    expect(amazon.asked).toEqual([CONFIRM, CONFIRM]);
  });

  it.each([
    ["of somebody else", { TopicArn: "arn:aws:sns:us-east-1:999999999999:evil" }, "own"],
    ["that somebody else signs", {}, "other"],
  ] as const)("%s is refused, and nothing is asked for it", async (_, part, key) => {
    expect(await send(asksToConfirm(part), key)).toBe(401);
    expect(await outcomes()).toEqual([]);
    expect(amazon.asked).toEqual([]);
  });

  it("whose message leads elsewhere is asked nothing there", async () => {
    expect(await send(asksToConfirm({ SubscribeURL: "https://sns.us-east-1.amazonaws.com.evil.example/" }))).toBe(200);
    expect(await outcomes()).toEqual([[expect.stringContaining("its SubscribeURL is no address of Amazon SNS")]]);
    expect(amazon.asked).toEqual([]);
  });

  it("has an alarm told until it is over", async () => {
    const alarm = payload("cloudwatch-alarm");
    expect(await send(snsNotification(JSON.stringify(alarm)))).toBe(200);
    const name = "alert 1, “Example alarm name” of CloudWatch,";
    expect(await outcomes()).toEqual([[`told #alarms: ${name} is firing`]]);
    const over = { ...alarm, NewStateValue: "OK", StateChangeTime: "2017-01-12T16:40:42.236+0000" };
    expect(await send({ ...snsNotification(JSON.stringify(over)), MessageId: randomUUID() })).toBe(200);
    expect((await outcomes())[0]).toEqual([`told #alarms: ${name} is resolved`]);
  });
});
