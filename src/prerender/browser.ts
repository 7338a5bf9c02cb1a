/** The browser: started without anything that reaches out by itself, and started again when it ends. */
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { type Browser, chromium } from "playwright-core";
import { CrashError, PrerenderError } from "./prerender-error.ts";

export type BrowserKeeper = {
  /** The running browser, which is started first where there is none. */
  get(): Promise<Browser>;
  /** Settles when the browser and its files are gone, for whoever asks, as often as it is asked. */
  close(): Promise<void>;
};

export type BrowserOptions = {
  readonly file: string;
  /** What the browser needs of the environment, PATH and LANG. */
  readonly env: Readonly<Record<string, string>>;
  /** Its profile and temporary files lie below, and are removed with it. */
  readonly temporaryFolder: string;
  /** Hosts it may look up; no other name or address is ever asked for. */
  readonly hosts: readonly string[];
};

/** A browser that ends more often than this does so for a reason that stays. */
const MAX_STARTS = 5;
/**
 * A spare renderer would be started for each page that is opened, and taken for it, where all pages of a tab do with
 * one. The address bar that nobody sees has pages of its own, for each tab a process with 2 s of work and 160 MB. The last list on a command line is the one that counts, so those of Playwright's that concern pages are repeated.
 */
const DISABLED = [
  ...["SpareRendererForSitePerProcess", "WebUIOmniboxPopup", "WebUIOmniboxAimPopup"],
  ...["HttpsUpgrades", "HttpsFirstBalancedModeAutoEnable", "PaintHolding", "ThirdPartyStoragePartitioning"],
  ...["AvoidCorsURLLoaderRestartOnRedirect", "OptimizationHints", "NetworkTimeServiceQuerying", "PreconnectToSearch"],
];
/**
 * The path of a socket has at most 107 bytes (unix(7)), and workspaces may lie deep: Chromium ends where that of its
 * own, "org.chromium.Chromium.XXXXXX/SingletonSocket" below TMPDIR, has more.
 */
const MAX_TMPDIR = 107 - 46;

export async function openBrowser(options: BrowserOptions): Promise<BrowserKeeper> {
  const home = await mkdtemp(join(options.temporaryFolder, "slipway-browser-"));
  const short = home.length <= MAX_TMPDIR ? home : await mkdtemp("/tmp/slipway-browser-");
  let running: Promise<Browser> | undefined;
  let starts = 0;
  let isClosed = false;
  let closing: Promise<void> | undefined;

  async function start(): Promise<Browser> {
    if (isClosed) throw new PrerenderError("The browser was ended.");
    if (++starts > MAX_STARTS) {
      throw new PrerenderError(
        `Chromium ended ${MAX_STARTS} times while it made pages. Does it have enough memory? Fewer pages at once ` +
          "(prerender.parallel) or a higher limit (limits.memory) may help.",
      );
    }
    const browser = await launch(options, { home, short });
    browser.once("disconnected", () => {
      running = undefined;
    });
    return browser;
  }

  async function end(): Promise<void> {
    const browser = await running?.catch(() => undefined);
    await browser?.close().catch(() => {});
    for (const folder of [home, short]) await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }

  return {
    get() {
      running ??= start().catch((error: unknown) => {
        running = undefined;
        throw error;
      });
      return running;
    },
    close() {
      isClosed = true;
      closing ??= end();
      return closing;
    },
  };
}

/** What `work` comes to; CrashError where the browser ends first, since some calls of Playwright then never return. */
export async function untilEnd<T>(browser: Browser, work: Promise<T>): Promise<T> {
  const { promise: ended, reject } = Promise.withResolvers<never>();
  const end = () => reject(new CrashError("ended the browser"));
  browser.once("disconnected", end);
  if (!browser.isConnected()) end();
  try {
    return await Promise.race([work, ended]);
  } finally {
    browser.off("disconnected", end);
  }
}

/** `short` is a folder with a short path. */
type Folders = { readonly home: string; readonly short: string };

async function launch({ file, env, hosts }: BrowserOptions, { home, short }: Folders): Promise<Browser> {
  try {
    return await chromium.launch({
      executablePath: file,
      env: { ...env, HOME: home, TMPDIR: short, XDG_CONFIG_HOME: home, XDG_CACHE_HOME: home },
      // What ends this process ends the browser too, after its own tidying.
      handleSIGINT: false,
      handleSIGTERM: false,
      handleSIGHUP: false,
      // The build's sandbox stands around it, in which Chromium cannot set up its own.
      chromiumSandbox: false,
      args: [
        `--disable-features=${DISABLED.join(",")}`,
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        // WebRTC goes past the interception of requests.
        "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
        `--host-resolver-rules=${["MAP * ~NOTFOUND", ...hosts.map((host) => `EXCLUDE ${host}`)].join(", ")}`,
      ],
    });
  } catch (error) {
    throw new PrerenderError(`${file} could not be started: ${lastWords(error)}`);
  }
}

/** What Chromium said before it ended: playwright's message holds all of its output, below its own advice. */
function lastWords(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const said = [...text.matchAll(/^\s*(?:- )?\[pid=\d+\]\[err\] (.+)$/gm)].map((match) => match[1]);
  // What it ends with is the report of its end, and nothing about the reason.
  const reason = said.findLast((line) => /:FATAL:|error while loading/.test(line ?? "")) ?? said.at(-1);
  return (reason ?? text.split("\n")[0] ?? "").slice(0, 500);
}
