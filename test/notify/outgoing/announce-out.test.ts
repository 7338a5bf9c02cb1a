/** Which changes are events, for which endpoints. */
import { describe, expect, it } from "vitest";
import type { Alert } from "../../../src/model/alert.ts";
import { OUT_TYPES, type OutEvent } from "../../../src/model/outgoing.ts";
import type { OutWish } from "../../../src/store/webhooks-out.ts";
import type { Work } from "../../../src/store/work.ts";
import { problemsOf } from "../../config/problems-of.ts";
import { openOutgoingWorld, START } from "./outgoing-world.ts";

const HOOK = (more = "") => `{ url: "https://a.example.com/x", secret: env:NEW${more && `, ${more}`} }`;

async function worldOf(webhooks: string) {
  const world = await openOutgoingWorld(webhooks);
  const events = (host?: string) =>
    world.store.transact(function* (tx): Work<OutEvent[]> {
      const rows = (yield tx.db
        .selectFrom("outbox")
        .select("desired")
        .where("kind", "=", "webhook.out")
        .orderBy("id")
        .compile()) as Array<{ desired: string }>;
      const wishes = rows.map(({ desired }) => JSON.parse(desired) as OutWish);
      return wishes.filter((it) => host === undefined || it.host === host).map(({ event }) => event);
    });
  return { ...world, events, types: async (host?: string) => (await events(host)).map(({ type }) => type) };
}

const alert = (part: Partial<Alert> = {}): Alert => ({
  ...{
    id: 7,
    source: "prometheus",
    label: "Alertmanager",
    state: "firing",
    sinceMs: START,
    resolvedAtMs: null,
    flaps: 0,
  },
  ...{ acknowledged: null, silenced: null, canSilence: true },
  suspects: [
    { site: "shop", deployment: "d-1", title: "Fix", commit: "c0ffee", author: "Ada", liveAtMs: START - 60_000 },
  ],
  report: {
    ...{ fingerprint: "f00", state: "firing", severity: "critical", title: "Shop is down", detail: "503 since 12:00" },
    ...{ startedAtMs: START, endedAtMs: null, labels: { team: "web" }, runbookUrl: "https://wiki.example.com/shop" },
    links: [{ label: "Graph", url: "https://prom.example.com/graph" }],
    silenceUrl: null,
  },
  ...part,
});

describe("events of deployments", () => {
  it("are one for each state, however often it is told, and one more where it begins again", async () => {
    const world = await worldOf(HOOK());
    await world.tell({ state: "queued" });
    await world.tell({ state: "queued", reason: "waits" });
    await world.tell({ state: "building", startedAtMs: 1 });
    await world.tell({ state: "queued", startedAtMs: 1, isInterrupted: true });
    await world.tell({ state: "building", startedAtMs: 2 });
    await world.tell({ state: "building", startedAtMs: 2, stage: "build" });
    await world.tell({ state: "cancelled", startedAtMs: 2, reason: "cancelled by ada" });
    expect(await world.types()).toEqual(
      ["queued", "building", "queued", "building", "cancelled"].map((state) => `deployment.${state}`),
    );
  });

  it("begin again for whoever wants one state alone, too", async () => {
    const world = await worldOf(HOOK("events: [deployment.building]"));
    for (const startedAtMs of [1, 2]) {
      await world.tell({ state: "building", startedAtMs });
      await world.tell({ state: "queued", startedAtMs });
    }
    expect(await world.types()).toEqual(["deployment.building", "deployment.building"]);
  });

  it("go to those who want them, by type and by site", async () => {
    const hooks = [
      '{ url: "https://all.example.com", secret: env:NEW }',
      '{ url: "https://ends.example.com", secret: env:NEW, events: [deployment.live, deployment.failed] }',
      '{ url: "https://docs.example.com", secret: env:NEW, events: ["deployment.*"], sites: [docs] }',
      '{ url: "https://alerts.example.com", secret: env:NEW, events: ["alert.*"] }',
    ];
    const world = await worldOf(hooks.join(", "));
    for (const state of ["queued", "live"] as const) await world.tell({ state });
    await world.tell({ id: "d-2", site: "docs", state: "skipped" });
    expect(await world.types("all.example.com")).toEqual([
      "deployment.queued",
      "deployment.live",
      "deployment.skipped",
    ]);
    expect(await world.types("ends.example.com")).toEqual(["deployment.live"]);
    expect(await world.types("docs.example.com")).toEqual(["deployment.skipped"]);
    expect(await world.types("alerts.example.com")).toEqual([]);
  });

  it("say what a refused deployment needs, and have no end of text", async () => {
    const world = await worldOf(HOOK());
    const consent = { needs: "adopt", files: 1, paths: ["a"], answer: null } as const;
    await world.tell({ state: "failed", consent, reason: "x".repeat(99_999), title: "y".repeat(99_999), commit: "" });
    const [event] = await world.events();
    expect(event?.data).toMatchObject({ needs: "adopt", commit: null, liveUrl: "https://shop.example.com" });
    expect(JSON.stringify(event).length).toBeLessThan(20_000);
  });

  it("are no news to a person: a skipped deployment stays as quiet as it was", async () => {
    const world = await worldOf(HOOK());
    await world.tell({ state: "skipped" });
    await world.tell({ state: "skipped" });
    expect(await world.states()).toEqual({ pending: 1 });
  });

  it("hold no key that opens a transcript, and nothing that nobody asked to be told", async () => {
    const world = await worldOf(HOOK());
    await world.tell({ state: "live", askedBy: "alice (Slack U0ALICE)", remarks: ["secret remark"] });
    expect(JSON.stringify(await world.events())).not.toMatch(/key=|U0ALICE|remark/);
  });
});

describe("events of alerts", () => {
  it("are one for each state and each time it comes back", async () => {
    const world = await worldOf(HOOK());
    const acknowledged = { by: "ada", atMs: START + 1 };
    for (const one of [
      alert(),
      alert(),
      alert({ acknowledged }),
      alert({ state: "resolved", resolvedAtMs: START + 2, acknowledged }),
      alert({ flaps: 1 }),
      alert({ flaps: 1 }),
      alert({ flaps: 1, state: "resolved", resolvedAtMs: START + 3 }),
    ])
      await world.tellAlert(one, START);
    expect(await world.types()).toEqual(
      ["firing", "acknowledged", "resolved", "firing", "resolved"].map((state) => `alert.${state}`),
    );
    expect((await world.events())[1]).toEqual({
      type: "alert.acknowledged",
      timestamp: "2026-12-01T12:00:00.000Z",
      data: {
        id: 7,
        source: "prometheus",
        fingerprint: "f00",
        state: "acknowledged",
        severity: "critical",
        title: "Shop is down",
        detail: "503 since 12:00",
        url: "https://prom.example.com/graph",
        runbookUrl: "https://wiki.example.com/shop",
        flaps: 0,
        acknowledgedBy: "ada",
        suspects: [{ site: "shop", deployment: "d-1" }],
        startedAt: "2026-12-01T12:00:00.000Z",
        resolvedAt: null,
      },
    });
  });

  it("begin with its firing each time, also where somebody has it by then", async () => {
    const world = await worldOf(HOOK());
    const acknowledged = { by: "ada", atMs: START };
    await world.tellAlert(alert({ acknowledged }), START);
    await world.tellAlert(alert({ state: "resolved", resolvedAtMs: START + 1, acknowledged }), START + 1);
    await world.tellAlert(alert({ flaps: 1, acknowledged }), START + 2);
    const begun = ["alert.firing", "alert.acknowledged"];
    expect(await world.types()).toEqual([...begun, "alert.resolved", ...begun]);
    const data = (await world.events()).map((it) => it.data);
    expect(data[3]).toMatchObject({ state: "firing", flaps: 1, acknowledgedBy: null });
    expect(data[4]).toMatchObject({ state: "acknowledged", flaps: 1, acknowledgedBy: "ada" });
  });

  it("go to those who follow a site that they may be about", async () => {
    const world = await worldOf(HOOK("sites: [docs]"));
    await world.tellAlert(alert(), START);
    expect(await world.types()).toEqual([]);
    await world.tellAlert(alert(), START, ["docs"]);
    expect(await world.types()).toEqual(["alert.firing"]);
  });
});

describe("webhooks in slipway.yaml", () => {
  const problems = (hook: string) =>
    problemsOf(`sites: { shop: { repo: a/b, publish: "dir:/x" } }\nwebhooks: [${hook}]`);
  const url = 'url: "https://a.example.com/x"';

  it.each([
    `{ ${url}, secret: env:NEW }`,
    `{ ${url}, secrets: [env:NEW, { use: env:OLD, until: 2027-01-31 }], events: [${OUT_TYPES.join(", ")}], sites: [shop] }`,
    '{ url: "http://10.0.0.1:8080/x", secret: file:/run/secrets/x, events: ["*"] }',
  ])("take %s", (hook) => {
    expect(problems(hook)).toEqual([]);
  });

  it.each([
    ['{ url: "ftp://x", secret: env:NEW }', /^webhooks.0.url: is no http or https URL/],
    ['{ url: "https://a:b@x.example", secret: env:NEW }', /^webhooks.0.url: has a user or a password in it/],
    [`{ ${url} }`, /^webhooks.0: needs either secret or secrets/],
    [`{ ${url}, secret: env:A, secrets: [env:B] }`, /^webhooks.0: needs either secret or secrets/],
    [`{ ${url}, secret: whsec_abc }`, /^webhooks.0.secret: is not a reference to a secret/],
    [
      `{ ${url}, secret: env:A, events: [deployment.done] }`,
      /^webhooks.0.events.0: deployment.done is no event; there are/,
    ],
    [`{ ${url}, secret: env:A, sites: [shpo] }`, /^webhooks.0.sites: names shpo, but .* did you mean shop/],
    [`{ ${url}, secret: env:A }, { ${url}, secret: env:B }`, /^webhooks.1.url: is that of webhooks.0 already/],
  ])("refuse %s with advice", (hook, problem) => {
    expect(problems(hook)).toEqual([expect.stringMatching(problem)]);
  });
});
