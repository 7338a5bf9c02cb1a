/** Brings a package of a wanted version to this machine: from what is there already, else from the registry. */
import { join } from "node:path";
import semver from "semver";
import { describeError, PermanentError, RetryLaterError } from "../errors.ts";
import { chooseVersion, fits, newest, notHad } from "./choose-version.ts";
import { DAY_MS, knownVersions } from "./known-versions.ts";
import type { NpmRegistry, PublishedVersion } from "./npm-registry.ts";
import { openPackageStore, type PackageStore } from "./package-store.ts";
import type { WantedVersion } from "./wanted-tools.ts";

type FetchedTool = { readonly version: string; readonly folder: string };

export type ToolFetcher = {
  /**
   * `node` is the version that the tool has to run on; null where it is none for Node. Throws PermanentError when it
   * cannot be had, and RetryLaterError when the registry is not reached and nothing here will do.
   */
  fetch(tool: Tool, wanted: WantedVersion, node: string | null): Promise<FetchedTool>;
};

/** `label` is its name for people, `name` that of the package. */
type Tool = { readonly label: string; readonly name: string };

export type ToolFetcherOptions = {
  readonly folder: string;
  readonly registry: NpmRegistry;
  say(line: string): void;
};

type Deps = ToolFetcherOptions & { readonly store: PackageStore };

export function createToolFetcher(options: ToolFetcherOptions): ToolFetcher {
  const deps: Deps = { ...options, store: openPackageStore(options.folder) };
  return { fetch: (tool, wanted, node) => fetchTool(deps, tool, wanted, node) };
}

async function fetchTool(deps: Deps, tool: Tool, wanted: WantedVersion, node: string | null): Promise<FetchedTool> {
  try {
    const version = semver.valid(wanted.range) ?? (await newestOf(deps, tool, wanted, node));
    return { version, folder: (await deps.store.find(tool.name, version)) ?? (await add(deps, tool, version, wanted)) };
  } catch (error) {
    if (error instanceof PermanentError) throw error;
    // Better an older one of the range than none, while the registry is away.
    const version = newest((await deps.store.list(tool.name)).filter((one) => fits(one, wanted.range)));
    const folder = version && (await deps.store.find(tool.name, version));
    if (!version || !folder) throw notFetched(tool, wanted, error);
    deps.say(`${describeError(error)}; taking ${tool.label} ${version}, which is here already`);
    return { version, folder };
  }
}

/** The same kind of failure, with what was to be fetched and who asks for it. */
function notFetched({ label }: Tool, { range, because }: WantedVersion, error: unknown): Error {
  const message = `${label} ${range}, asked for by ${because}, could not be fetched: ${describeError(error)}`;
  if (error instanceof RetryLaterError) return new RetryLaterError(error.delayMs, message, { cause: error });
  return new Error(message, { cause: error });
}

async function newestOf(deps: Deps, tool: Tool, wanted: WantedVersion, node: string | null): Promise<string> {
  const known = chooseVersion(await listOf(deps, tool, wanted, DAY_MS), wanted.range, node);
  if (known !== null) return known;
  // It may have been published since.
  const versions = await listOf(deps, tool, wanted, 0);
  const chosen = chooseVersion(versions, wanted.range, node);
  if (chosen === null) throw notHad(tool.label, wanted, versions, node);
  return chosen;
}

async function add({ store, registry, say, ...deps }: Deps, tool: Tool, version: string, wanted: WantedVersion) {
  say(`Fetching ${tool.label} ${version} from the npm registry`);
  try {
    return await store.add(tool.name, version, (prefix) => registry.install(tool.name, version, prefix));
  } catch (error) {
    if (!(error instanceof PermanentError)) throw error;
    throw notHad(tool.label, wanted, await listOf({ store, registry, say, ...deps }, tool, wanted, 0), null);
  }
}

async function listOf(
  { folder, registry, say }: Deps,
  { label, name }: Tool,
  wanted: WantedVersion,
  maxAgeMs: number,
): Promise<readonly PublishedVersion[]> {
  try {
    return await knownVersions({ folder: join(folder, "versions"), registry, say }, name, maxAgeMs);
  } catch (error) {
    if (!(error instanceof PermanentError)) throw error;
    const asked = `${label} ${wanted.range}, asked for by ${wanted.because}`;
    throw new PermanentError(`${asked}, cannot be had for ${process.platform} on ${process.arch}: ${error.message}`, {
      cause: error,
    });
  }
}
