/** `slipway demo`: the whole story on this machine. It stays up until Ctrl-C, or with --once says whether all claims hold. */
import { nearest } from "../config/problem.ts";
import { PermanentError } from "../errors.ts";
import { probeIsolation } from "../sandbox/probe-isolation.ts";
import { createLogKeys } from "../secrets/log-keys.ts";
import { secret } from "../secrets/secret.ts";
import { statusLink } from "../web/status.ts";
import { observe } from "./observer.ts";
import { createScreen, type Screen } from "./screen.ts";
import { playStory } from "./story.ts";
import { followMessage, type SiteScript } from "./story-step.ts";
import { CHANNEL, siteFolder, startWorld, type World } from "./world.ts";

const SITES: Record<string, SiteScript> = {
  plain: {
    build: [[process.execPath, "build.mjs"]],
    output: "dist",
    edit: { message: "Open an hour longer", file: "content/order.md", from: "six to one", to: "six to two" },
    breakage: {
      message: "Tidy up the order page",
      file: "content/order.md",
      content: "title: Order, without the line that ends the head\n",
      repair: "Put the order page back",
    },
    deployWithinMs: 60_000,
  },
  angular: {
    build: [
      ["npm", "ci", "--no-audit", "--no-fund"],
      ["npm", "run", "build"],
    ],
    output: "dist/tidewater/browser",
    edit: {
      message: "Name the icon for screen readers",
      file: "public/favicon.svg",
      from: "<svg",
      to: '<svg role="img"',
    },
    breakage: {
      message: "Rewrite the start",
      file: "src/main.ts",
      content: "this is no TypeScript (\n",
      repair: "Put the start back",
    },
    deployWithinMs: 240_000,
  },
};

/** Runs the demo. Answers with the exit code: 0, or 1 when a claim does not hold. */
export async function runDemo(options: { once: boolean; site: string }): Promise<number> {
  const script = SITES[options.site];
  if (!script) {
    const guess = nearest(options.site, Object.keys(SITES));
    throw new PermanentError(
      `there is no example site ${options.site}; ${guess ? `did you mean ${guess}?` : Object.keys(SITES).join(" or ")}`,
    );
  }
  const screen = createScreen();
  screen.title("Slipway’s demo: a GitHub, a Slack, an FTPS host and a web server, all on this machine");
  const isApart = (await probeIsolation(process.env)).some((it) => it.isolation !== "none" && it.isAvailable);
  if (!isApart) screen.note("Without bubblewrap, the demo's builds run as you: `slipway doctor` says how to have it.");
  const siteKeys = isApart ? "" : "    isolation: none\n";
  const world = await startWorld({ siteFolder: siteFolder(options.site), siteKeys, onLog: () => {} });
  // From here on Ctrl-C ends the world in good order, whenever it comes.
  const interrupted = new Promise<"interrupted">((resolve) => {
    // A second Ctrl-C finds it ending already; without a listener it would end this process alone, and leave the others.
    process.on("SIGINT", () => resolve("interrupted"));
    process.on("SIGTERM", () => resolve("interrupted"));
  });
  try {
    screen.step("Slipway", `takes deliveries at ${world.slipwayUrl}`);
    const claims = await Promise.race([playStory(world, observe(world), screen, script), interrupted]);
    if (claims === "interrupted") return 1;
    screen.table(claims);
    if (options.once) return claims.every((it) => it.holds) ? 0 : 1;
    await stayUp(world, screen, script.deployWithinMs, interrupted);
    return 0;
  } finally {
    await world.stop();
  }
}

/** Shows where everything is, and turns each further push to the repository into a webhook. */
async function stayUp(
  world: World,
  screen: Screen,
  deployWithinMs: number,
  interrupted: Promise<unknown>,
): Promise<void> {
  const observer = observe(world);
  const { logUrl } = (await observer.deployments()).at(-1) ?? { logUrl: "" };
  const logKeys = createLogKeys([secret(world.settings.WEBHOOK_SECRET ?? "")]);
  screen.title("Now you");
  screen.note(`the site          ${world.web.url}`);
  screen.note(`Slack             ${world.slack.inspectorUrl(CHANNEL)}`);
  screen.note(`the last log      ${logUrl}`);
  screen.note(`the status page   ${statusLink(world.slipwayUrl, logKeys, Date.now())}`);
  screen.note(`the repository    ${world.repository.folder}`);
  screen.note("Change something there, commit and push: it goes live. Ctrl-C ends the demo.");
  let isOver = false;
  void interrupted.then(() => {
    isOver = true;
  });
  let known = await world.repository.head();
  while (!isOver) {
    await Promise.race([interrupted, new Promise((resolve) => setTimeout(resolve, 1000))]);
    const head = await world.repository.head();
    if (head === known || isOver) continue;
    const delivery = await world.github.deliverPush({
      folder: world.repository.bareFolder,
      before: known,
      after: head,
    });
    screen.step("GitHub", `sends push ${head.slice(0, 7)}, answered ${delivery.status_code}`);
    // What goes wrong at the end of the world is no news.
    void followMessage(observer, screen, head, deployWithinMs).catch(() => {});
    known = head;
  }
  screen.note("Ending.");
}
