/** What one entry of the table of frameworks says. */
import type { FolderListing } from "./folder-listing.ts";
import type { Package } from "./package-json.ts";

/** What a framework's entry decides from. */
export type FrameworkFacts = {
  readonly own: FolderListing;
  readonly pack: Package | null;
  /** Text of the build script, or of the operator's command; empty where there is none. */
  readonly script: string;
};

/** Folders relative to the site's, in the order in which they are tried after the build. */
export type Outputs = { readonly paths: readonly string[]; readonly because: string };

/** What there is to say about a site beyond how it is built. */
export type Findings = {
  /** Sentences for the transcript. */
  readonly remarks?: readonly string[];
  /** Why this site cannot be published as it is set up, and how to mend that: it fails before anything is installed. */
  readonly refusal?: string;
  /** What to do when the build leaves no output folder. */
  readonly advice?: string;
};

export type Framework = {
  readonly name: string;
  /** Any of these among the dependencies shows it; the version is that of the first. */
  readonly packages: readonly string[];
  /** The file that shows it where no package does; null when there is none. */
  file?(facts: FrameworkFacts): string | null;
  /** Scripts of package.json that build it, the first one that exists. Default: "build". */
  readonly scripts?: readonly string[];
  /** Program and arguments that build it where there is no script. */
  command(facts: FrameworkFacts): string;
  /** Programs of the machine that `command` and `install` need where no package brings them. */
  readonly programs?: readonly string[];
  /** Installs what it needs where that is no matter of package.json. */
  readonly install?: string;
  /** Commands in a build script that would give no static files; `command` is run in place of the script. */
  readonly insteadOf?: RegExp;
  outputs(facts: FrameworkFacts): Outputs;
  examine?(facts: FrameworkFacts): Findings;
};
