/** `slipway sources`, from the records to the lines that are printed, and what the log says of ends. */
import { pino } from "pino";
import { expect, it } from "vitest";
import { sourceLines } from "../../src/cli/source-lines.ts";
import { type ListedSource, sources } from "../../src/commands/sources-operation.ts";
import { parseConfig } from "../../src/config/load-config.ts";
import { createSecretChore } from "../../src/inbox/watch-secrets.ts";
import { createSecretUses } from "../../src/store/secret-uses.ts";
import { createOperations } from "./operations-world.ts";

const CONFIG = parseConfig(
  `
sites: { shop: { repo: acme/shop, publish: "dir:/srv/shop" } }
sources:
  backend:
    kind: standard-webhooks
    secrets: [env:NEW, { use: "exec:op read op://vault/hunter2", until: 2026-12-10 }, { use: file:/run/old, until: 2026-11-30 }]
    sites: [shop]
  robot:
    kind: custom
    secret: env:ROBOT
    verify: [{ token: { in: path } }]
    routes:
      - { when: { event: ["a.*", b], is: { "json:/status": [live, new] }, exists: ["header:x-y"] }, rebuild: { sites: [shop] } }
      - { notice: { text: "{json:/x}", channel: C0123 } }
      - { store: true }
`,
  "the tests",
);
const DAY_MS = 86_400_000;
const NOW = Date.parse("2026-12-05T12:00:00Z");

it("lists each source with its address, its secrets by their names and uses, and what its deliveries do", async () => {
  const { deps } = await createOperations();
  let nowMs = NOW - 3 * 60_000;
  const uses = createSecretUses({ now: () => nowMs });
  uses.note("backend", "env:NEW");
  uses.note("robot", "env:NEW");
  await deps.store.transact((tx) => uses.flush(tx));
  const listed: ListedSource[] = await sources({ ...deps, config: CONFIG }, {});
  expect(sourceLines(listed, NOW)).toEqual([
    "backend  Standard Webhooks (standard-webhooks)  /hooks/backend",
    "  secret env:NEW: last matched 3 minutes ago",
    expect.stringMatching(/^ {2}secret exec:op \([0-9a-f]{6}\): never matched, ends in 5 days$/),
    "  secret file:/run/old: never matched, has ended",
    "  all: rebuild shop",
    "robot  custom  /hooks/robot/SECRET",
    "  secret env:ROBOT: never matched",
    "  a.*, b, where json:/status is live or new and header:x-y is there: rebuild shop",
    "  all: tell C0123",
    "  all: keep",
  ]);
  expect(JSON.stringify(listed)).not.toContain("hunter2");
  nowMs = NOW - 30_000;
  uses.note("backend", "env:NEW");
  await deps.store.transact((tx) => uses.flush(tx, { isLast: true }));
  const [backend] = await sources({ ...deps, config: CONFIG }, {});
  expect(sourceLines([backend as ListedSource], NOW)[1]).toBe("  secret env:NEW: last matched less than a minute ago");
  expect(sourceLines([], NOW)).toEqual(["slipway.yaml declares no sources"]);
});

it("warns once a day of a secret that is in use and ends, by its name", async () => {
  const { deps } = await createOperations();
  let nowMs = NOW;
  const uses = createSecretUses({ now: () => nowMs });
  const [, exec] = (await sources({ ...deps, config: CONFIG }, {}))[0]?.secrets ?? [];
  uses.note("backend", exec?.name ?? "");
  const said: string[] = [];
  const log = pino({ base: null }, { write: (line: string) => void said.push(JSON.parse(line).msg) });
  const chore = createSecretChore({ sources: CONFIG.sources, uses, log });
  const run = () => deps.store.transact((tx) => chore(tx, { nowMs, random: Math.random, cause: "the test" }));
  expect(await run()).toEqual([]);
  await run();
  expect(said).toEqual([expect.stringMatching(/^the secret exec:op \(\w{6}\) of the source backend ends in 6 days/)]);
  nowMs += DAY_MS;
  await run();
  expect(said).toHaveLength(2);
});
