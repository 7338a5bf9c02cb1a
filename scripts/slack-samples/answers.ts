/** Pictures of every answer to one person, and of the dialog. */
import { COMMANDS } from "../../src/commands/words/command-table.ts";
import type { Answer, ReleaseChoice, RollbackModal, SiteStatus } from "../../src/model/answer.ts";
import type { Verb } from "../../src/model/command.ts";
import { wordAnswer } from "../../src/notify/wording/slack/answer-wording.ts";
import { wordModal } from "../../src/notify/wording/slack/modal-wording.ts";
import { ADDRESSES, deployment, FAILED, LIVE, LOG, MIN_MS, NOW_MS, RELEASE, RUNS, type Sample } from "./data.ts";

const TITLES = [
  "Show prices with tax",
  "Fix the footer on phones",
  "Add the winter sale",
  "Update packages",
  "Speed up images",
];
const RELEASES: readonly ReleaseChoice[] = Array.from({ length: 12 }, (_, n) => ({
  id: `${(0x9f8e7d6c - n * 77_777_777).toString(16)}5b4a39281706`,
  commit: `${(0xa1b2c3d4 - n * 12_345_678).toString(16)}e5f60718`,
  title: TITLES[n % TITLES.length] ?? "",
  author: n % 2 ? "Bob Okafor" : "Alice Moreau",
  createdAtMs: NOW_MS - n * 26 * 60 * MIN_MS,
  isLive: n === 0,
}));

const FREE = { githubPause: null, paused: null, locked: null };
function site(name: string, part: Partial<SiteStatus> = {}): SiteStatus {
  return {
    ...{ name, url: `https://${name}.example.com`, liveCommit: "a1b2c3d4e5f6", liveRelease: RELEASE, holds: FREE },
    ...{ latest: deployment({ site: name, ...LIVE }), waiting: [] },
    ...part,
  };
}
const HOLD = { by: "bob (Slack U0BOB)", reason: "the winter sale is on", atMs: NOW_MS - 90 * MIN_MS };
const SITES = [
  site("shop", {
    latest: deployment({
      state: "building",
      stage: "install",
      commit: "b2c3d4e5",
      title: "Add the winter sale",
      ...RUNS,
    }),
    waiting: [deployment({ id: "d-mkx2zz00-9c1b", commit: "c3d4e5f6" })],
  }),
  site("docs"),
  site("blog", {
    latest: deployment({ site: "blog", ...FAILED }),
    holds: { ...FREE, paused: { ...HOLD, untilMs: NOW_MS + 180 * MIN_MS } },
  }),
  site("intranet", { url: null, liveCommit: null, liveRelease: null, latest: null, holds: { ...FREE, locked: HOLD } }),
];
const HEALTH = { waiting: 0, dead: 0, untold: 0 };

const answer = (one: Answer) => wordAnswer(one, COMMANDS);
const MODAL: RollbackModal = {
  modal: "rollback",
  site: "shop",
  from: RELEASES[0] ?? null,
  choices: RELEASES.slice(1),
  chosen: RELEASES[1]?.id ?? "",
  reason: "the new prices are wrong",
  hold: null,
  waiting: 0,
  needsSecondPerson: false,
  reply: { channel: "C0SHOP", user: "U0ALICE", responseUrl: null, thread: null, isDirect: false },
};

/** The pictures. */
export function answerSamples(): Sample[] {
  return [
    {
      name: "answer-status",
      ephemerals: [
        answer({ kind: "status", nowMs: NOW_MS, sites: SITES, health: HEALTH }),
        answer({ kind: "status", nowMs: NOW_MS, sites: [site("docs")], health: { waiting: 3, dead: 1, untold: 2 } }),
      ],
    },
    {
      name: "answer-status-of-many-sites",
      ephemerals: [
        answer({
          ...{ kind: "status", nowMs: NOW_MS, health: HEALTH },
          sites: [...Array.from({ length: 60 }, (_, n) => site(`site-${n + 1}`)), ...SITES],
        }),
      ],
    },
    {
      name: "answer-releases-and-diff",
      ephemerals: [
        answer({ kind: "releases", site: "shop", releases: RELEASES }),
        answer({
          ...{ kind: "diff", site: "shop", added: 1, changed: 30, removed: 1 },
          from: { id: RELEASE, commit: "a1b2c3d4e5" },
          to: { id: "9f8e7d6c5b4a3928", commit: "9f8e7d6c5b" },
          paths: ["+ prices/canada/index.html", "~ index.html", "~ css/site.css", "- prices/old.html"],
        }),
      ],
    },
    {
      name: "answer-logs",
      ephemerals: [answer({ kind: "logs", deployment: deployment(FAILED), lines: LOG, logUrl: ADDRESSES.logUrl })],
    },
    {
      name: "answer-help",
      ephemerals: [
        answer({ kind: "help", about: null, sites: ["shop", "docs", "blog"] }),
        answer({ kind: "help", about: "rollback" satisfies Verb, sites: [] }),
      ],
    },
    {
      name: "answer-people",
      ephemerals: [
        answer({
          kind: "whoami",
          who: "alice (Slack U0ALICE)",
          lines: [
            "shop: operator, by the group of sites.shop.operators",
            "docs: viewer",
            "GitHub: alice-m, may write to acme/shop",
          ],
        }),
        answer({
          kind: "audit",
          entries: (["done", "asked", "denied", "refused"] as const).map((result, n) => ({
            ...{
              atMs: NOW_MS - n * 40 * MIN_MS,
              who: n % 2 ? "eve (Slack U0EVE)" : "alice (Slack U0ALICE)",
              where: "C0SHOP",
            },
            ...{ verb: "rollback", site: "shop", what: "rollback from a1b2c3d to 9f8e7d6", rule: "role", result },
            outcome: {
              done: "queued",
              asked: "bob was asked",
              denied: "operators only",
              refused: "another one is live by now",
            }[result],
            deployment: result === "done" ? "d-mkx2zz00-9c1b" : null,
          })),
        }),
      ],
    },
    {
      name: "answer-questions-and-texts",
      ephemerals: [
        answer({ kind: "choose_site", verb: "rollback", sites: ["shop", "docs", "blog", "intranet"] }),
        answer({
          kind: "offer_rollback",
          site: "shop",
          release: "9f8e7d6c5b4a3928",
          text: "Words alone open no dialog. This button does:",
        }),
        answer({
          kind: "text",
          text: "Only operators may roll back shop: ask U0BOB or S0OPS, or use `/deploy status shop`.",
        }),
        answer({ kind: "text", text: "Did you mean `rollback`? `help` lists all there is." }),
      ],
    },
    {
      name: "dialog-of-a-rollback",
      modals: [
        wordModal(MODAL),
        wordModal({ ...MODAL, hold: "locked by bob: the winter sale is on", waiting: 2, needsSecondPerson: true }),
        wordModal({ ...MODAL, choices: [], from: null }),
      ],
    },
  ];
}
