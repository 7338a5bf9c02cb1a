/**
 * The tables, as Kysely sees them; one shape for SQLite and Postgres. Times are milliseconds since 1970, truth values
 * are 0 and 1, JSON is text. A claim is the pair `claimed_by` (the boot that works on the row) and `claimed_until`.
 */
import type { Generated } from "kysely";

type Claim = { claimed_by: Generated<string | null>; claimed_until: Generated<number | null> };

export type DeliveryTable = Claim & {
  id: Generated<number>;
  source: string;
  key: string;
  event: string;
  digest: string;
  body: Buffer;
  state: Generated<string>;
  verdict: Generated<string>;
  attempts: Generated<number>;
  not_before: Generated<number>;
  outcome: Generated<string>;
  received_at: number;
  finished_at: number | null;
  /** `DeliveryRequest` as JSON. */
  request: string | null;
  matched: string | null;
  seen: Generated<number>;
  released_by: string | null;
};

/** Alerts of monitoring: one row from the first report until it is over, and through what comes back soon after. */
type AlertTable = {
  id: Generated<number>;
  source: string;
  fingerprint: string;
  label: string;
  /** "firing", "resolved", or "unheard": its end was reported, and never its beginning. */
  state: string;
  channel: string | null;
  setting: string;
  since: number;
  /** The moment that the newest report is about, by the sender's clock; null where it said none. */
  reported_at: number | null;
  /** When the last report came. */
  heard_at: number;
  resolved_at: number | null;
  flaps: Generated<number>;
  /** How often it was reported to fire. */
  reports: Generated<number>;
  /** `AlertReport` as JSON. */
  report: string;
  /** Names of sites, and `Suspect[]`, as JSON. */
  sites: Generated<string>;
  suspects: Generated<string>;
  /** For how long a button silences it; null: there is no such button. */
  silence_ms: number | null;
  acknowledged_by: string | null;
  acknowledged_at: number | null;
  silenced_by: string | null;
  silenced_until: number | null;
};

/** When a secret was last seen to be in use, so that an old one can go. */
type SecretUseTable = { source: string; secret: string; last_at: number };

/** What senders that never retry last said of their content. */
type SourcePollTable = { source: string; updated: string; asked_at: number };

export type DeploymentTable = Claim & {
  id: string;
  site: string;
  state: string;
  stage: string | null;
  trigger: string;
  cause: string;
  repo_id: number | null;
  repo_name: string;
  installation_id: number | null;
  branch: string;
  commit: string;
  author: string;
  title: string;
  /** The kept release that was asked for. */
  asked_release: string | null;
  asked_commit: string | null;
  force: Generated<number>;
  clean_caches: Generated<number>;
  /** The changed content that it brings, as JSON. */
  content: string | null;
  /** The run of a workflow that asked for it. */
  run_id: number | null;
  adopt: Generated<number>;
  allow_removals: Generated<number>;
  asked_by: string | null;
  /** What consent it lacked, as JSON. */
  consent: string | null;
  release_id: string | null;
  stats: string | null;
  reason: string | null;
  superseded_by: string | null;
  remarks: Generated<string>;
  attempts: Generated<number>;
  /** 1: Slipway went away while it ran. */
  interrupted: Generated<number>;
  /** Who wants it cancelled, where it runs in another process: the reason, for its record. */
  cancel_reason: string | null;
  /** How often Slipway went away while it was built. */
  cuts: Generated<number>;
  not_before: Generated<number>;
  created_at: number;
  started_at: number | null;
  finished_at: number | null;
};

/** Changes of content that a site was told of, so that each counts once. */
type ContentChangeTable = { site: string; cause: string; deployment_id: string; reported_at: number };

type SiteTable = {
  name: string;
  /** The repository the site is tied to, and how the configuration called it when it was tied. */
  repo_id: number | null;
  bound_as: string | null;
  live_deployment: string | null;
  live_release: string | null;
  live_commit: string | null;
  /** Why GitHub keeps the repository from us. */
  github_pause: string | null;
  /** Who paused or locked the site, as JSON. */
  paused: string | null;
  locked: string | null;
};

type RepositoryTable = { id: number; name: string; installation_id: number | null };

type ReleaseTable = {
  site: string;
  id: string;
  manifest: string;
  /** How many files and bytes the manifest names. */
  files: number;
  bytes: number;
  /** The newest commit that these files were built from. */
  commit: string;
  author: string;
  title: string;
  created_at: number;
};

/** A release that a deployment built and has not brought onto the host yet. */
type BuiltReleaseTable = {
  deployment_id: string;
  release_id: string;
  manifest: string;
  commit: string;
  missing_links: number | null;
};

/** What was on a site's host and when it got there, one row each time: `id` grows with time. */
type LifeTable = {
  id: Generated<number>;
  site: string;
  deployment_id: string;
  release_id: string;
  commit: string;
  live_at: number;
};

export type OutboxTable = Claim & {
  id: Generated<number>;
  kind: string;
  /** Names what is told and where, so that a later state of the same thing edits it. */
  key: string;
  deployment_id: string | null;
  /** What the other side shall show, as JSON; `desired_version` grows with each change. */
  desired: string;
  desired_version: Generated<number>;
  sent_version: Generated<number>;
  /** What the other side called it (a message's ts, a deployment's id), as JSON. */
  remote: string | null;
  state: Generated<string>;
  /** 1 while an attempt is under way: found after a crash, it means that the attempt may have had its effect. */
  sending: Generated<number>;
  /** 1 when an earlier attempt may have had its effect: look before repeating. */
  in_doubt: Generated<number>;
  attempts: Generated<number>;
  not_before: Generated<number>;
  last_error: string | null;
  /** After this time it is not told any more; null: it never is too late. What is told then instead, as JSON. */
  not_after: number | null;
  late: string | null;
  /** 1: nothing follows what is told, so it waits for nothing that changes all the time. */
  urgent: Generated<number>;
  created_at: number;
};

/** Who asked for what, where, and what came of it; rows are only ever added. */
type AuditTable = {
  id: Generated<number>;
  at: number;
  who: string;
  place: string;
  verb: string;
  site: string | null;
  what: string;
  rule: string;
  result: string;
  outcome: string;
  deployment_id: string | null;
};

/** What somebody wants and somebody else has to agree to. */
type RequestTable = {
  id: string;
  site: string;
  /** What is wanted, as JSON. */
  deed: string;
  by: string;
  place: string;
  cause: string;
  /** "open", "approved", "declined" or "expired" */
  state: Generated<string>;
  answered_by: string | null;
  created_at: number;
  expires_at: number;
};

/** The last attempt of each run of a workflow that ended. */
type CiRunTable = {
  repo_id: number;
  run_id: number;
  workflow: string;
  path: string;
  /** What started it: "push", "schedule", … */
  event: string;
  branch: string;
  commit: string;
  /** What tells the later of two states of one run: `CiRun.order`, or its attempt. */
  attempt: number;
  verdict: string;
  at: number;
};

type RunEnvironmentTable = { repo_id: number; run_id: number; environment: string; at: number };

/** Branches on which a workflow fails or failed: one row from the first failure to the first success. */
type CiIncidentTable = {
  id: Generated<number>;
  repo_id: number;
  workflow: string;
  branch: string;
  state: string;
  failures: number;
  since: number;
  mended_at: number | null;
  /** The run that is shown, as JSON. */
  run: string;
  first_commit: string;
};

/** What channels were told of CI and alerts, by topic; those with a digest are told there. */
type ChannelNewsTable = {
  id: Generated<number>;
  channel: string;
  topic: string;
  title: string;
  state: string;
  url: string | null;
  digest_id: number | null;
  at: number;
};

type DigestTable = {
  id: Generated<number>;
  channel: string;
  setting: string;
  opened_at: number;
  last_at: number;
  ended_at: number | null;
};

type TranscriptTable = { deployment_id: string; seq: number; text: string };

export type Tables = {
  alerts: AlertTable;
  secret_uses: SecretUseTable;
  source_polls: SourcePollTable;
  deliveries: DeliveryTable;
  deployments: DeploymentTable;
  content_changes: ContentChangeTable;
  sites: SiteTable;
  repositories: RepositoryTable;
  releases: ReleaseTable;
  built_releases: BuiltReleaseTable;
  lives: LifeTable;
  outbox: OutboxTable;
  transcripts: TranscriptTable;
  audit: AuditTable;
  requests: RequestTable;
  ci_runs: CiRunTable;
  run_environments: RunEnvironmentTable;
  ci_incidents: CiIncidentTable;
  channel_news: ChannelNewsTable;
  digests: DigestTable;
};
