/** What each site depends on: what separates its builds from Slipway, and, if asked for, its host. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Config, SiteConfig } from "../../config/schema.ts";
import { describeError } from "../../errors.ts";
import { durationText } from "../../model/quantities.ts";
import { findIsolation, type IsolationDeps } from "../../pipeline/isolation-in-force.ts";
import { resolveTarget } from "../../pipeline/prepare-job.ts";
import { workerEnvironment } from "../../process/environment.ts";
import { createPublisher } from "../../publishers/create-publisher.ts";
import { UNKNOWN_HOST } from "../../publishers/host-profile.ts";
import { probeIsolation } from "../../sandbox/probe-isolation.ts";
import type { ResolveSecret } from "../../secrets/secret-reference.ts";
import { withKeeper } from "../settings.ts";
import { bad, type Finding, good, note, warning } from "./finding.ts";

/** Longest time for one host. */
const HOST_WITHIN_MS = 60_000;

/**
 * Opens the sandbox of every site as a deployment would, and says what came of it. In a data folder of its own: one that
 * root's doctor makes, say, would be closed to the user that Slipway runs as.
 */
export async function checkIsolation({ sites }: Config, env: NodeJS.ProcessEnv): Promise<Finding[]> {
  const dataDir = await mkdtemp(join(tmpdir(), "slipway-doctor-"));
  try {
    return await examineIsolation(sites, { dataDir, env });
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function examineIsolation(sites: Config["sites"], deps: IsolationDeps): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const [name, site] of Object.entries(sites)) {
    const about = `sites.${name}.isolation`;
    const found = await findIsolation(name, site, deps);
    if (found.isolation === null) findings.push(bad(about, found.problem));
    else findings.push((WEAKER.has(found.isolation) ? warning : good)(about, found.summary));
  }
  const isWeaker = findings.some(({ state }) => state === "warning");
  return isWeaker ? [...findings, note("isolation", await whyNotBetter(deps))] : findings;
}

/** What a build can do more under these than it should. */
const WEAKER: ReadonlySet<string> = new Set(["user", "none"]);

async function whyNotBetter({ env }: IsolationDeps): Promise<string> {
  const best = (await probeIsolation(workerEnvironment(env))).find(({ isolation }) => isolation === "bubblewrap");
  return best?.isAvailable ? "bubblewrap works here and is better" : `bubblewrap is better: ${best?.why}`;
}

/** Logs in to the host of every site and asks for one file. Changes nothing there. */
export async function checkHosts(config: Config, env: NodeJS.ProcessEnv): Promise<Finding[]> {
  const sites = Object.entries(config.sites);
  return withKeeper(env, config, ({ resolve }) =>
    Promise.all(sites.map(([name, site]) => checkHost(name, site, resolve))),
  );
}

async function checkHost(name: string, site: SiteConfig, resolve: ResolveSecret): Promise<Finding> {
  const about = `sites.${name}.publish`;
  try {
    const publisher = createPublisher(await resolveTarget(site, `sites.${name}`, resolve));
    const beganMs = performance.now();
    const opening = publisher.open({ say: () => {}, profile: UNKNOWN_HOST });
    const session = await within(HOST_WITHIN_MS, opening);
    try {
      const [page] = await within(HOST_WITHIN_MS, session.sizes(["index.html"]));
      const took = durationText(performance.now() - beganMs);
      return good(
        about,
        `${publisher.label} lets Slipway in (${took}); ${page === undefined ? "no" : "an"} index.html`,
      );
    } finally {
      await session.close();
    }
  } catch (error) {
    return bad(about, describeError(error).replace(/^sites\.[^:]*: /, ""));
  }
}

/** Gives up waiting; what comes after all is closed. */
async function within<T>(limitMs: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${limitMs / 1000} seconds`)), limitMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
