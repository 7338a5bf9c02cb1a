/** What the acts of the demo's story have in common: to begin, to push and wait, to look until it is so, to claim. */
import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { promisify } from "node:util";
import { GRACE } from "./git-repository.ts";
import type { Observer } from "./observer.ts";
import type { Claim, Screen } from "./screen.ts";
import type { World } from "./world.ts";

const run = promisify(execFile);

/** What differs between the example sites. */
export type SiteScript = {
  /** Builds the site in `folder`, so that there is something to compare with; answers with the folder of the result. */
  readonly build: readonly string[][];
  readonly output: string;
  /** A change of one line: the file, what stands there, what comes instead. */
  readonly edit: { readonly message: string; readonly file: string; readonly from: string; readonly to: string };
  /** A file and content that break the build, and what the commit is called that takes it back. */
  readonly breakage: {
    readonly message: string;
    readonly file: string;
    readonly content: string;
    readonly repair: string;
  };
  /** How long one deployment may take. */
  readonly deployWithinMs: number;
};

export type Story = {
  readonly world: World;
  readonly observer: Observer;
  readonly screen: Screen;
  readonly script: SiteScript;
  readonly claims: Claim[];
  act: string;
  /** Of the file that act 4 breaks. */
  beforeBreak: string;
  /** What act 1 built. */
  first: Map<string, Buffer>;
  /** GitHub's number of the last push that it delivered. */
  lastDelivery: number;
};

export function begin(story: Story, act: string): void {
  story.act = act;
  story.screen.title(act);
}

/** Commits, pushes, has GitHub send its webhook, and follows the message in Slack to its end. */
export async function pushAndWait(
  story: Story,
  message: string,
  changes: Record<string, string>,
  end: "live" | "failed",
): Promise<string> {
  const { world, screen, observer, script } = story;
  const { repository, github } = world;
  await repository.commit({ message, author: GRACE, changes });
  const push = await repository.push();
  screen.step("git", `push ${push.after.slice(0, 7)} “${message}”`);
  const delivery = await github.deliverPush({ folder: repository.folder, ...push });
  story.lastDelivery = delivery.id;
  screen.step(
    "GitHub",
    `sends push ${delivery.guid}, answered ${delivery.status_code} in ${Math.round(delivery.duration * 1000)} ms`,
  );
  const shown = await followMessage(observer, screen, push.after, script.deployWithinMs);
  claim(story, `the push ends ${end}`, shown?.includes(` ${end}`) === true, shown ?? "no message came to an end");
  return push.after;
}

/** Shows what Slack's message about a commit says until it says how it ended; answers with that, if it did in time. */
export async function followMessage(
  observer: Observer,
  screen: Screen,
  commit: string,
  withinMs: number,
): Promise<string | undefined> {
  const known = new Set<string>();
  return until(withinMs, async () => {
    const text = (await observer.messages()).find((it) => it.text.includes(commit.slice(0, 7)))?.text;
    if (text === undefined) return undefined;
    if (!known.has(text)) screen.step("Slack", text);
    known.add(text);
    return / (live|failed|cancelled|superseded|skipped)\b/.test(text) ? text : undefined;
  });
}

export function claim(
  { claims, screen, act }: Story,
  name: string,
  holds: boolean,
  seen: string,
  wrong: readonly string[] = [],
): void {
  const one = { act, name, holds, seen: wrong.length > 0 ? `${seen}, wrong: ${wrong.slice(0, 5).join(", ")}` : seen };
  claims.push(one);
  screen.claim(one);
}

/** Builds the pushed commit beside Slipway, to know what must be on the host. */
export async function builtFiles({ world, script }: Story): Promise<Map<string, Buffer>> {
  const folder = join(world.folder, "reference");
  await run("git", ["clone", "--quiet", world.repository.bareFolder, folder]).catch(() => undefined);
  await run("git", ["pull", "--quiet"], { cwd: folder });
  for (const [file = "", ...args] of script.build) await run(file, args, { cwd: folder, maxBuffer: 1e8 });
  const output = join(folder, script.output);
  const files = new Map<string, Buffer>();
  for (const entry of await readdir(output, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    files.set(relative(output, path).split("\\").join("/"), await readFile(path));
  }
  return files;
}

/** Looks every 200 ms until there is an answer or the time is up. */
export async function until<T>(withinMs: number, look: () => Promise<T | undefined>): Promise<T | undefined> {
  const deadlineMs = performance.now() + withinMs;
  for (;;) {
    const found = await look();
    if (found !== undefined || performance.now() > deadlineMs) return found;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
