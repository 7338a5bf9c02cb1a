/** What separates builds from the machine they run on, and what bounds them. */

/**
 * bubblewrap: own processes, files and (where it can be had) network. user: another user id. none: builds run as
 * Slipway's own user and can read what that user can.
 */
export const ISOLATIONS = ["bubblewrap", "user", "none"] as const;
export type Isolation = (typeof ISOLATIONS)[number];

/** Each is named when a build reaches it. Sizes in bytes. */
export type BuildLimits = {
  /** Resident memory of all processes of the build together. */
  readonly memoryBytes: number;
  /** Processes and threads at the same time. */
  readonly processes: number;
  /** What the build may write on disk: workspace, home, temporary folder. */
  readonly diskBytes: number;
  /** What one stage may print. */
  readonly printedBytes: number;
  /** The release. */
  readonly outputBytes: number;
  readonly outputFiles: number;
};

/** What the operator said about the sandbox of a site's builds. */
export type SandboxSettings = {
  /** Null takes the best that the machine has, but never none. */
  readonly isolation: Isolation | null;
  /** Private addresses that builds may reach all the same: "10.1.2.3", "10.1.0.0/16", "registry.internal". */
  readonly allowHosts: readonly string[];
  readonly limits: BuildLimits;
};

/** What is done about links of a release that lead nowhere. */
export const LINK_CHECKS = ["warn", "fail", "off"] as const;
export type LinkCheck = (typeof LINK_CHECKS)[number];

/** How pages are made of an app that does not prerender itself. */
export type PrerenderSettings = {
  /** Paths to start from, each beginning with "/". */
  readonly routes: readonly string[];
  /** Whether links between pages are followed. */
  readonly crawl: boolean;
  /** Pages at the same time. */
  readonly parallel: number;
  /** Longest time for one page, in milliseconds. */
  readonly timeoutMs: number;
  /** Origins that pages may load from besides their own: "https://api.example.com". */
  readonly allow: readonly string[];
  /** A JavaScript expression, true when the page is ready; null waits until the network is quiet. */
  readonly ready: string | null;
  /** At most so many pages. */
  readonly maxPages: number;
};

/** How a site is built, as its operator wrote it; null leaves the decision to what the repository holds. */
export type SiteBuild = {
  readonly name: string;
  /** Folder of the site inside the repository; "." is the repository itself. */
  readonly folder: string;
  readonly command: string | null;
  readonly install: string | null;
  /** Folder with the built files, relative to `folder`. */
  readonly output: string | null;
  /** Version or range of Node, as in `engines`. */
  readonly node: string | null;
  /** Environment variables of install and build. */
  readonly env: Readonly<Record<string, string>>;
  /** Limit of one stage. */
  readonly timeoutMs: number;
  /** Limit without any output. */
  readonly idleTimeoutMs: number;
  readonly prerender: PrerenderSettings | null;
  /** Null: nobody said; missing targets are warned of, and stop the deployment where the live release had none. */
  readonly links: LinkCheck | null;
};
