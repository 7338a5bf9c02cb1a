/** One tab of the browser, in which page after page is opened as if for a first visit. */
import { setTimeout as delay } from "node:timers/promises";
import type { Browser, BrowserContext, ConsoleMessage, Page, Request, WebSocketRoute } from "playwright-core";
import { answerRequest, BLANK_PATH, isMainDocument, type Origin } from "./answer-request.ts";
import { CrashError } from "./prerender-error.ts";
import { createVisit, shorten, threw, type Visit } from "./visit.ts";

export type Tab = {
  readonly page: Page;
  /** What is noticed from now on belongs to this visit. */
  begin(route: string): Visit;
  /** Leaves the page and forgets what it stored. False where that did not work, and the tab is of no more use. */
  leave(): Promise<boolean>;
  close(): Promise<void>;
};

/** An empty page is there at once; one that hangs is not worth waiting for. */
const LEAVE_MS = 5000;

/** A page is done without these, or never has all of them: they last as long as it is open, or load by and by. */
const ENDLESS = new Set(["eventsource", "websocket", "ping", "media", "manifest"]);

/** Service workers would answer requests in our place, and belong to a visitor's second visit. Apps ask whether there are any. */
const NO_SERVICE_WORKERS = "delete Navigator.prototype.serviceWorker";

/** Every site is seen by the same visitor, or pages would differ from machine to machine. */
const VISITOR = {
  viewport: { width: 1280, height: 800 },
  locale: "en-US",
  timezoneId: "UTC",
  colorScheme: "light",
  reducedMotion: "reduce",
  serviceWorkers: "block",
  acceptDownloads: false,
} as const;

export async function openTab(browser: Browser, origin: Origin): Promise<Tab> {
  const context = await browser.newContext(VISITOR);
  let visit = createVisit("");
  // All others are refused, so that none waits for somebody to answer. What is asked for on private networks and this
  // machine has been allowed by name; browsers of before 2025 let pages do that anyway, and do not know the name.
  await context.grantPermissions(["local-network-access"]).catch(() => context.grantPermissions([]));
  await context.addInitScript(NO_SERVICE_WORKERS);
  await context.route("**/*", (route) => answerRequest(route, origin, visit).catch(() => {}));
  await context.routeWebSocket(/.*/, (socket) => connect(socket, origin, visit));
  const page = await context.newPage();
  context.on("page", (opened) => void opened.close().catch(() => {}));
  listen(page, () => visit);
  const session = await context.newCDPSession(page);

  return {
    page,
    begin(route) {
      visit = createVisit(route);
      return visit;
    },
    async leave() {
      const { place } = origin;
      visit = createVisit("");
      try {
        await page.goto(place.origin + place.root + BLANK_PATH, { waitUntil: "commit", timeout: LEAVE_MS });
        await page.evaluate("sessionStorage.clear(); window.name = ''");
        await session.send("Storage.clearDataForOrigin", { origin: place.origin, storageTypes: "all" });
        await context.clearCookies();
        return true;
      } catch {
        // The page is on its way elsewhere, hangs, or its browser has ended.
        return false;
      }
    },
    close: () => closeContext(context),
  };
}

function listen(page: Page, current: () => Visit): void {
  const over = (request: Request) => current().waitingFor.delete(request);
  page.on("request", (request) => {
    if (isMainDocument(request)) current().loads += 1;
    if (!ENDLESS.has(request.resourceType())) current().waitingFor.set(request, request.url());
  });
  page.on("requestfinished", over);
  page.on("requestfailed", over);
  page.on("pageerror", (error) => {
    const visit = current();
    visit.fail(threw(visit, error.message));
  });
  page.on("console", (message) => void notice(message, current()).catch(() => {}));
  page.on("crash", () => current().fail(new CrashError("ended the browser's process for it")));
}

/**
 * Frameworks catch what components throw and report it. Angular's ErrorHandler writes `console.error('ERROR', error)`
 * (angular.dev/api/core/ErrorHandler) and leaves half a page; others are warned of.
 */
async function notice(message: ConsoleMessage, visit: Visit): Promise<void> {
  if (message.type() !== "error") return;
  const [first, ...others] = message.args();
  if (first === undefined) return;
  const isError = await Promise.all([first, ...others].map((arg) => arg.evaluate((it) => it instanceof Error)));
  if (!isError.includes(true)) return;
  if ((await first.jsonValue()) === "ERROR") visit.fail(threw(visit, message.text().replace(/^ERROR /, "")));
  else visit.reported.add(shorten(message.text(), 200));
}

async function connect(socket: WebSocketRoute, { allowed }: Origin, visit: Visit): Promise<void> {
  const origin = new URL(socket.url()).origin.replace(/^ws/, "http");
  if (allowed.has(origin)) {
    socket.connectToServer();
    return;
  }
  visit.blocked.add(origin);
  await socket.close();
}

/** A tab whose page hangs is not worth waiting for: its browser is closed in the end. */
async function closeContext(context: BrowserContext): Promise<void> {
  const done = new AbortController();
  // It keeps this process going: nothing else may, where the browser has ended.
  const late = delay(LEAVE_MS, undefined, { signal: done.signal }).catch(() => {});
  await Promise.race([context.close().catch(() => {}), late]);
  done.abort();
}
