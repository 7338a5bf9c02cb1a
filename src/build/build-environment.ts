/** The environment of install and build: a short list, and what the site sets. */
import { delimiter } from "node:path";
import { BASICS, type Environment, NETWORK, NPM, pick, safePath } from "../process/environment.ts";

export type BuildEnvironmentOptions = {
  readonly from: Environment;
  /** First in PATH: the Node and the package manager of this build. */
  readonly binFolders: readonly string[];
  /** Private folders of this one build. */
  readonly homeFolder: string;
  readonly temporaryFolder: string;
  /** The folder above the checked-out files: a search for a git repository ends here. */
  readonly workFolder: string;
  readonly site: string;
  readonly commit: string;
  readonly branch: string;
  /** The operator's variables for this site; they win over all others. */
  readonly env: Readonly<Record<string, string>>;
};

/** The environment of install and, with its secrets added, of the build. */
export function buildEnvironment(options: BuildEnvironmentOptions): Record<string, string> {
  const { from } = options;
  return {
    ...pick(from, (name) => BASICS.includes(name) || NETWORK.test(name) || NPM.test(name)),
    PATH: [...options.binFolders, safePath(from.PATH)].join(delimiter),
    HOME: options.homeFolder,
    TMPDIR: options.temporaryFolder,
    // Or a build inside a data folder that lies in a repository would find that one.
    GIT_CEILING_DIRECTORIES: options.workFolder,
    CI: "true",
    SLIPWAY_SITE: options.site,
    SLIPWAY_COMMIT: options.commit,
    SLIPWAY_BRANCH: options.branch,
    ...options.env,
  };
}
