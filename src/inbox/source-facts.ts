/** The facts about events of declared sources: which sites, which channels. */
import type { Config } from "../config/schema.ts";
import type { AlertsFacts } from "../handlers/alerts.ts";
import type { GitPushFacts } from "../handlers/git-push.ts";
import type { NoteFacts } from "../handlers/note.ts";
import type { AlertsEvent, GitPushEvent, NoteEvent } from "../model/event.ts";
import { slackChannelOf } from "../notify/tell.ts";
import { activeDeploymentOf } from "../store/deployments.ts";
import { repositoryOf } from "../store/sites.ts";
import type { Tx, Work } from "../store/work.ts";

/** The sites that a push may be about. */
export function* gitPushFacts(tx: Tx, config: Config, event: GitPushEvent): Work<GitPushFacts> {
  const sites = [];
  for (const [name, { repo, git = null, branch, build, after }] of Object.entries(config.sites)) {
    const active = event.after === null ? undefined : yield* activeDeploymentOf(tx, name, event.after);
    const repository = yield* repositoryOf(tx, name, repo);
    const workflow = build.workflow ?? null;
    sites.push({ name, git, branch, workflow, after, ...repository, active: active?.id ?? null });
  }
  return { sites };
}

/** Where alerts of a source are told. */
export function alertsFacts(config: Config, { source, channel, sites }: AlertsEvent): AlertsFacts {
  const silence = Object.hasOwn(config.sources, source) ? config.sources[source]?.silence : undefined;
  const silencing = { canSilence: silence !== undefined, ...(silence && { silenceForMs: silence.for }) };
  if (channel !== null) return { channel, setting: `sources.${source}.channel`, ...silencing };
  const site = sites.find((it) => config.sites[it]?.channel !== undefined);
  if (site === undefined) return { channel: config.channel ?? null, setting: "channel", ...silencing };
  return { channel: slackChannelOf(config, site), setting: `sites.${site}.channel`, ...silencing };
}

/** Where notes of a source are told. */
export function noteFacts(config: Config, { source, channel }: NoteEvent): NoteFacts {
  if (channel !== null) return { channel, setting: `sources.${source}.channel` };
  return { channel: config.channel ?? null, setting: "channel" };
}
