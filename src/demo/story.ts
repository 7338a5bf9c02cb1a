/** The demo's story, act by act. Each act does something as a user would, then checks from outside what became of it. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Observer } from "./observer.ts";
import type { Claim, Screen } from "./screen.ts";
import { ciInSlack, commandInSlack, rollbackInSlack } from "./slack-story.ts";
import { alertInSlack, contentSaved } from "./sources-story.ts";
import { begin, builtFiles, claim, pushAndWait, type SiteScript, type Story, until } from "./story-step.ts";
import type { World } from "./world.ts";

/** Content of the site on its way to the host; what Slipway keeps there for itself has other names. */
const STAGED = /\/s-[a-z0-9]{6}\/[a-z0-9]{10,16}(-\d+)?$/;

/** Plays the story and answers with what was claimed and seen. */
export async function playStory(
  world: World,
  observer: Observer,
  screen: Screen,
  script: SiteScript,
): Promise<Claim[]> {
  const story: Story = {
    world,
    observer,
    screen,
    script,
    claims: [],
    act: "",
    beforeBreak: "",
    first: new Map(),
    lastDelivery: 0,
  };
  await firstPush(story);
  await oneLineChange(story);
  await duplicate(story);
  await brokenBuild(story);
  await mended(story);
  await commandInSlack(story);
  await rollbackInSlack(story);
  await ciInSlack(story);
  await contentSaved(story);
  await alertInSlack(story);
  return story.claims;
}

async function firstPush(story: Story): Promise<void> {
  const { world, screen, observer } = story;
  begin(story, "1. A push to main");
  const commit = await pushAndWait(story, "Open the shop", {}, "live");
  const expected = await builtFiles(story);
  story.first = expected;
  const host = await observer.hostFiles();
  const wrong = [...expected].filter(([path, content]) => !host.get(path)?.equals(content)).map(([path]) => path);
  claim(
    story,
    "every built file is on the FTP host, byte for byte",
    wrong.length === 0,
    `${expected.size} files`,
    wrong,
  );
  const pages = [...expected.keys()].filter((path) => path.endsWith("index.html"));
  const unseen: string[] = [];
  for (const path of pages) {
    const { status, body } = await observer.page(path.replace(/index\.html$/, ""));
    if (status !== 200 || !body.equals(expected.get(path) ?? Buffer.alloc(0))) unseen.push(`${path} (${status})`);
  }
  claim(story, "visitors get every page of it", unseen.length === 0, `${pages.length} pages`, unseen);
  const hidden = await observer.page(".slipway/manifest.json.gz");
  claim(story, "visitors do not get Slipway's own files", hidden.status === 404, `${hidden.status}`);
  await tellsOfDeployment(story, commit, "success");
  const { logUrl } = (await observer.deployments()).at(-1) ?? { logUrl: "" };
  const log = logUrl ? await (await fetch(logUrl)).text() : "";
  claim(story, "GitHub's link opens the transcript", log.includes("── publish ──"), `${log.split("\n").length} lines`);
  claim(story, "the transcript needs its key", (await fetch(logUrl.split("?")[0] ?? "")).status === 404, "404 without");
  screen.step("site", world.web.url);
}

async function oneLineChange(story: Story): Promise<void> {
  const { world, script } = story;
  begin(story, "2. A change of one line");
  const before = world.ftp.log.stored.length;
  const { message, file, from, to } = script.edit;
  const text = await readFile(join(world.repository.folder, file), "utf8");
  if (!text.includes(from)) throw new Error(`${file} does not contain ${from}`);
  const old = await builtFiles(story);
  const commit = await pushAndWait(story, message, { [file]: text.replace(from, to) }, "live");
  const now = await builtFiles(story);
  const changed = [...now].filter(([path, content]) => !old.get(path)?.equals(content)).map(([path]) => path);
  const travelled = world.ftp.log.stored.slice(before).filter((it) => STAGED.test(it.path));
  const bytes = travelled.reduce((sum, it) => sum + it.bytes, 0);
  const expectedBytes = changed.reduce((sum, path) => sum + (now.get(path)?.length ?? 0), 0);
  claim(
    story,
    "only what changed travels to the host",
    travelled.length === changed.length && bytes === expectedBytes,
    `${travelled.length} of ${now.size} files, ${bytes} bytes: ${changed.join(", ")}`,
  );
  const host = await story.observer.hostFiles();
  const wrong = [...now].filter(([path, content]) => !host.get(path)?.equals(content)).map(([path]) => path);
  claim(story, "the site shows the change, byte for byte", wrong.length === 0, to, wrong);
  await tellsOfDeployment(story, commit, "success");
}

async function duplicate(story: Story): Promise<void> {
  const { world, screen, observer } = story;
  begin(story, "3. The same delivery once more");
  const before = await snapshot(observer);
  const stored = world.ftp.log.stored.length;
  const again = await world.github.redeliver(story.lastDelivery);
  screen.step("GitHub", `redelivers ${again.guid}, answered ${again.status_code}`);
  claim(
    story,
    "a duplicate delivery is answered like the first one",
    again.status_code === 200,
    `${again.status_code}`,
  );
  // A ping sent after it is answered by the same road; a little later anything that was to happen would have begun.
  await world.github.deliver({ event: "ping", payload: world.github.pingPayload() });
  await new Promise((resolve) => setTimeout(resolve, 2000));
  const after = await snapshot(observer);
  claim(
    story,
    "and causes nothing: no message, no deployment, no upload",
    before === after && world.ftp.log.stored.length === stored,
    after,
  );
}

async function brokenBuild(story: Story): Promise<void> {
  const { world, observer, script } = story;
  begin(story, "4. A commit that breaks the build");
  const { message, file, content } = script.breakage;
  story.beforeBreak = await readFile(join(world.repository.folder, file), "utf8");
  const before = await observer.hostFiles();
  const commit = await pushAndWait(story, message, { [file]: content }, "failed");
  const after = await observer.hostFiles();
  const same = before.size === after.size && [...before].every(([path, content]) => after.get(path)?.equals(content));
  claim(story, "the live site stays as it was, byte for byte", same, `${after.size} files`);
  await tellsOfDeployment(story, commit, "failure");
}

async function mended(story: Story): Promise<void> {
  const { world, script, observer } = story;
  begin(story, "5. The mend");
  const stored = world.ftp.log.stored.length;
  const { file, repair } = script.breakage;
  const commit = await pushAndWait(story, repair, { [file]: story.beforeBreak }, "live");
  const expected = await builtFiles(story);
  const host = await observer.hostFiles();
  const wrong = [...expected].filter(([path, content]) => !host.get(path)?.equals(content)).map(([path]) => path);
  claim(story, "the site is what it was before the break", wrong.length === 0, `${expected.size} files`, wrong);
  const travelled = world.ftp.log.stored.slice(stored).filter((it) => STAGED.test(it.path));
  claim(story, "and no file of it had to travel", travelled.length === 0, `${travelled.length} files`);
  await tellsOfDeployment(story, commit, "success");
}

/** GitHub and Slack tell of this deployment, each once, to the end. */
async function tellsOfDeployment(story: Story, commit: string, conclusion: "success" | "failure"): Promise<void> {
  const { observer } = story;
  const word = conclusion === "success" ? "live" : "failed";
  const github = await until(30_000, async () => {
    const mine = (await observer.deployments()).filter((it) => it.sha === commit);
    return mine.at(-1)?.states.at(-1) === conclusion ? mine : undefined;
  });
  const states = github?.at(-1)?.states.join(" → ") ?? "nothing";
  claim(
    story,
    `GitHub shows one deployment: queued → in_progress → ${conclusion}`,
    github?.length === 1 && states === `queued → in_progress → ${conclusion}`,
    states,
  );
  const checks = await until(30_000, async () => {
    const found = await observer.checks(commit);
    return found.includes(conclusion) ? found : undefined;
  });
  claim(story, `and one check run: ${conclusion}`, checks?.length === 1, checks?.join(", ") ?? "none");
  const messages = (await observer.messages()).filter((it) => it.text.includes(commit.slice(0, 7)));
  claim(
    story,
    `Slack shows one message, edited to ${word}`,
    messages.length === 1 && messages[0]?.text.includes(word) === true,
    messages[0]?.text ?? "none",
  );
}

async function snapshot(observer: Observer): Promise<string> {
  const [messages, deployments] = await Promise.all([observer.messages(), observer.deployments()]);
  return `${messages.length} messages, ${deployments.length} deployments`;
}
