/** Who may answer a deployment's question in Slack, where, and until when. */
import { describe, expect, it } from "vitest";
import { type ConsentClick, type ConsentFacts, handleConsent } from "../../src/handlers/consent.ts";
import type { Deployment } from "../../src/model/deployment.ts";
import { aDeployment } from "../notify/deployment.ts";
import { ALICE, asking, audited, member, REPLY, rules, told } from "./asking.ts";

const PEOPLE = { [ALICE]: { github: "Alice-H" } };
const HOLDS = { githubPause: null, paused: null, locked: null };
const SHOP = { rules: rules({ operators: [], deployers: [ALICE] }), branch: "release", holds: HOLDS };
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
  return { ...asking(), deployment, newest: deployment, site: SHOP, isBuilt: false, people: {}, ...part };
}

function click(part: Partial<ConsentClick> = {}): ConsentClick {
  return {
    type: "click",
    click: "adopt",
    value: "d-1",
    actor: { slackUser: ALICE, name: "alice", team: "T0TEAM", channel: "C0SHOP" },
    reply: REPLY,
    triggerId: "1.2.3",
    askedAtMs: 1000,
    cause: "slack 1.2.3",
    ...part,
  };
}

/** What the person is told, where nothing else happens. */
function refusal(event: ConsentClick, given: ConsentFacts): string {
  const effects = handleConsent(event, given);
  expect(effects.map((it) => it.do)).toEqual(["answer", "audit"]);
  expect(audited(effects)).not.toContain("done by operators: U0ALICE");
  return told(effects);
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
        to: REPLY,
        site: "shop",
        answer: {
          kind: "text",
          text: "Thank you. shop is published again, and this time it replaces 12 files of others; a message of its own follows.",
        },
      },
      expect.objectContaining({ do: "audit", entry: expect.objectContaining({ verb: "adopt", result: "done" }) }),
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
    const text = refusal(click(), facts({ site: { ...SHOP, rules: rules({ operators: [], deployers: [] }) } }));
    expect(text).toContain("sites.shop.deployers");
  });

  it.each(["U0EVE", "U0ALIC", "U0ALICEX", "W0ALICE"])("such as %s may", (user) => {
    expect(refusal(click(), facts({ person: member(user) }))).toContain("sites.shop.deployers");
  });

  it("but those of a group that is named", () => {
    const site = { ...SHOP, rules: rules({ operators: [], deployers: ["S0DEVTEAM"] }) };
    const person = member("U0EVE", { groups: ["S0DEVTEAM"], groupsAgeMs: 1000 });
    expect(handleConsent(click(), facts({ site, person }))).toMatchObject([{ do: "deploy" }, {}, {}]);
  });

  it("may from another channel", () => {
    const conversation = { id: "C0OTHER", name: "other", kind: "channel", isShared: false } as const;
    expect(refusal(click(), facts({ person: member(ALICE, { conversation }) }))).toContain("C0SHOP");
  });

  it("learns what happened since from another's place", () => {
    const newest = aDeployment({ id: "d-2", state: "live" });
    expect(refusal(click(), facts({ newest, person: member("U0EVE") }))).not.toContain("d-2");
  });

  it("agrees alone to their own deployment where two people are needed, nor does who is no operator", () => {
    const site = { ...SHOP, rules: rules({ secondPerson: true, operators: [ALICE, "U0BOB"] }) };
    const alice = { ...member(ALICE), github: { login: "Alice-H", canWrite: null } };
    for (const askedBy of [
      "alice (Slack U0ALICE)",
      "bob (Slack U0BOB), asked by Slack U0ALICE",
      "alice-h (GitHub)",
      "bob (Slack U0BOB), asked by alice-h (GitHub)",
    ]) {
      const deployment = asked({ askedBy });
      const given = facts({ site, deployment, newest: deployment, person: alice, people: PEOPLE });
      expect(refusal(click(), given), askedBy).toContain("needs two people");
      expect(refusal(click(), { ...given, person: member("U0DAN") })).toContain("sites.shop.operators");
      expect(handleConsent(click(), { ...given, person: member("U0BOB") })).toMatchObject([{ do: "deploy" }, {}, {}]);
    }
  });
});

describe("where two people are needed", () => {
  const site = { ...SHOP, rules: rules({ secondPerson: true, operators: [ALICE, "U0ALICE2", "U0BOB"] }) };
  const agreed = (askedBy: string, user: string) => {
    const deployment = asked({ askedBy });
    const actor = { slackUser: user, name: "al", team: "T0TEAM", channel: "C0SHOP" };
    const people = { ...PEOPLE, U0ALICE2: { github: "alice-h" } };
    return [click({ actor }), facts({ site, deployment, newest: deployment, person: member(user), people })] as const;
  };

  it("another account of whoever asked is nobody else", () => {
    expect(refusal(...agreed("alice (Slack U0ALICE)", "U0ALICE2"))).toContain("needs two people");
  });

  it("who asked on GitHub may be whoever agrees, as long as nothing says who that is", () => {
    expect(refusal(...agreed("carol (GitHub)", "U0BOB"))).toContain("people.U0BOB.github");
    expect(handleConsent(...agreed("carol (GitHub)", ALICE))).toMatchObject([{ do: "deploy" }, {}, {}]);
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
    expect(refusal(click(), facts({ site: locked }))).toBe("shop is locked by bob: the sale is on; unlock ends that.");
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
    const nothing = { deployment: null, newest: null, site: null, isBuilt: false };
    expect(refusal(click(), facts(nothing))).toBe("Slipway knows no deployment d-1.");
  });
});
