/** What needs two people: who may agree, until when, and that what they agree to is what was shown. */
import { describe, expect, test } from "vitest";
import { answerSecondPerson, askSecondPerson, endExpiredRequests } from "../../src/commands/second-person.ts";
import type { Deed } from "../../src/model/effect.ts";
import { slackUserIn } from "../../src/model/person.ts";
import { findRequest } from "../../src/store/requests.ts";
import { createOperations } from "./operations-world.ts";

const NOW = 1_800_000_000_000;
const MINUTE = 60_000;
const ALICE = "alice (Slack U0ALICE)";
const BOB = "bob (Slack U0BOB)";
const rollback: Deed = {
  ...{ kind: "rollback", target: null, from: null, reason: "it is broken", adopt: true, allowRemovals: false },
};

async function createWorld() {
  const world = await createOperations();
  const { store, deps, told } = world;
  const moment = (nowMs: number) => ({ nowMs, random: Math.random });
  await world.goLive("shop", { "index.html": "a" }, "1".repeat(40));
  await world.goLive("shop", { "index.html": "b" }, "2".repeat(40));
  return {
    ...world,
    wants: (deed: Deed = rollback, { by = ALICE, cause = "click 1" } = {}) =>
      store.transact((tx) =>
        askSecondPerson(tx, deps, { site: "shop", deed, by, where: "C0SHOP", cause }, moment(NOW)),
      ),
    answers: (request: string, by: string, { approves = true, nowMs = NOW + MINUTE } = {}) =>
      store.transact((tx) => answerSecondPerson(tx, deps, { request, approves, by }, moment(nowMs))),
    expire: (nowMs: number) => store.transact((tx) => endExpiredRequests(tx, deps, { nowMs })),
    state: async (id: string) => (await store.transact((tx) => findRequest(tx, id)))?.state,
    /** The messages that ask, as they are to stand now. */
    asked: async () =>
      (await told()).flatMap(({ desired }) => (desired as { notice?: { about: string } }).notice ?? []),
  };
}

describe("What needs two people", () => {
  test("is asked in the channel once, and done in both names when somebody else agrees", async () => {
    const { wants, answers, asked, find, site, state } = await createWorld();
    const { request, isNew, says } = await wants();
    expect([isNew, says]).toEqual([
      true,
      "shop: to roll back from 2222222 to 1111111, replacing files of others needs somebody else who agrees; the channel is asked, until 08:30 UTC",
    ]);
    for (const cause of ["click 1", "click 2"]) {
      expect(await wants(rollback, { cause })).toMatchObject({ isNew: false, request: { id: request.id } });
    }
    const done = await answers(request.id, BOB);
    const both = "bob (Slack U0BOB), asked by alice (Slack U0ALICE)";
    expect(await find(done.deployment ?? "")).toMatchObject({ trigger: "rollback", adopt: true, askedBy: both });
    expect([slackUserIn(both), (await site())?.paused?.by]).toEqual(["U0ALICE", both]);
    // One message, edited by the answer.
    expect(await asked()).toMatchObject([
      {
        ...{ about: "second_person", request: request.id, site: "shop", by: ALICE, reason: "it is broken" },
        ...{ what: "roll back from 2222222 to 1111111, replacing files of others", expiresAtMs: NOW + 30 * MINUTE },
        answer: { kind: "approved", by: BOB },
      },
    ]);
    expect(await state(request.id)).toBe("approved");
    await expect(answers(request.id, "carol (Slack U0CAROL)")).rejects.toThrow(`is approved already, by ${BOB}`);
  });

  test("is not agreed to by whoever asked, however they call themselves, or on GitHub", async () => {
    const { wants, answers, state, list, deps } = await createWorld();
    const { request } = await wants();
    const people = { U0ALICE: { github: "Alice-H", authors: [] } };
    Object.assign(deps, { config: { ...deps.config, people } });
    for (const by of [ALICE, "Bob (Slack U0BOB), or so (Slack U0ALICE)", "Slack U0ALICE", "alice-h (GitHub)"]) {
      await expect(answers(request.id, by), by).rejects.toThrow("asked for that; somebody else has to agree");
    }
    expect([await state(request.id), await list()]).toEqual(["open", []]);
    // But taken back.
    expect((await answers(request.id, ALICE, { approves: false })).says).toMatch(/is declined$/);
    expect([await state(request.id), await list()]).toEqual(["declined", []]);
  });

  test("is not agreed to by another account of whoever asked, nor where nobody knows whose account it is", async () => {
    const { wants, answers, state, deps } = await createWorld();
    const people = { U0ALICE: { github: "Alice-H", authors: [] }, U0ALICE2: { github: "alice-h", authors: [] } };
    Object.assign(deps, { config: { ...deps.config, people } });
    const { request } = await wants();
    await expect(answers(request.id, "al (Slack U0ALICE2)")).rejects.toThrow("somebody else has to agree");
    const onGithub = await wants(rollback, { by: "carol (GitHub)", cause: "check run 1" });
    await expect(answers(onGithub.request.id, BOB)).rejects.toThrow("people.U0BOB.github says so");
    expect([await state(request.id), await state(onGithub.request.id)]).toEqual(["open", "open"]);
    expect(await answers(onGithub.request.id, ALICE)).toMatchObject({ request: { state: "approved" } });
  });

  test("ends after half an hour, in the channel too", async () => {
    const { wants, answers, expire, asked, list } = await createWorld();
    const { request } = await wants();
    await expect(answers(request.id, BOB, { nowMs: NOW + 30 * MINUTE })).rejects.toThrow("nobody agreed to r-");
    expect(await expire(NOW + 30 * MINUTE - 1)).toEqual([]);
    expect(await expire(NOW + 30 * MINUTE)).toEqual([
      `${request.id} on shop has expired: nobody agreed to roll back from 2222222 to 1111111, replacing files of others`,
    ]);
    expect(await asked()).toMatchObject([{ answer: { kind: "expired", by: null } }]);
    await expect(answers(request.id, BOB)).rejects.toThrow("in time; ask for it once more");
    expect(await list()).toEqual([]);
    await expect(answers("r-none", BOB)).rejects.toThrow("there is no request r-none");
  });

  test("is what was shown: when the site has moved on, agreeing is refused and nothing is written", async () => {
    const { wants, answers, goLive, state, list } = await createWorld();
    const { request } = await wants();
    await goLive("shop", { "index.html": "c" }, "3".repeat(40));
    await expect(answers(request.id, BOB)).rejects.toThrow("3333333 (release ");
    expect([await state(request.id), await list()]).toEqual(["open", []]);
  });

  test("is refused at once where it could not be done, or nobody could be asked", async () => {
    const { wants, asked, deps } = await createWorld();
    await expect(wants({ kind: "unlock" })).rejects.toThrow("shop is not locked");
    await expect(wants({ ...rollback, target: { kind: "hex", start: "2222" } })).rejects.toThrow("is live on shop");
    Object.assign(deps, { telling: { ...deps.telling, hasSlack: false } });
    await expect(wants()).rejects.toThrow("sites.shop.channel: this needs a second person");
    expect(await asked()).toEqual([]);
  });

  test("may be an unlock, which ends the lock", async () => {
    const { wants, answers, operate, site } = await createWorld();
    await operate({ kind: "lock", reason: null, untilMs: null });
    const { request } = await wants({ kind: "unlock" });
    expect(request.what).toBe("unlock");
    expect((await answers(request.id, BOB)).says).toBe("shop is no longer locked");
    expect((await site())?.locked).toBeNull();
  });
});
