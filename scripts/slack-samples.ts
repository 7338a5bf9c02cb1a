/** What the pictures of Slack show: every state of a deployment, every answer, every notice, with made-up names. */
import type { InspectedMessage } from "../src/demo/slack-inspector.ts";
import type { InspectedView } from "../src/demo/slack-modal-picture.ts";
import type { Answer, ReleaseChoice, RollbackModal, SiteStatus } from "../src/model/answer.ts";
import type { CiIncident } from "../src/model/ci.ts";
import type { Verb } from "../src/model/command.ts";
import type { Deployment, DeploymentStats } from "../src/model/deployment.ts";
import type { Notice } from "../src/model/notice.ts";
import { wordAnswer } from "../src/notify/answer-wording.ts";
import { wordDeployment } from "../src/notify/deployment-wording.ts";
import type { CommandTable } from "../src/notify/help-wording.ts";
import { wordModal } from "../src/notify/modal-wording.ts";
import { wordNotice } from "../src/notify/notice-wording.ts";
import { wordThreadReply } from "../src/notify/thread-wording.ts";

type Told = { readonly text: string; readonly blocks: readonly unknown[] };
/** One picture: a channel with these messages, or what one person sees. */
export type Sample = {
  readonly name: string;
  readonly messages?: readonly InspectedMessage[];
  readonly ephemerals?: readonly Told[];
  readonly modals?: readonly InspectedView[];
};

const NOW_MS = Date.UTC(2026, 0, 31, 14, 2);
const MIN_MS = 60_000;
const STATS: DeploymentStats = {
  ...{ added: 3, changed: 11, removed: 1, unchanged: 1205 },
  ...{ uploadedBytes: 418_000, files: 1219, bytes: 48_300_000 },
};
const RELEASE = "9f8e7d6c5b4a39281706f5e4d3c2b1a09f8e7d6c5b4a39281706f5e4d3c2b1a0";

function deployment(part: Partial<Deployment>): Deployment {
  return {
    ...{ id: "d-mkx2k9x1-4f7a", site: "shop", state: "queued", stage: null, trigger: "push", cause: "push:1" },
    ...{ repoId: 1, repoName: "acme/shop", installationId: 1, branch: "main", author: "Alice Moreau" },
    ...{ commit: "a1b2c3d4e5f60718293a4b5c6d7e8f9001122334", title: "Show prices with tax & shipping <net>" },
    ...{ askedRelease: null, runId: null, askedCommit: null, force: false, cleanCaches: false, content: null },
    ...{ adopt: false, allowRemovals: false, askedBy: null, consent: null, releaseId: null, stats: null, reason: null },
    ...{ supersededBy: null, remarks: [], attempts: 1, isInterrupted: false, notBeforeMs: 0 },
    ...{ createdAtMs: NOW_MS - 4 * MIN_MS, startedAtMs: null, finishedAtMs: null },
    ...part,
  };
}

const RUNS = { startedAtMs: NOW_MS - 4 * MIN_MS + 1000 };
const ENDED = { startedAtMs: NOW_MS - 4 * MIN_MS + 12_000, finishedAtMs: NOW_MS - 3 * MIN_MS };
const LIVE: Partial<Deployment> = { state: "live", stage: "confirm", stats: STATS, releaseId: RELEASE, ...ENDED };
const FAILED: Partial<Deployment> = {
  ...{ state: "failed", stage: "build", reason: "`npm run build` ended with 1: src/app/price.ts is not valid" },
  ...ENDED,
};
const ASKED: Partial<Deployment> = { trigger: "command", askedBy: "alice (Slack U0ALICE)" };
const ADDRESSES = {
  siteUrl: "https://shop.example.com",
  logUrl: "https://deploy.example.com/deployments/d-mkx2k9x1-4f7a/log?key=x",
};

let clock = NOW_MS / 1000;
function message(told: Told, part: Partial<InspectedMessage> = {}): InspectedMessage {
  clock += 1;
  return { ts: clock.toFixed(6), user: "U0SLIPWAY", ...told, ...part };
}

function deployments(
  parts: ReadonlyArray<Partial<Deployment>>,
  options: { hasButtons?: boolean; hasPlans?: boolean } = {},
) {
  const { hasButtons = true, hasPlans = true } = options;
  return parts.map((part) =>
    message(wordDeployment({ deployment: deployment(part), ...ADDRESSES, hasButtons }, { hasPlans })),
  );
}

const LOG = Array.from(
  { length: 60 },
  (_, n) => `[${String(n + 1).padStart(2, "0")}] built page /prices/${n + 1} in 12 ms`,
)
  .concat([
    "✘ [ERROR] TS2322: Type 'string' is not assignable to type 'number'.",
    "",
    "    src/app/price.ts:12:6:",
    "      12 │   const net: number = '12.50';",
    "         ╵         ~~~",
    "npm error Lifecycle script `build` failed with error code 1",
  ])
  .join("\n");

function failureWithThread(): InspectedMessage[] {
  const failed = deployment(FAILED);
  const parent = message(wordDeployment({ deployment: failed, ...ADDRESSES, hasButtons: true }));
  const reply = (told: Told, part: Partial<InspectedMessage> = {}) => message(told, { thread_ts: parent.ts, ...part });
  const failure = wordThreadReply({
    ...{ kind: "failure", deployment: failed, lines: LOG, logUrl: ADDRESSES.logUrl, mention: "U0ALICE" },
  });
  const fixed = wordThreadReply({
    ...{ kind: "fixed", site: "shop", deployment: "d-mkx2zz00-9c1b", commit: "b2c3d4e5f6", afterMs: 14 * MIN_MS },
  });
  return [parent, reply(failure, { isBroadcast: true }), reply(fixed)];
}

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

const COMMANDS: CommandTable = {
  status: { usage: "status [SITE]", does: "what is live, what runs, what holds it" },
  deploy: { usage: "deploy [SITE] [COMMIT]", does: "builds the head of the branch, or a commit, and publishes it" },
  redeploy: {
    usage: "redeploy [SITE] [RELEASE]",
    does: "publishes the live release, or a kept one, again without building",
  },
  rebuild: { usage: "rebuild [SITE]", does: "builds without caches and publishes" },
  rollback: {
    usage: "rollback [SITE] [RELEASE | previous | -2]",
    does: "publishes an earlier release and pauses the site",
  },
  cancel: { usage: "cancel [SITE | DEPLOYMENT]", does: "stops what runs or waits" },
  lock: { usage: 'lock [SITE] --reason "…" --for 2h', does: "nothing is deployed until it is unlocked" },
  unlock: { usage: "unlock [SITE]", does: "ends that" },
  pause: { usage: "pause [SITE]", does: "pushes wait; whoever asks by name still deploys" },
  resume: { usage: "resume [SITE]", does: "deploys what waited" },
  logs: { usage: "logs [SITE | DEPLOYMENT]", does: "the end of the log" },
  releases: { usage: "releases [SITE]", does: "the kept releases" },
  diff: { usage: "diff [SITE] RELEASE [RELEASE]", does: "how two releases differ" },
  audit: { usage: "audit [SITE]", does: "who asked for what" },
  help: { usage: "help [COMMAND]", does: "this" },
  whoami: { usage: "whoami", does: "what you may do, and why" },
};

const answer = (one: Answer) => wordAnswer(one, COMMANDS);
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

const MODAL: RollbackModal = {
  modal: "rollback",
  site: "shop",
  from: RELEASES[0] ?? null,
  choices: RELEASES.slice(1),
  chosen: RELEASES[1]?.id ?? "",
  hold: null,
  waiting: 0,
  needsSecondPerson: false,
  reply: { channel: "C0SHOP", user: "U0ALICE", responseUrl: null, thread: null, isDirect: false },
};

const adopt = {
  ...{
    needs: "adopt" as const,
    files: 12,
    paths: ["index.html", "css/site.css", "img/logo.png", "robots.txt", "a/b.txt"],
  },
  answer: null,
};

/** All pictures. */
export function slackSamples(): Sample[] {
  return [
    {
      name: "deployment-before-it-runs",
      messages: deployments([
        {},
        { state: "held", reason: "paused by bob: the winter sale is on; `slipway resume shop` deploys it" },
        {
          state: "queued",
          stage: "publish",
          isInterrupted: true,
          reason: "interrupted: Slipway was restarted; it goes on with the release that was built before",
        },
        { ...ASKED, cleanCaches: true },
      ]),
    },
    {
      name: "deployment-running",
      messages: deployments([
        { state: "building", stage: "build", ...RUNS },
        { state: "publishing", stage: "publish", ...RUNS },
        { ...ASKED, state: "publishing", stage: "confirm", trigger: "rollback", ...RUNS },
      ]),
    },
    {
      name: "deployment-live",
      messages: deployments([
        LIVE,
        { ...LIVE, ...ASKED, trigger: "rollback", title: "Fix the footer on phones", commit: "9f8e7d6c5b" },
        {
          ...LIVE,
          ...ASKED,
          trigger: "redeploy",
          remarks: ["GitHub could not be told that it is live: the App is suspended"],
        },
      ]),
    },
    {
      name: "deployment-failed",
      messages: deployments([
        FAILED,
        { ...FAILED, stage: "publish", isInterrupted: true, reason: "interrupted 3 times, so it was given up" },
      ]),
    },
    {
      name: "deployment-asks-for-consent",
      messages: deployments([
        { ...FAILED, stage: "publish", consent: adopt },
        { ...FAILED, stage: "publish", consent: { ...adopt, needs: "allowRemovals", files: 700 } },
        {
          ...FAILED,
          stage: "publish",
          consent: { ...adopt, answer: { deployment: "d-mkx2zz00-9c1b", by: "alice (Slack U0ALICE)" } },
        },
      ]),
    },
    {
      name: "deployment-ended-otherwise",
      messages: deployments([
        { state: "cancelled", stage: "build", reason: "cancelled by alice (Slack U0ALICE) during build", ...ENDED },
        {
          state: "superseded",
          reason: "superseded by d-mkx2zz00-9c1b; `slipway deploy shop --commit a1b2c3d` deploys it anyway",
        },
        { state: "skipped", reason: "the commit message says [skip ci]; `slipway deploy shop` deploys it anyway" },
      ]),
    },
    {
      name: "deployment-without-buttons-and-plans",
      messages: deployments([{ state: "building", stage: "build", ...RUNS }, LIVE, FAILED], {
        hasButtons: false,
        hasPlans: false,
      }),
    },
    { name: "thread-of-a-failure", messages: failureWithThread() },
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
        answer({ kind: "offer_rollback", site: "shop", text: "Words alone open no dialog. This button does:" }),
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
        { about: "site_resumed", site: "shop", reason: "alice (Slack U0ALICE)" },
        { about: "site_locked", site: "shop", reason: "by bob: the winter sale is on" },
        { about: "site_unlocked", site: "shop", reason: "by bob" },
        { about: "dead", source: "github", event: "push", deliveryKey: "push:1234", reason: "tried 12 times" },
      ),
    },
  ];
}
