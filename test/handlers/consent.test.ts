/** Who may answer a deployment's question in Slack, where, and until when. */
import { describe, expect, it } from "vitest";
import { type ConsentClick, type ConsentFacts, handleConsent } from "../../src/handlers/consent.ts";
import type { Deployment } from "../../src/model/deployment.ts";
import type { Effect } from "../../src/model/effect.ts";
import { aDeployment } from "../notify/deployment.ts";

const ALICE = "U0ALICE";
const HOLDS = { githubPause: null, paused: null, locked: null };
const SHOP = { name: "shop", branch: "release", holds: HOLDS, deployers: [ALICE] };
const asked = (part: Partial<Deployment> = {}) =>
  aDeployment({
    id: "d-1",
    state: "failed",
    stage: "publish",
    consent: { needs: "adopt", files: 12, paths: ["index.html"], answer: null },
    ...part,
  });

function facts(part: Partial<ConsentFacts> = {}): ConsentFacts {
  const deployment = asked();
  return { deployment, newest: deployment, site: SHOP, channel: "C0SHOP", isBuilt: false, ...part };
}

function click(part: Partial<ConsentClick> = {}, actor: Partial<ConsentClick["actor"]> = {}): ConsentClick {
  const who = { slackUser: ALICE, name: "alice", team: "T1", channel: "C0SHOP", ...actor };
  return {
    type: "click",
    click: "adopt",
    value: "d-1",
    actor: who,
    reply: { channel: who.channel, user: who.slackUser, responseUrl: null, thread: null, isDirect: false },
    triggerId: null,
    askedAtMs: 0,
    cause: "slack 1.2.3",
    ...part,
  };
}

/** What the person is told, where nothing else happens. */
function refusal(event: ConsentClick, given: ConsentFacts): string {
  const effects = handleConsent(event, given);
  expect(effects).toMatchObject([{ do: "answer", to: event.reply, answer: { kind: "text" } }]);
  const [effect] = effects as Array<Extract<Effect, { do: "answer" }>>;
  return effect?.answer.kind === "text" ? effect.answer.text : "";
}

describe("a deployer who agrees", () => {
  it("gets the head of the branch deployed, with their consent, and is told so", () => {
    expect(handleConsent(click(), facts())).toEqual([
      {
        do: "deploy",
        site: "shop",
        trigger: "command",
        cause: "slack 1.2.3",
        repoId: 1,
        repoName: "acme/shop",
        installationId: 100,
        branch: "release",
        commit: "",
        author: "",
        title: "",
        askedRelease: null,
        askedCommit: null,
        cleanCaches: false,
        adopt: true,
        allowRemovals: false,
        askedBy: "alice (Slack U0ALICE)",
      },
      {
        do: "answer",
        to: click().reply,
        site: "shop",
        answer: {
          kind: "text",
          text: "Thank you. shop is published again, and this time it replaces 12 files of others; a message of its own follows.",
        },
      },
    ]);
  });

  it("gets the release that was built, where it is still there, whatever the head of the branch is by now", () => {
    const deployment = asked({ commit: "c0ffee", title: "As they saw it", author: "Ada" });
    const [deploy] = handleConsent(click(), facts({ deployment, newest: deployment, isBuilt: true }));
    expect(deploy).toMatchObject({
      ...{ trigger: "command", goesOnWith: "d-1", adopt: true, askedCommit: null },
      ...{ commit: "c0ffee", title: "As they saw it", author: "Ada" },
    });
  });

  it("agrees to removals only where it is removals that were asked for", () => {
    const deployment = asked({ consent: { needs: "allowRemovals", files: 1, paths: ["a"], answer: null } });
    const given = facts({ deployment, newest: deployment });
    const [deploy, answer] = handleConsent(click({ click: "allowRemovals" }), given);
    expect(deploy).toMatchObject({ do: "deploy", adopt: false, allowRemovals: true });
    expect(answer).toMatchObject({ answer: { text: expect.stringContaining("removes 1 file;") } });
    expect(refusal(click({ click: "adopt" }), given)).toBe("d-1 does not ask for that: it has failed.");
  });

  it("keeps what was agreed to before, so that two questions do not take turns for ever", () => {
    const needed = { needs: "allowRemovals", files: 3, paths: [], answer: null } as const;
    const deployment = asked({ adopt: true, consent: needed });
    const [deploy] = handleConsent(click({ click: "allowRemovals" }), facts({ deployment, newest: deployment }));
    expect(deploy).toMatchObject({ adopt: true, allowRemovals: true });
  });

  it("of a rollback gets the rollback, even on a paused site", () => {
    const deployment = asked({ trigger: "rollback", askedRelease: "9a8b7c", title: "Before the sale" });
    const site = { ...SHOP, holds: { ...HOLDS, githubPause: "the GitHub App is suspended" } };
    const [deploy] = handleConsent(click(), facts({ deployment, newest: deployment, site }));
    const { commit, author } = deployment;
    expect(deploy).toMatchObject({
      trigger: "rollback",
      askedRelease: "9a8b7c",
      title: "Before the sale",
      commit,
      author,
    });
  });
});

describe("nobody else", () => {
  it("may, where no deployers are named, and is told which key to set", () => {
    const text = refusal(click(), facts({ site: { ...SHOP, deployers: [] } }));
    expect(text).toMatch(/^Nobody may deploy shop from Slack yet\. .* add U0ALICE to sites\.shop\.deployers/);
  });

  it.each([["U0EVE"], ["U0ALIC"], ["U0ALICEX"], ["u0alice"], ["W0ALICE"], ["alice"]])("such as %s may", (slackUser) => {
    expect(refusal(click({}, { slackUser, name: "alice" }), facts())).toMatch(
      /^You are not among those who may deploy shop\./,
    );
  });

  it("may by being in a group, and is told that groups are not looked up", () => {
    const site = { ...SHOP, deployers: ["S0DEVTEAM", "<@U0ALICE>", "alice"] };
    expect(refusal(click(), facts({ site }))).toContain("groups (S…) and names are not looked up");
    expect(refusal(click({}, { slackUser: "S0DEVTEAM" }), facts({ site: SHOP }))).toContain("not among those");
  });

  it("may from another channel, or where no message is known to stand", () => {
    expect(refusal(click({}, { channel: "C0OTHER" }), facts())).toContain("only on the message about shop");
    expect(refusal(click(), facts({ channel: null }))).toContain("only on the message about shop");
    expect(refusal(click({}, { channel: "" }), facts({ channel: null }))).toContain("only on the message about shop");
  });

  it("learns what happened since from another's place", () => {
    const newest = aDeployment({ id: "d-2", state: "live" });
    expect(refusal(click({}, { slackUser: "U0EVE" }), facts({ newest }))).not.toContain("d-2");
  });
});

describe("a click that comes too late", () => {
  const newer: Array<[Partial<Deployment>, string]> = [
    [
      { state: "queued", askedBy: "bob (Slack U0BOB)" },
      "d-2, which bob (Slack U0BOB) asked for, is newer, and is queued.",
    ],
    [{ state: "live" }, "d-2 is newer, and is live."],
    [{ state: "publishing" }, "d-2 is newer, and is publishing."],
    [{ state: "failed" }, "d-2 is newer, and has failed."],
    [{ state: "skipped" }, "d-2 is newer, and was skipped."],
  ];
  it.each(newer)("changes nothing: %o", (part, told) => {
    const newest = aDeployment({ id: "d-2", ...part });
    expect(refusal(click(), facts({ newest }))).toBe(`This was overtaken: ${told}`);
  });

  it.each(["queued", "building", "publishing", "live", "cancelled", "superseded", "skipped"] as const)(
    "on a deployment that is %s changes nothing",
    (state) => {
      const deployment = asked({ state });
      expect(refusal(click(), facts({ deployment, newest: deployment }))).toContain("d-1 does not ask for that");
    },
  );

  it("on one that failed for another reason changes nothing", () => {
    const deployment = asked({ consent: null });
    expect(refusal(click(), facts({ deployment, newest: deployment }))).toContain("does not ask for that");
  });

  it("on a site that somebody locked is told who and why, on one that somebody paused it counts", () => {
    const hold = { by: "bob", reason: "the sale is on", atMs: 1 };
    const locked = { ...SHOP, holds: { ...HOLDS, locked: hold } };
    expect(refusal(click(), facts({ site: locked }))).toBe(
      "shop is locked by bob: the sale is on; `slipway unlock shop` ends that.",
    );
    const rollback = asked({ trigger: "rollback" });
    expect(refusal(click(), facts({ deployment: rollback, newest: rollback, site: locked }))).toContain("is locked");
    const [deploy] = handleConsent(click(), facts({ site: { ...SHOP, holds: { ...HOLDS, paused: hold } } }));
    expect(deploy).toMatchObject({ do: "deploy", trigger: "command" });
  });

  it("of a deployment of a named commit deploys that one again, of a rebuild rebuilds", () => {
    const deployment = asked({ askedCommit: "c0ffee", commit: "c0ffee", cleanCaches: true, title: "Old" });
    const [deploy] = handleConsent(click(), facts({ deployment, newest: deployment }));
    expect(deploy).toMatchObject({ askedCommit: "c0ffee", commit: "c0ffee", title: "Old", cleanCaches: true });
  });

  it("on a site without its GitHub App, on a site that is gone or on an unknown deployment says so", () => {
    const githubPause = "the GitHub App is suspended";
    expect(refusal(click(), facts({ site: { ...SHOP, holds: { ...HOLDS, githubPause } } }))).toBe(
      "shop is paused: the GitHub App is suspended.",
    );
    expect(refusal(click(), facts({ site: null }))).toBe("The site shop is no longer in slipway.yaml.");
    const nothing = { deployment: null, newest: null, site: null, channel: null, isBuilt: false };
    expect(refusal(click(), nothing)).toBe("Slipway knows no deployment d-1.");
  });
});
