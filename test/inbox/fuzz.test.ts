/**
 * The door with every preset behind it, under whatever anybody may send: signed or not, it answers quickly, breaks
 * nothing, keeps no secret, and what it keeps its readers can read or say that they cannot.
 */
import { createHmac, randomBytes } from "node:crypto";
import { connect } from "node:net";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { stringify } from "yaml";
import { presets } from "../../src/presets/presets.ts";
import { alertCases } from "../presets/alerts/alert-cases.ts";
import { contentCases } from "../presets/content/content-cases.ts";
import { type ContractWorld, startContract } from "../presets/contract-world.ts";
import { gitCases } from "../presets/git/git-cases.ts";
import { noteCases } from "../presets/notes/note-cases.ts";
import type { PresetCase, SentRequest } from "../presets/preset-case.ts";

const cases: readonly PresetCase[] = [...contentCases, ...alertCases, ...gitCases, ...noteCases];
const NOW = 1_800_000_000_000;
const RAW_SECRET = "the secret of those who sign raw bytes";
const TOKEN = "the-token-of-those-who-send-one";
/** Far more than any answer takes, also where all cores are busy. */
const QUICK_MS = 5000;

/** A source for each way in which routes read what was sent. */
const hmac = { header: "x-sig" };
const alert = {
  ...{ fingerprint: "json:/id", state: { from: "json:/state", firing: ["on"], resolved: ["off"] } },
  ...{ title: "json:/title", severity: "json:/severity", since: "json:/at", link: "json:/link", detail: "form:a" },
};
const notice = { text: "{json:/title} {json:/n} {header:x-a} {form:a}", fields: { N: "json:/n", A: "query:a" } };
const raw = (route: object, more: object = {}) => ({
  ...{ kind: "custom", secret: "env:RAW", verify: [{ hmac }], routes: [route], ...more },
  ...{
    accept: { types: ["application/json", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"] },
  },
});
const rebuild = { sites: ["shop"], title: "json:/title", by: "json:/__proto__/by" };
const OWN = {
  rebuilds: raw({ rebuild, when: { is: { "json:/state": ["on"] }, exists: ["json:/title"] } }),
  alerts: raw({ alert }, { event: ["json:/type", "header:x-a"], id: "join(json:/id, header:x-a)" }),
  notices: raw({ notice }, { id: "json:/id" }),
  digests: raw({ deploy: { sites: ["shop"] } }, { id: "digest" }),
  echoes: raw({ store: true }, { reply: { challenge: "json:/challenge" } }),
  tokens: { ...raw({ notice }), secret: "env:TOKEN", verify: [{ token: { in: "json:/secret" } }] },
  fields: { ...raw({ notice }), secret: "env:TOKEN", verify: [{ token: { in: "form:secret" } }] },
};

const nameOf = (one: PresetCase) => `s${cases.indexOf(one)}`;
const needsSecret = ({ kind }: PresetCase) => presets.find((it) => it.kind === kind)?.secret !== "none";

function configured(limits: object) {
  const secrets: Record<string, string> = { RAW: RAW_SECRET, TOKEN };
  const sources: Record<string, unknown> = { ...OWN };
  for (const one of cases) {
    secrets[`S_${nameOf(one)}`] = one.secret;
    sources[nameOf(one)] = {
      ...{ kind: one.kind, ...one.settings },
      ...(needsSecret(one) && { secret: `env:S_${nameOf(one)}` }),
    };
  }
  const shop = { repo: "a/shop", publish: "dir:/srv/shop" };
  return { yaml: stringify({ channel: "C0OPS", sites: { shop }, sources, limits }), secrets };
}

let world: ContractWorld;

beforeAll(async () => {
  const { yaml, secrets } = configured({});
  world = await startContract(yaml, secrets);
  world.setNow(NOW);
});
afterAll(() => world.stop());

type Answered = { readonly text: string; readonly status: number; readonly ms: number };

/** Sends bytes and nothing more, and waits for all that is answered. */
function sendBytes(bytes: Buffer): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const startedMs = performance.now();
    const chunks: Buffer[] = [];
    const socket = connect(world.port, "127.0.0.1");
    socket.setTimeout(15_000, () => socket.destroy(new Error("neither answered nor closed")));
    socket.on("data", (chunk) => chunks.push(chunk));
    socket.on("error", (error: NodeJS.ErrnoException) => {
      // Closed while we still send, which is an answer too.
      if (error.code !== "ECONNRESET" && error.code !== "EPIPE") reject(error);
    });
    socket.on("close", () => {
      const text = Buffer.concat(chunks).toString("latin1");
      const status = Number(/^HTTP\/1\.1 ([2-5]\d\d)/m.exec(text)?.[1] ?? 0);
      resolve({ text, status, ms: performance.now() - startedMs });
    });
    socket.end(bytes);
  });
}

/** A request as bytes; headers are written as they are, whatever stands in them. */
function written({ method, target, headers, body }: Written): Buffer {
  const lines = [`${method} ${target} HTTP/1.1`, "host: x", "connection: close", ...headers.map((it) => it.join(": "))];
  return Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1"), body]);
}

type Written = {
  readonly method: string;
  readonly target: string;
  readonly headers: ReadonlyArray<readonly [string, string]>;
  readonly body: Buffer;
};

function expectSound(answers: readonly Answered[]): void {
  for (const { text, status, ms } of answers) {
    expect(status, text).toBeLessThan(500);
    expect(ms).toBeLessThan(QUICK_MS);
    expect(text).not.toMatch(/ at .*\.ts:\d+|node:internal|TypeError|RangeError/);
  }
  expect(world.lines.filter((line) => /could not be answered|could not be recorded/.test(line))).toEqual([]);
}

/** How many deliveries were looked at already. */
const looked = new Map<string, number>();

/** Has all that was kept since then read. */
async function readAll(name: string): Promise<number> {
  const fresh = await world.deliveries(name, looked.get(name));
  for (const delivery of fresh) {
    const startedMs = performance.now();
    const read = await world.read(delivery).catch((error: Error) => {
      if (error.name !== "UnparseableError") throw error;
      return null;
    });
    if (read) expect(read.length).toBeGreaterThan(0);
    expect(performance.now() - startedMs).toBeLessThan(QUICK_MS);
    looked.set(name, Math.max(looked.get(name) ?? 0, delivery.id));
  }
  return fresh.length;
}

const nested = (depth: number, [open, close]: readonly [string, string]) =>
  `${open.repeat(depth)}1${close.repeat(depth)}`;
const HOSTILE = [
  ...["", "null", "[]", "{}", '""', "0", "-0", "1e999", "tru", "[1,2", '{"a":', "\u0000", "\ufeff{}", "\ud800"],
  ...[nested(63, ["[", "]"]), nested(65, ["[", "]"]), nested(200_000, ["[", "]"]), nested(50_000, ['{"a":', "}"])],
  '{"__proto__":{"isAdmin":true},"constructor":{"prototype":{"a":1}},"id":"1","title":"t"}',
  '{"id":123456789012345678901234567890,"n":1e308,"at":9007199254740993,"title":0.1234567890123456789}',
  '{"id":["a"],"title":{"a":1},"state":null,"at":"9999999999999999","link":"javascript:alert(1)","n":-1e-400}',
  `{"id":"${"x".repeat(100_000)}","state":"on","title":"${"<!channel> ".repeat(5000)}"}`,
  `{${Array.from({ length: 20_000 }, (_, at) => `"k${at}":${at}`).join(",")}}`,
  '{"id":"\\ud800","title":"\\u0000\\u202e\\uffff","state":"on","challenge":"<script>"}',
  `payload=${encodeURIComponent(nested(100, ["[", "]"]))}&payload=1&__proto__=2&=&%zz=%`,
  "&".repeat(100_000),
  "a=%ff%fe&b=%00",
].map((text) => Buffer.from(text));
const MULTIPART = [
  "--b\r\n\r\n--b--",
  '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n',
  `${'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n'.repeat(5000)}--b--\r\n`,
  `--b\r\nContent-Disposition: form-data; name="${"n".repeat(50_000)}"\r\n\r\nx\r\n--b--`,
  `--b\r\n${"X-A: b\r\n".repeat(5000)}\r\nx\r\n--b--`,
  '--b\r\nContent-Disposition: form-data; name="__proto__"; filename=""\r\nContent-Type: a/b\r\n\r\n{}\r\n--b--\r\n',
].map((text) => Buffer.from(text));

const bodies = fc.oneof(
  fc.constantFrom(...HOSTILE, ...MULTIPART),
  fc.json({ maxDepth: 6 }).map((text) => Buffer.from(text)),
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  fc
    .record({ id: fc.jsonValue(), state: fc.constantFrom("on", "off", "x"), title: fc.jsonValue(), at: fc.jsonValue() })
    .map((value) => Buffer.from(JSON.stringify(value))),
);
const types = fc.constantFrom(
  ...[
    "application/json",
    "application/json; charset=utf-16",
    "text/plain",
    "application/x-www-form-urlencoded",
    "a",
    "",
  ],
  ...[
    "multipart/form-data; boundary=b",
    "multipart/form-data",
    'multipart/form-data; boundary="',
    "application/x+json",
  ],
);
/** What a header may hold on the wire, and what it may not. */
const values = fc.oneof(
  fc.constantFrom("", "a", "\x00", "\x7f", "a\r\n folded", "a\nb", "é\xff", "x".repeat(20_000), "9".repeat(400), ","),
  fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)), maxLength: 40 }),
);

it("What is signed is kept and read, whatever its bytes are, and never breaks a reader", {
  timeout: 120_000,
}, async () => {
  let kept = 0;
  const property = fc.asyncProperty(
    fc.array(fc.tuple(fc.constantFrom(...Object.keys(OWN)), types, bodies, values), { minLength: 8, maxLength: 8 }),
    async (sent) => {
      const requests = sent.map(([name, type, bytes, value]) => {
        const body = OWN[name as keyof typeof OWN].secret === "env:RAW" ? bytes : withToken(bytes, type);
        const signature = createHmac("sha256", RAW_SECRET).update(body).digest("hex");
        const given = [
          ["content-type", type],
          ["x-sig", signature],
          ["content-length", String(body.length)],
        ] as const;
        // A header that Node refuses is another test.
        const own = /^[\x20-\x7e]{0,9000}$/.test(value) ? ([["x-a", value]] as const) : [];
        return written({ method: "POST", target: `/hooks/${name}?a=b`, headers: [...given, ...own], body });
      });
      expectSound(await Promise.all(requests.map(sendBytes)));
      for (const name of new Set(sent.map(([name]) => name))) kept += await readAll(name);
    },
  );
  await fc.assert(property, { numRuns: 25, examples: examples() });
  // Else nothing of this was tested.
  expect(kept).toBeGreaterThan(100);
  expect(Object.prototype).not.toHaveProperty("isAdmin");
});

/** Each hostile body once for each source, whatever chance makes of the rest. */
function examples() {
  const all = [...HOSTILE, ...MULTIPART];
  return Object.keys(OWN).map((name): [Array<[string, string, Buffer, string]>] => [
    all.map((bytes) => [name, typeOf(bytes), bytes, "a"]),
  ]);
}

function typeOf(bytes: Buffer): string {
  const text = bytes.toString();
  if (text.startsWith("--b")) return "multipart/form-data; boundary=b";
  return /^(payload=|&|a=)/.test(text) ? "application/x-www-form-urlencoded" : "application/json";
}

/** The body with the token in it, where that is to be. */
function withToken(bytes: Buffer, type: string): Buffer {
  const text = bytes.toString("latin1");
  if (type.startsWith("application/x-www-form")) return Buffer.from(`${text}&secret=${TOKEN}`, "latin1");
  const part = `--b\r\nContent-Disposition: form-data; name="secret"\r\n\r\n${TOKEN}\r\n`;
  if (type.startsWith("multipart")) return Buffer.from(part + text, "latin1");
  return Buffer.from(text.replace(/^\{(?=.)/, `{"secret":"${TOKEN}",`), "latin1");
}

/** The request of a preset with one thing in it changed, or nothing. */
type Change = (sent: Written) => Written;
const changes: fc.Arbitrary<Change> = fc.oneof(
  fc.constant<Change>((sent) => sent),
  bodies.map(
    (body): Change =>
      (sent) => ({ ...sent, body }),
  ),
  fc.nat().map(
    (at): Change =>
      (sent) => ({ ...sent, body: sent.body.subarray(0, at % (sent.body.length + 1)) }),
  ),
  fc.nat().map(
    (at): Change =>
      (sent) => ({ ...sent, headers: sent.headers.filter((_, index) => index !== at % sent.headers.length) }),
  ),
  fc.nat().map(
    (at): Change =>
      (sent) => ({ ...sent, headers: [...sent.headers, sent.headers[at % sent.headers.length] ?? ["a", ""]] }),
  ),
  fc.tuple(fc.nat(), values).map(
    ([at, value]): Change =>
      (sent) => ({
        ...sent,
        headers: sent.headers.map(
          ([name, old], index) => [name, index === at % sent.headers.length ? value : old] as const,
        ),
      }),
  ),
  fc
    .constantFrom("GET", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "TRACE", "CONNECT", "get", "", "\x00", "PROPFIND")
    .map(
      (method): Change =>
        (sent) => ({ ...sent, method }),
    ),
  fc
    .constantFrom(
      "?a=b",
      "?a=%ff",
      "?a=b?c=d",
      `?${"a&".repeat(3000)}`,
      "/",
      "//..",
      "/%2e%2e/x",
      "/%",
      "#a",
      "\x00",
      " x",
      "/é",
    )
    .map(
      (more): Change =>
        (sent) => ({ ...sent, target: sent.target + more }),
    ),
  fc
    .constantFrom(
      "*",
      "http://x/hooks/s0",
      "/hooks/",
      "/hooks/__proto__",
      "/hooks/constructor/x",
      "hooks",
      "/hooks/s0/".repeat(900),
    )
    .map(
      (target): Change =>
        (sent) => ({ ...sent, target }),
    ),
  fc
    .constantFrom<readonly [string, string]>(
      ...([
        ["content-encoding", "gzip"],
        ["transfer-encoding", "chunked"],
        ["transfer-encoding", "x"],
      ] as const),
      ...([
        ["expect", "100-continue"],
        ["expect", "x"],
        ["upgrade", "websocket"],
        ["content-length", "-1"],
      ] as const),
      ...([
        ["content-length", "999999999999"],
        ["", "no name"],
        ["a b", "c"],
        ["__proto__", "a"],
      ] as const),
      ...([
        ["x-forwarded-for", "127.0.0.1, ".repeat(500)],
        ["cookie", "a=b"],
      ] as const),
    )
    .map(
      (header): Change =>
        (sent) => ({ ...sent, headers: [...sent.headers, header] }),
    ),
);

async function requestOf(one: PresetCase, body?: string): Promise<Written> {
  const path = `/hooks/${nameOf(one)}`;
  const sent: SentRequest = await one.request(one.secret, NOW, {
    path,
    attempt: 1,
    ...(body !== undefined && { body }),
  });
  const bytes = Buffer.from(sent.body);
  return {
    method: sent.method ?? "POST",
    target: path + (sent.suffix ?? ""),
    headers: [...Object.entries(sent.headers), ["content-length", String(bytes.length)]],
    body: bytes,
  };
}

it("Every preset stands whatever is changed in its requests, and whatever is signed for it", {
  timeout: 120_000,
}, async () => {
  const one = fc.tuple(
    fc.constantFrom(...cases),
    fc.option(
      fc.oneof(
        fc.constantFrom(...HOSTILE),
        fc.json().map((it) => Buffer.from(it)),
      ),
    ),
    fc.array(changes, { maxLength: 2 }),
  );
  const property = fc.asyncProperty(fc.array(one, { minLength: 10, maxLength: 10 }), async (all) => {
    const requests = all.map(async ([preset, signed, changed]) => {
      const sent = await requestOf(preset, signed?.toString());
      return written(changed.reduce((so, change) => change(so), sent));
    });
    expectSound(await Promise.all((await Promise.all(requests)).map(sendBytes)));
    for (const preset of new Set(all.map(([preset]) => preset))) await readAll(nameOf(preset));
  });
  await fc.assert(property, { numRuns: 25 });
});

it("Bytes that are no HTTP at all are answered or closed", async () => {
  const lines = fc.oneof(
    fc.uint8Array({ maxLength: 500 }).map((it) => Buffer.from(it)),
    fc.string().map((it) => Buffer.from(`POST ${it}`)),
  );
  const property = fc.asyncProperty(fc.array(lines, { minLength: 10, maxLength: 10 }), async (all) => {
    expectSound(await Promise.all(all.map(sendBytes)));
  });
  await fc.assert(property, { numRuns: 20 });
});

it("What is verified is never answered 429, however much failed before, whichever header is missing", {
  timeout: 60_000,
}, async () => {
  const { yaml, secrets } = configured({ refused: 1, refusedInAll: 1 });
  const guarded = await startContract(yaml, secrets, { isGuarded: true });
  try {
    guarded.setNow(NOW);
    for (const one of cases.filter(needsSecret)) {
      const [name, sent] = [
        nameOf(one),
        await one.request(one.secret, NOW, { path: `/hooks/${nameOf(one)}`, attempt: 1 }),
      ];
      for (let time = 0; time < 2; time++)
        await guarded.send(name, {
          ...sent,
          suffix: sent.suffix?.replace(/^\/.*/, "/x") ?? "",
          headers: { "content-type": "application/json" },
          body: "{}",
        });
      const variants = [
        sent.headers,
        ...Object.keys(sent.headers).map((left) =>
          Object.fromEntries(Object.entries(sent.headers).filter(([it]) => it !== left)),
        ),
      ];
      for (const headers of variants) {
        const { status: free } = await world.send(name, { ...sent, headers });
        const { status } = await guarded.send(name, { ...sent, headers });
        if (free === 200) expect(status, `${one.kind} with ${Object.keys(headers)}`).toBe(200);
        else expect([401, 404, 429, free]).toContain(status);
      }
    }
  } finally {
    await guarded.stop();
  }
});

it("A flood of large bodies is not remembered in memory", { timeout: 60_000 }, async () => {
  const body = randomBytes(1_000_000);
  const signature = createHmac("sha256", RAW_SECRET).update("another body").digest("hex");
  const given = [
    ["content-type", "application/json"],
    ["x-sig", signature],
    ["content-length", String(body.length)],
  ] as const;
  const request = written({ method: "POST", target: "/hooks/rebuilds", headers: given, body });
  const flood = async (times: number) => {
    for (let sent = 0; sent < times; sent += 20)
      expectSound(await Promise.all(Array.from({ length: 20 }, () => sendBytes(request))));
  };
  await flood(40);
  const before = process.memoryUsage().rss;
  // 400 MB in all.
  await flood(400);
  expect(process.memoryUsage().rss - before).toBeLessThan(200 * 1024 ** 2);
  expect(world.refused("rebuilds").last.length).toBeLessThanOrEqual(50);
  expect(world.lines.length).toBeLessThan(10_000);
});
