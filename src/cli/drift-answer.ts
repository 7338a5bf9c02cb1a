/** What `drift` does and prints. */
import type { PublishedRelease } from "../commands/release-operations.ts";
import { PermanentError } from "../errors.ts";
import { manifestFromJson } from "../model/release.ts";
import { readHostProfile } from "../pipeline/host-profiles.ts";
import { resolveTarget } from "../pipeline/prepare-job.ts";
import { findDrift } from "../publish/drift.ts";
import type { Drift } from "../publish/options.ts";
import { createPublisher } from "../publishers/create-publisher.ts";
import type { Printing } from "./answer.ts";
import { callOperation } from "./control.ts";
import { printable } from "./print.ts";
import { driftLines } from "./release-lines.ts";
import { loadSettings, withKeeper } from "./settings.ts";

/** Runs here, not in the service: it may take long, and nobody else needs what it finds. */
export async function drift(
  env: NodeJS.ProcessEnv,
  name: string,
  { json, content = false }: Printing & { content?: boolean },
): Promise<void> {
  const settings = await loadSettings(env);
  const published = (await callOperation(settings, "publishedRelease", { name })) as PublishedRelease;
  const site = settings.config.sites[name];
  if (!site) throw new PermanentError(`there is no site ${name}`);
  const target = await withKeeper(env, settings.config, ({ resolve }) => resolveTarget(site, `sites.${name}`, resolve));
  const found = await findDrift({
    target,
    content,
    previous: published ? manifestFromJson(published.manifest) : null,
    profile: await readHostProfile(settings.environment.dataDir, createPublisher(target).label),
    say: (line) => console.error(printable(line)),
  });
  const isDrift = hasDrift(found, published);
  if (json) console.log(JSON.stringify({ ...found, expectedReleaseId: published?.id ?? null, isDrift }, null, 2));
  else for (const line of driftLines(name, found, published)) console.log(line);
  if (isDrift) process.exitCode = 1;
}

function hasDrift({ releaseId, missing, changed }: Drift, published: PublishedRelease): boolean {
  return missing.length > 0 || changed.length > 0 || (published !== null && releaseId !== published.id);
}
