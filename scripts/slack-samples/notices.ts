/** Pictures of every notice. */
import type { CiIncident } from "../../src/model/ci.ts";
import type { Notice } from "../../src/model/notice.ts";
import { wordNotice } from "../../src/notify/wording/slack/notice-wording.ts";
import { MIN_MS, message, NOW_MS, type Sample } from "./data.ts";

const notices = (...all: Notice[]) => all.map((one) => message(wordNotice(one)));

function incident(part: Partial<CiIncident> = {}): Notice {
  const run = {
    ...{ repoId: 1, repoName: "acme/shop", workflow: "CI", path: ".github/workflows/ci.yml", branch: "main", runId: 1 },
    ...{ runNumber: 512, attempt: 2, commit: "a1b2c3d4e5", title: "Show prices with tax", author: "Alice Moreau" },
    ...{ actorLogin: "alice-m", url: "https://github.com/acme/shop/actions/runs/1", conclusion: "failure" },
    verdict: "failed" as const,
  };
  return {
    about: "ci",
    setting: "ci.channel",
    incident: {
      ...{ repoName: "acme/shop", workflow: "CI", branch: "main", state: "broken", failures: 3 },
      ...{ sinceMs: NOW_MS - 72 * MIN_MS, mendedAtMs: null, run, firstCommit: "9f8e7d6c5b" },
      ...part,
    },
  };
}

const GROUPS = Array.from({ length: 22 }, (_, n) => ({
  title: n % 4 === 0 ? `ci.yml on main of acme/site-${n + 1}` : `site-${n + 1}`,
  count: 40 - n,
  state: n % 3 === 0 ? ("bad" as const) : ("good" as const),
  url: n % 2 === 0 ? "https://github.com/acme" : null,
}));

const REQUEST: Extract<Notice, { about: "second_person" }> = {
  ...{ about: "second_person", request: "r-mkx2k9x1-77aa", site: "shop", by: "alice (Slack U0ALICE)" },
  ...{ what: "roll back from a1b2c3d to 9f8e7d6", reason: "prices are wrong in Canada" },
  ...{ expiresAtMs: NOW_MS + 10 * MIN_MS, answer: null },
};

const DOUBTED = {
  ...{ id: 12, hasButtons: true, source: "shopify", event: "orders/paid" },
  deliveryKey: "9f8e7d6c-5b4a-4321-8765-0123456789ab",
};

/** The pictures. */
export function noticeSamples(): Sample[] {
  return [
    {
      name: "notice-ci",
      messages: notices(incident(), incident({ state: "mended", mendedAtMs: NOW_MS })),
    },
    {
      name: "notice-digest-and-summary",
      messages: notices(
        {
          about: "digest",
          setting: "channel",
          digest: { sinceMs: NOW_MS - 5 * MIN_MS, endedAtMs: null, groups: GROUPS },
        },
        {
          about: "summary",
          setting: "channel",
          summary: {
            fromMs: NOW_MS - 1440 * MIN_MS,
            toMs: NOW_MS,
            sites: [
              { site: "shop", live: 12, failed: 2, other: 3, medianMs: 48_000, hold: null },
              { site: "docs", live: 4, failed: 0, other: 0, medianMs: 21_000, hold: null },
              {
                site: "blog",
                live: 0,
                failed: 0,
                other: 1,
                medianMs: null,
                hold: "paused by bob: the winter sale is on",
              },
            ],
            broken: ["ci.yml on main of acme/shop"],
          },
        },
      ),
    },
    {
      name: "notice-second-person",
      messages: notices(
        REQUEST,
        { ...REQUEST, answer: { kind: "approved", by: "bob (Slack U0BOB)" } },
        { ...REQUEST, answer: { kind: "declined", by: "bob (Slack U0BOB)" } },
        { ...REQUEST, answer: { kind: "expired", by: null } },
      ),
    },
    {
      name: "notice-others",
      messages: notices(
        { about: "installed", account: "acme", repoNames: ["acme/shop", "acme/docs"] },
        {
          about: "site_paused",
          site: "shop",
          reason: "rolled back by alice (Slack U0ALICE): prices are wrong in Canada",
        },
        { about: "site_resumed", site: "shop", reason: "by alice (Slack U0ALICE)" },
        { about: "site_locked", site: "shop", reason: "by bob (Slack U0BOB): the winter sale is on" },
        { about: "site_unlocked", site: "shop", reason: "by bob (Slack U0BOB)" },
        { about: "dead", source: "github", event: "push", deliveryKey: "push:1234", reason: "tried 12 times" },
      ),
    },
    {
      name: "notice-deliveries",
      messages: notices(
        { ...DOUBTED, about: "held", reason: "its bytes came before under another id" },
        { ...DOUBTED, about: "conflict", reason: "another delivery has this id, with other bytes" },
        { about: "webhook", host: "hooks.example.com", dead: 3, reason: "hooks.example.com answered 404" },
      ),
    },
  ];
}
