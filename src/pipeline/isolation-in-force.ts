/** What separates the builds of a site from Slipway on this machine, found out as a deployment would. */
import type { SiteConfig } from "../config/schema.ts";
import { describeError, OperatorError } from "../errors.ts";
import type { Isolation } from "../model/build.ts";
import { workerEnvironment } from "../process/environment.ts";
import { openSandbox } from "../sandbox/open-sandbox.ts";
import { sandboxSettingsOf } from "./prepare-job.ts";

export type IsolationDeps = {
  readonly dataDir: string;
  /** The service's own environment. */
  readonly env: NodeJS.ProcessEnv;
};

/** What is in force, as the first line of a transcript says it; or why nothing is, so that the site cannot be built. */
export type IsolationFound =
  | { readonly isolation: Isolation | "not needed"; readonly summary: string }
  | { readonly isolation: null; readonly problem: string };

/** Opens the sandbox of a site as a deployment would, and closes it again. */
export async function findIsolation(
  name: string,
  site: SiteConfig,
  { dataDir, env }: IsolationDeps,
): Promise<IsolationFound> {
  if (site.build.from === "workflow" && site.prerender === undefined) {
    return { isolation: "not needed", summary: "not needed, since the site is built by its workflow" };
  }
  const settings = sandboxSettingsOf(site);
  try {
    const sandbox = await openSandbox({ settings, site: name, dataDir, env: workerEnvironment(env) });
    await sandbox.close();
    return { isolation: sandbox.isolation, summary: sandbox.summary };
  } catch (error) {
    const key = error instanceof OperatorError ? `${error.key}: ` : "";
    return { isolation: null, problem: describeError(error).replace(key, "") };
  }
}

/** It changes only when somebody installs or removes something. */
const REMEMBER_MS = 10 * 60_000;

/** Answers with what is in force for a site, in words; null for one that there is not. What was found holds for a while. */
export function createIsolationView(
  deps: IsolationDeps & { readonly sites: Readonly<Record<string, SiteConfig>> },
): (site: string) => Promise<string | null> {
  const known = new Map<string, { readonly words: Promise<string>; readonly atMs: number }>();
  return async (name) => {
    const site = deps.sites[name];
    if (!site) return null;
    const last = known.get(name);
    if (last && performance.now() - last.atMs < REMEMBER_MS) return last.words;
    const words = findIsolation(name, site, deps).then((found) =>
      found.isolation === null ? `cannot run: ${found.problem}` : found.summary,
    );
    known.set(name, { words, atMs: performance.now() });
    return words;
  };
}
