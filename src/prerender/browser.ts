/** The browser: started without anything that reaches out by itself, and started again when it ends. */
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { type Browser, chromium } from "playwright-core";
import { PrerenderError } from "./prerender-error.ts";

export type BrowserKeeper = {
  /** The running browser, which is started first where there is none. */
  get(): Promise<Browser>;
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

export async function openBrowser(options: BrowserOptions): Promise<BrowserKeeper> {
  const home = await mkdtemp(join(options.temporaryFolder, "slipway-browser-"));
  let running: Promise<Browser> | undefined;
  let starts = 0;
  let isClosed = false;

  async function start(): Promise<Browser> {
    if (isClosed) throw new PrerenderError("The browser was ended.");
    if (++starts > MAX_STARTS) {
      throw new PrerenderError(
        `Chromium ended ${MAX_STARTS} times while it made pages. Does it have enough memory? Fewer pages at once ` +
          "(prerender.parallel) or a higher limit (limits.memory) may help.",
      );
    }
    const browser = await launch(options, home);
    browser.once("disconnected", () => {
      running = undefined;
    });
    return browser;
  }

  return {
    get() {
      running ??= start().catch((error: unknown) => {
        running = undefined;
        throw error;
      });
      return running;
    },
    async close() {
      isClosed = true;
      const browser = await running?.catch(() => undefined);
      await browser?.close().catch(() => {});
      await rm(home, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

async function launch({ file, env, hosts }: BrowserOptions, home: string): Promise<Browser> {
  try {
    return await chromium.launch({
      executablePath: file,
      env: { ...env, HOME: home, TMPDIR: home, XDG_CONFIG_HOME: home, XDG_CACHE_HOME: home },
      // What ends this process ends the browser too, after its own tidying.
      handleSIGINT: false,
      handleSIGTERM: false,
      handleSIGHUP: false,
      // The build's sandbox stands around it, in which Chromium cannot set up its own.
      chromiumSandbox: false,
      args: [
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
  return (said.at(-1) ?? text.split("\n")[0] ?? "").slice(0, 500);
}
