/** What strangers learn from answers: nothing of secrets, nothing of why, and of sources with a secret in their path nothing at all. */
import { createHmac } from "node:crypto";
import { connect } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import { stringify } from "yaml";
import { type ContractWorld, startContract } from "../presets/contract-world.ts";

const SECRETS = { HOOK: "the-secret-in-the-path", SIGNED: "the secret of signed", OLD: "an old secret" };
const BODY = JSON.stringify({ id: "1" });

let world: ContractWorld;

beforeAll(async () => {
  const hook = { kind: "build-hook", secret: "env:HOOK", sites: ["shop"] };
  const hmac = { header: "x-sig", timestamp: "header:x-time", message: "{ts}.{body}" };
  const signed = {
    ...{ kind: "custom", secrets: ["env:SIGNED", { use: "env:OLD", until: "2020-01-01" }], verify: [{ hmac }] },
    ...{ id: "json:/id", routes: [{ rebuild: { sites: ["shop"], title: "json:/title" } }] },
  };
  const sources = {
    hook,
    signed,
    plain: { ...signed, verify: [{ hmac: { header: "x-sig" } }], id: "digest" },
    fenced: { ...hook, allow: ["192.0.2.0/24"] },
    closed: { ...signed, allow: ["192.0.2.0/24"] },
  };
  const shop = { repo: "a/shop", publish: "dir:/srv/shop" };
  world = await startContract(stringify({ channel: "C0OPS", sites: { shop }, sources }), SECRETS);
});
afterAll(() => world.stop());

/** The whole answer to a request as it is written here, without its date. */
function ask(head: string, body = ""): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(world.port, "127.0.0.1", () => socket.end(`${head}\r\n\r\n${body}`));
    let text = "";
    socket.on("data", (chunk) => {
      text += chunk;
    });
    socket.on("close", () => resolve(text.replace(/^date: .*\r\n/im, "")));
    socket.on("error", reject);
  });
}

const json = (path: string, method = "POST", more: readonly string[] = []) =>
  [
    `${method} ${path} HTTP/1.1`,
    "host: x",
    "content-type: application/json",
    `content-length: ${BODY.length}`,
    ...more,
  ].join("\r\n");

it.each(["hook", "fenced"])(
  "A wrong secret in the path of %s looks like a source that there is not, whatever is sent",
  async (name) => {
    const wrong = [`/hooks/${name}/a-wrong-secret`, `/hooks/${name}/`, `/hooks/${name}`, `/hooks/${name}/a?b=c`];
    const variants = [
      (path: string) => ask(json(path), BODY),
      ...["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"].map((it) => (path: string) => ask(json(path, it), BODY)),
      (path: string) => ask(json(path, "POST", ["content-encoding: gzip"]), BODY),
      (path: string) => ask(`POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-type: image/png\r\ncontent-length: 1`, "x"),
      (path: string) =>
        ask(`POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 99999999`),
      (path: string) => ask(`POST ${path} HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 99999999`),
    ];
    for (const path of wrong)
      for (const send of variants) {
        const answer = await send(path);
        expect(answer).toMatch(/^HTTP\/1.1 40[45] /);
        expect(answer).toBe(await send(path.replace(`/hooks/${name}`, "/hooks/nobody")));
      }
    expect(await world.deliveries(name)).toHaveLength(0);
  },
);

it("Whoever knows the secret in the path is told what is wrong", async () => {
  const path = `/hooks/hook/${SECRETS.HOOK}`;
  expect(await ask(json(path), BODY)).toMatch(/^HTTP\/1.1 200 /);
  expect(await ask(json(path, "PUT"), BODY)).toMatch(/^HTTP\/1.1 405 /);
  expect(await ask(json(path, "POST", ["content-encoding: gzip"]), BODY)).toMatch(/^HTTP\/1.1 415 /);
  expect(await ask(json(`/hooks/fenced/${SECRETS.HOOK}`), BODY)).toMatch(/^HTTP\/1.1 403 /);
});

const sign = (secret: string, text: string) => createHmac("sha256", secret).update(text).digest("hex");

it("A request that is not believed is answered alike, whatever is wrong with it", async () => {
  const now = String(Math.floor(Date.now() / 1000));
  const time = (ts: string) => `x-time: ${ts}`;
  const sig = (text: string) => `x-sig: ${text}`;
  const good = sign(SECRETS.SIGNED, `${now}.${BODY}`);
  const wrong: string[][] = [
    [],
    [time(now)],
    [sig(good)],
    [time(now), sig("")],
    [time(now), sig("zz")],
    [time(now), sig(good.slice(1))],
    [time(now), sig(sign("another", `${now}.${BODY}`))],
    [time(now), sig(sign(SECRETS.OLD, `${now}.${BODY}`))],
    [time(now), sig(sign("", `${now}.${BODY}`))],
    [time("1000000000"), sig(sign(SECRETS.SIGNED, `1000000000.${BODY}`))],
    [time("never"), sig(sign(SECRETS.SIGNED, `never.${BODY}`))],
    [time(now), time(now), sig(good)],
    [time(now), sig(good), sig(good)],
  ];
  const answers = new Set<string>();
  for (const headers of wrong) answers.add(await ask(json("/hooks/signed", "POST", headers), BODY));
  expect([...answers]).toHaveLength(1);
  expect([...answers][0]).toMatch(/^HTTP\/1.1 401 Unauthorized\r\n(?:.*\r\n)*\r\n\{"error":"unauthorized"\}$/);
  expect(await ask(json("/hooks/signed", "POST", [time(now), sig(good)]), BODY)).toMatch(/^HTTP\/1.1 200 /);
});

it("Who is not on the list is refused before anything of the body is sent", async () => {
  const head = ["POST /hooks/closed HTTP/1.1", "host: x", "content-type: application/json", "content-length: 500"];
  expect(await ask([...head, "expect: 100-continue"].join("\r\n"))).toMatch(/^HTTP\/1.1 403 Forbidden\r\n/);
});

it("What stands in the query beside an empty body that is signed says nothing, since nobody signed it", async () => {
  const headers = { "content-type": "application/json", "x-sig": sign(SECRETS.SIGNED, "") };
  const sent = { headers, body: "", suffix: "?title=Forged" };
  expect(await world.send("plain", sent)).toMatchObject({ status: 200 });
  const [delivery] = await world.deliveries("plain");
  if (!delivery) throw new Error("nothing was kept");
  await expect(world.read(delivery)).rejects.toMatchObject({ name: "UnparseableError" });
});
