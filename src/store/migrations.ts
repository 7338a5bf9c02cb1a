/** How the tables came to be: one entry a version, in order, never edited after it was released. */
import { type Kysely, sql } from "kysely";
import type { Migration, MigrationProvider } from "kysely/migration";

/** Types that the two databases spell differently. */
const SPELLING = {
  sqlite: { serial: "integer", bytes: "blob", time: "integer" },
  postgres: { serial: "bigserial", bytes: "bytea", time: "bigint" },
} as const;

/** So many hex digits of a digest are indexed: 48 bits tell deliveries apart, in a fraction of the space. */
export const DIGEST_MARK_LENGTH = 12;
/** The indexed expression; queries must spell it the same way. */
export const digestMark = sql<string>`substr(digest, 1, ${sql.lit(DIGEST_MARK_LENGTH)})`;

/** Whether anything is left of what a delivery said; part of an index, so queries must spell it the same way. */
export const hasContent = sql<boolean>`(length(body) > 0 or request is not null)`;

export type Dialect = keyof typeof SPELLING;

/** The migrations, spelled for one database. */
export function migrationsFor(dialect: Dialect): MigrationProvider {
  return {
    getMigrations: async () => ({
      "2026-11-24-first": first(dialect),
      "2026-11-30-control-room": controlRoom(dialect),
      "2026-12-01-sources": sources(dialect),
    }),
  };
}

/** Every other sender: what is kept of a request, alerts, which secrets are in use, what was polled. */
function sources(dialect: Dialect): Migration {
  const { serial, time } = SPELLING[dialect];
  const bigint = sql.raw(time);
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      for (const column of ["request", "matched", "released_by"])
        await db.schema.alterTable("deliveries").addColumn(column, "text").execute();
      await db.schema
        .alterTable("deliveries")
        .addColumn("seen", "integer", (c) => c.notNull().defaultTo(1))
        .execute();

      // Of what was worked off and is not forgotten yet: so the intake does not pay for it, and it stays small.
      await db.schema
        .createIndex("deliveries_with_content")
        .on("deliveries")
        .columns(["source", "finished_at"])
        .where(sql<boolean>`finished_at is not null and ${hasContent}`)
        .execute();

      await db.schema
        .createTable("alerts")
        .addColumn("id", sql.raw(serial), (c) => c.primaryKey())
        .addColumn("source", "text", (c) => c.notNull())
        .addColumn("fingerprint", "text", (c) => c.notNull())
        .addColumn("label", "text", (c) => c.notNull())
        .addColumn("state", "text", (c) => c.notNull())
        .addColumn("channel", "text")
        .addColumn("setting", "text", (c) => c.notNull())
        .addColumn("since", bigint, (c) => c.notNull())
        .addColumn("reported_at", bigint)
        .addColumn("heard_at", bigint, (c) => c.notNull())
        .addColumn("resolved_at", bigint)
        .addColumn("flaps", "integer", (c) => c.notNull().defaultTo(0))
        .addColumn("reports", "integer", (c) => c.notNull().defaultTo(0))
        .addColumn("report", "text", (c) => c.notNull())
        .addColumn("sites", "text", (c) => c.notNull().defaultTo("[]"))
        .addColumn("suspects", "text", (c) => c.notNull().defaultTo("[]"))
        .addColumn("silence_ms", bigint)
        .addColumn("acknowledged_by", "text")
        .addColumn("acknowledged_at", bigint)
        .addColumn("silenced_by", "text")
        .addColumn("silenced_until", bigint)
        .execute();
      await db.schema
        .createIndex("alerts_by_fingerprint")
        .on("alerts")
        .columns(["source", "fingerprint", "id"])
        .execute();

      await db.schema
        .createTable("secret_uses")
        .addColumn("source", "text", (c) => c.notNull())
        .addColumn("secret", "text", (c) => c.notNull())
        .addColumn("last_at", bigint, (c) => c.notNull())
        .addPrimaryKeyConstraint("secret_uses_pk", ["source", "secret"])
        .execute();

      await db.schema
        .createTable("source_polls")
        .addColumn("source", "text", (c) => c.primaryKey())
        .addColumn("updated", "text", (c) => c.notNull())
        .addColumn("asked_at", bigint, (c) => c.notNull())
        .execute();
    },
  };
}

/** Slack as the control room: who asked for what, requests that need two people, what CI says, digests. */
function controlRoom(dialect: Dialect): Migration {
  const { serial, time } = SPELLING[dialect];
  const bigint = sql.raw(time);
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      await db.schema
        .alterTable("deployments")
        .addColumn("interrupted", "integer", (c) => c.notNull().defaultTo(0))
        .execute();
      await db.schema.alterTable("deployments").addColumn("cancel_reason", "text").execute();
      await db.schema.alterTable("outbox").addColumn("not_after", bigint).execute();
      await db.schema.alterTable("outbox").addColumn("late", "text").execute();
      await db.schema
        .alterTable("outbox")
        .addColumn("urgent", "integer", (c) => c.notNull().defaultTo(0))
        .execute();

      await db.schema
        .createTable("audit")
        .addColumn("id", sql.raw(serial), (c) => c.primaryKey())
        .addColumn("at", bigint, (c) => c.notNull())
        .addColumn("who", "text", (c) => c.notNull())
        .addColumn("place", "text", (c) => c.notNull())
        .addColumn("verb", "text", (c) => c.notNull())
        .addColumn("site", "text")
        .addColumn("what", "text", (c) => c.notNull())
        .addColumn("rule", "text", (c) => c.notNull())
        .addColumn("result", "text", (c) => c.notNull())
        .addColumn("outcome", "text", (c) => c.notNull())
        .addColumn("deployment_id", "text")
        .execute();
      await db.schema.createIndex("audit_by_site").on("audit").columns(["site", "id"]).execute();
      // For threads, which are answered in while they are fresh.
      await db.schema
        .createIndex("outbox_messages")
        .on("outbox")
        .column("created_at")
        .where(sql.ref("kind"), "=", sql.lit("slack.deployment"))
        .execute();

      await db.schema
        .createTable("requests")
        .addColumn("id", "text", (c) => c.primaryKey())
        .addColumn("site", "text", (c) => c.notNull())
        .addColumn("deed", "text", (c) => c.notNull())
        .addColumn("by", "text", (c) => c.notNull())
        .addColumn("place", "text", (c) => c.notNull())
        .addColumn("cause", "text", (c) => c.notNull().unique())
        .addColumn("state", "text", (c) => c.notNull().defaultTo("open"))
        .addColumn("answered_by", "text")
        .addColumn("created_at", bigint, (c) => c.notNull())
        .addColumn("expires_at", bigint, (c) => c.notNull())
        .execute();
      // The clock asks for these every few seconds.
      await db.schema
        .createIndex("requests_open")
        .on("requests")
        .columns(["site", "expires_at"])
        .where(sql.ref("state"), "=", sql.lit("open"))
        .execute();

      await db.schema
        .createTable("ci_runs")
        .addColumn("repo_id", bigint, (c) => c.notNull())
        .addColumn("run_id", bigint, (c) => c.notNull())
        .addColumn("workflow", "text", (c) => c.notNull())
        .addColumn("path", "text", (c) => c.notNull())
        .addColumn("event", "text", (c) => c.notNull())
        .addColumn("branch", "text", (c) => c.notNull())
        .addColumn("commit", "text", (c) => c.notNull())
        .addColumn("attempt", "integer", (c) => c.notNull())
        .addColumn("verdict", "text", (c) => c.notNull())
        .addColumn("at", bigint, (c) => c.notNull())
        .addPrimaryKeyConstraint("ci_runs_pk", ["repo_id", "run_id"])
        .execute();
      await db.schema.createIndex("ci_runs_by_commit").on("ci_runs").columns(["repo_id", "commit"]).execute();
      await db.schema
        .createIndex("ci_runs_by_branch")
        .on("ci_runs")
        .columns(["repo_id", "branch", "verdict", "run_id"])
        .execute();

      await db.schema
        .createTable("run_environments")
        .addColumn("repo_id", bigint, (c) => c.notNull())
        .addColumn("run_id", bigint, (c) => c.notNull())
        .addColumn("environment", "text", (c) => c.notNull())
        .addColumn("at", bigint, (c) => c.notNull())
        .addPrimaryKeyConstraint("run_environments_pk", ["repo_id", "run_id", "environment"])
        .execute();

      await db.schema
        .createTable("ci_incidents")
        .addColumn("id", sql.raw(serial), (c) => c.primaryKey())
        .addColumn("repo_id", bigint, (c) => c.notNull())
        .addColumn("workflow", "text", (c) => c.notNull())
        .addColumn("branch", "text", (c) => c.notNull())
        .addColumn("state", "text", (c) => c.notNull())
        .addColumn("failures", "integer", (c) => c.notNull())
        .addColumn("since", bigint, (c) => c.notNull())
        .addColumn("mended_at", bigint)
        .addColumn("run", "text", (c) => c.notNull())
        .addColumn("first_commit", "text", (c) => c.notNull())
        .execute();
      await db.schema
        .createIndex("ci_incidents_by_branch")
        .on("ci_incidents")
        .columns(["repo_id", "workflow", "branch"])
        .execute();

      await db.schema
        .createTable("channel_news")
        .addColumn("id", sql.raw(serial), (c) => c.primaryKey())
        .addColumn("channel", "text", (c) => c.notNull())
        .addColumn("topic", "text", (c) => c.notNull())
        .addColumn("title", "text", (c) => c.notNull())
        .addColumn("state", "text", (c) => c.notNull())
        .addColumn("url", "text")
        .addColumn("digest_id", bigint)
        .addColumn("at", bigint, (c) => c.notNull())
        .execute();
      await db.schema.createIndex("channel_news_by_channel").on("channel_news").columns(["channel", "at"]).execute();
      await db.schema
        .createIndex("channel_news_by_topic")
        .on("channel_news")
        .columns(["channel", "topic", "at"])
        .execute();
      await db.schema
        .createIndex("channel_news_by_digest")
        .on("channel_news")
        .columns(["digest_id", "topic"])
        .execute();

      await db.schema
        .createTable("digests")
        .addColumn("id", sql.raw(serial), (c) => c.primaryKey())
        .addColumn("channel", "text", (c) => c.notNull())
        .addColumn("setting", "text", (c) => c.notNull())
        .addColumn("opened_at", bigint, (c) => c.notNull())
        .addColumn("last_at", bigint, (c) => c.notNull())
        .addColumn("ended_at", bigint)
        .execute();
      await db.schema
        .createIndex("digests_open")
        .on("digests")
        .column("channel")
        .where(sql.ref("ended_at"), "is", sql.lit(null))
        .execute();
    },
  };
}

function first(dialect: Dialect): Migration {
  const { serial, bytes, time } = SPELLING[dialect];
  const bigint = sql.raw(time);
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      await db.schema
        .createTable("deliveries")
        .addColumn("id", sql.raw(serial), (c) => c.primaryKey())
        .addColumn("source", "text", (c) => c.notNull())
        .addColumn("key", "text", (c) => c.notNull())
        .addColumn("event", "text", (c) => c.notNull())
        .addColumn("digest", "text", (c) => c.notNull())
        .addColumn("body", sql.raw(bytes), (c) => c.notNull())
        .addColumn("state", "text", (c) => c.notNull().defaultTo("received"))
        .addColumn("verdict", "text", (c) => c.notNull().defaultTo("new"))
        .addColumn("attempts", "integer", (c) => c.notNull().defaultTo(0))
        .addColumn("not_before", bigint, (c) => c.notNull().defaultTo(0))
        .addColumn("outcome", "text", (c) => c.notNull().defaultTo("[]"))
        .addColumn("received_at", bigint, (c) => c.notNull())
        .addColumn("finished_at", bigint)
        .addColumn("claimed_by", "text")
        .addColumn("claimed_until", bigint)
        .addUniqueConstraint("deliveries_once", ["source", "key"])
        .execute();
      // Only what was worked off: so the intake, which is waited for, does not pay for this index.
      await db.schema
        .createIndex("deliveries_digest")
        .on("deliveries")
        .expression(digestMark)
        .where(sql.ref("state"), "<>", sql.lit("received"))
        .execute();
      await db.schema
        .createIndex("deliveries_waiting")
        .on("deliveries")
        .columns(["id"])
        .where(sql.ref("state"), "=", sql.lit("received"))
        .execute();

      await db.schema
        .createTable("deployments")
        .addColumn("id", "text", (c) => c.primaryKey())
        .addColumn("site", "text", (c) => c.notNull())
        .addColumn("state", "text", (c) => c.notNull())
        .addColumn("stage", "text")
        .addColumn("trigger", "text", (c) => c.notNull())
        .addColumn("cause", "text", (c) => c.notNull())
        .addColumn("repo_id", bigint)
        .addColumn("repo_name", "text", (c) => c.notNull())
        .addColumn("installation_id", bigint)
        .addColumn("branch", "text", (c) => c.notNull())
        .addColumn("commit", "text", (c) => c.notNull())
        .addColumn("author", "text", (c) => c.notNull())
        .addColumn("title", "text", (c) => c.notNull())
        .addColumn("asked_release", "text")
        .addColumn("asked_commit", "text")
        .addColumn("force", "integer", (c) => c.notNull().defaultTo(0))
        .addColumn("clean_caches", "integer", (c) => c.notNull().defaultTo(0))
        .addColumn("content", "text")
        .addColumn("run_id", bigint)
        .addColumn("adopt", "integer", (c) => c.notNull().defaultTo(0))
        .addColumn("allow_removals", "integer", (c) => c.notNull().defaultTo(0))
        .addColumn("asked_by", "text")
        .addColumn("consent", "text")
        .addColumn("release_id", "text")
        .addColumn("stats", "text")
        .addColumn("reason", "text")
        .addColumn("superseded_by", "text")
        .addColumn("remarks", "text", (c) => c.notNull().defaultTo("[]"))
        .addColumn("attempts", "integer", (c) => c.notNull().defaultTo(0))
        .addColumn("cuts", "integer", (c) => c.notNull().defaultTo(0))
        .addColumn("not_before", bigint, (c) => c.notNull().defaultTo(0))
        .addColumn("created_at", bigint, (c) => c.notNull())
        .addColumn("started_at", bigint)
        .addColumn("finished_at", bigint)
        .addColumn("claimed_by", "text")
        .addColumn("claimed_until", bigint)
        .addUniqueConstraint("deployments_one_per_cause", ["site", "cause"])
        .execute();
      await db.schema
        .createIndex("deployments_one_waits")
        .on("deployments")
        .column("site")
        .unique()
        .where(sql.ref("state"), "=", sql.lit("queued"))
        .execute();
      await db.schema
        .createIndex("deployments_one_held")
        .on("deployments")
        .column("site")
        .unique()
        .where(sql.ref("state"), "=", sql.lit("held"))
        .execute();
      await db.schema
        .createIndex("deployments_one_runs")
        .on("deployments")
        .column("site")
        .unique()
        .where(sql.ref("state"), "in", [sql.lit("building"), sql.lit("publishing")])
        .execute();
      await db.schema.createIndex("deployments_by_site").on("deployments").columns(["site", "created_at"]).execute();

      await db.schema
        .createTable("sites")
        .addColumn("name", "text", (c) => c.primaryKey())
        .addColumn("repo_id", bigint)
        .addColumn("bound_as", "text")
        .addColumn("live_deployment", "text")
        .addColumn("live_release", "text")
        .addColumn("live_commit", "text")
        .addColumn("github_pause", "text")
        .addColumn("paused", "text")
        .addColumn("locked", "text")
        .execute();

      await db.schema
        .createTable("content_changes")
        .addColumn("site", "text", (c) => c.notNull())
        .addColumn("cause", "text", (c) => c.notNull())
        .addColumn("deployment_id", "text", (c) => c.notNull())
        .addColumn("reported_at", bigint, (c) => c.notNull())
        .addPrimaryKeyConstraint("content_changes_pk", ["site", "cause"])
        .execute();

      await db.schema
        .createTable("repositories")
        .addColumn("id", bigint, (c) => c.primaryKey())
        .addColumn("name", "text", (c) => c.notNull())
        .addColumn("installation_id", bigint)
        .execute();

      await db.schema
        .createTable("releases")
        .addColumn("site", "text", (c) => c.notNull())
        .addColumn("id", "text", (c) => c.notNull())
        .addColumn("manifest", "text", (c) => c.notNull())
        .addColumn("files", "integer", (c) => c.notNull())
        .addColumn("bytes", bigint, (c) => c.notNull())
        .addColumn("commit", "text", (c) => c.notNull())
        .addColumn("author", "text", (c) => c.notNull())
        .addColumn("title", "text", (c) => c.notNull())
        .addColumn("created_at", bigint, (c) => c.notNull())
        .addPrimaryKeyConstraint("releases_pk", ["site", "id"])
        .execute();

      await db.schema
        .createTable("built_releases")
        .addColumn("deployment_id", "text", (c) => c.primaryKey())
        .addColumn("release_id", "text", (c) => c.notNull())
        .addColumn("manifest", "text", (c) => c.notNull())
        .addColumn("commit", "text", (c) => c.notNull())
        .addColumn("missing_links", "integer")
        .execute();

      await db.schema
        .createTable("lives")
        .addColumn("id", sql.raw(serial), (c) => c.primaryKey())
        .addColumn("site", "text", (c) => c.notNull())
        .addColumn("deployment_id", "text", (c) => c.notNull())
        .addColumn("release_id", "text", (c) => c.notNull())
        .addColumn("commit", "text", (c) => c.notNull())
        .addColumn("live_at", bigint, (c) => c.notNull())
        .execute();
      await db.schema.createIndex("lives_by_site").on("lives").columns(["site", "id"]).execute();

      await db.schema
        .createTable("outbox")
        .addColumn("id", sql.raw(serial), (c) => c.primaryKey())
        .addColumn("kind", "text", (c) => c.notNull())
        .addColumn("key", "text", (c) => c.notNull().unique())
        .addColumn("deployment_id", "text")
        .addColumn("desired", "text", (c) => c.notNull())
        .addColumn("desired_version", "integer", (c) => c.notNull().defaultTo(1))
        .addColumn("sent_version", "integer", (c) => c.notNull().defaultTo(0))
        .addColumn("remote", "text")
        .addColumn("state", "text", (c) => c.notNull().defaultTo("pending"))
        .addColumn("sending", "integer", (c) => c.notNull().defaultTo(0))
        .addColumn("in_doubt", "integer", (c) => c.notNull().defaultTo(0))
        .addColumn("attempts", "integer", (c) => c.notNull().defaultTo(0))
        .addColumn("not_before", bigint, (c) => c.notNull().defaultTo(0))
        .addColumn("last_error", "text")
        .addColumn("created_at", bigint, (c) => c.notNull())
        .addColumn("claimed_by", "text")
        .addColumn("claimed_until", bigint)
        .execute();
      await db.schema
        .createIndex("outbox_pending")
        .on("outbox")
        .column("not_before")
        .where(sql.ref("state"), "=", sql.lit("pending"))
        .execute();

      await db.schema.createIndex("outbox_by_deployment").on("outbox").column("deployment_id").execute();

      await db.schema
        .createTable("transcripts")
        .addColumn("deployment_id", "text", (c) => c.notNull())
        .addColumn("seq", "integer", (c) => c.notNull())
        .addColumn("text", "text", (c) => c.notNull())
        .addPrimaryKeyConstraint("transcripts_pk", ["deployment_id", "seq"])
        .execute();
    },
  };
}
