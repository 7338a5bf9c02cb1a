import { sign } from "@octokit/webhooks-methods";
import { expect, it, onTestFinished } from "vitest";
import { createBodyBudget } from "../../src/http/body-budget.ts";
import { createRateLimits } from "../../src/http/rate-limit.ts";
import { createHttpServer, type HttpRequest } from "../../src/http/server.ts";
import { createCaptures } from "../../src/inbox/captures.ts";
import { createDoor } from "../../src/inbox/door.ts";
import { createRejections } from "../../src/inbox/rejections.ts";
import { slowRefusals } from "../../src/inbox/slow-refusals.ts";
import { createLog } from "../../src/log.ts";
import { secret } from "../../src/secrets/secret.ts";
import { createGithubSource } from "../../src/sources/github.ts";

const SECRET = "the secret of the tests";
const WAIT_MS = 400;
const REFUSED = 3;
const log = createLog({ level: "silent", pretty: false });

/** GitHub's source and a path that nobody has, behind a door that is limited after some refusals. */
async function startSlow({ most = 100 } = {}) {
  const now = Date.now;
  const limits = await createRateLimits({
    ...{
      limits: { refused: REFUSED, refusedInAll: 1000, formsPerMinute: 5, formsPerHour: 60 },
      redisUrl: null,
      log,
      now,
    },
  });
  const rejections = createRejections({ log, now, sources: ["github"] });
  const budget = createBodyBudget({ maxBytes: 64 * 1024 ** 2, now });
  const clientOf = ({ peer }: HttpRequest) => peer;
  const plain = createDoor({
    clientOf,
    limits,
    rejections,
    budget,
    guards: new Map(),
    captures: createCaptures({ now }),
  });
  const door = slowRefusals({ door: plain, limits, clientOf, waitMs: WAIT_MS, most });
  const source = createGithubSource([secret(SECRET)]);
  const taken = { status: 200, type: "application/json", body: "{}" } as const;
  const server = createHttpServer(
    [
      {
        ...{ method: "POST", path: "/hooks/github" },
        async handle(request) {
          await door.enter(source, request);
          return taken;
        },
      },
      { method: "POST", path: "/hooks/nobody", handle: (request) => door.knock("nobody", request) },
    ],
    log,
  );
  const port = await server.listen({ host: "127.0.0.1", port: 0 });
  onTestFinished(async () => {
    rejections.stop();
    await server.close(0);
  });
  return {
    budget,
    /** The status, and how long it took. */
    async send(path = "/hooks/github", more: Record<string, string> = {}) {
      const headers = {
        "content-type": "application/json",
        "x-github-delivery": "1",
        "x-github-event": "push",
        ...more,
      };
      const startMs = performance.now();
      const { status } = await fetch(`http://127.0.0.1:${port}${path}`, { method: "POST", body: "{}", headers });
      return { status, ms: performance.now() - startMs };
    },
  };
}

const signed = async () => ({ "x-hub-signature-256": await sign(SECRET, "{}") });
const forged = { "x-hub-signature-256": `sha256=${"0".repeat(64)}` };
/** A timer may fire a little before its time is over. */
const LEAST_MS = WAIT_MS - 5;

it("Who is limited waits for each answer, holding nothing, and what is verified overtakes them", async () => {
  const { send, budget } = await startSlow();
  for (let time = 0; time < REFUSED; time++) expect((await send()).status).toBe(401);
  const order: string[] = [];
  const slow = [{}, forged, { "content-type": "text/plain" }].map(async (headers) => {
    const answer = await send(undefined, headers);
    order.push("refused");
    return answer;
  });
  const held = send(undefined, await signed()).then(({ status }) => order.push(`${status}`));
  const answers = await Promise.all(slow);
  await held;
  expect(answers.map((it) => it.status)).toEqual([429, 429, 415]);
  for (const { ms } of answers) expect(ms).toBeGreaterThan(LEAST_MS);
  expect([order[0], budget.bytes()]).toEqual(["200", 0]);
});

it("Who asks for sources that there are not waits too, after some of them", async () => {
  const { send } = await startSlow();
  for (let time = 0; time < REFUSED; time++) await send("/hooks/nobody");
  const { status, ms } = await send("/hooks/nobody");
  expect([status, ms > LEAST_MS]).toEqual([404, true]);
  // Of the sources that there are nothing was refused.
  expect((await send()).status).toBe(401);
});

it("So many wait and no more: who comes on top is answered at once", async () => {
  const { send } = await startSlow({ most: 2 });
  for (let time = 0; time < REFUSED; time++) await send();
  const crowd = await Promise.all(Array.from({ length: 10 }, () => send()));
  const waited = crowd.filter(({ ms }) => ms > LEAST_MS);
  expect(waited.length).toBeLessThan(10);
  expect(waited.length).toBeGreaterThanOrEqual(2);
});
