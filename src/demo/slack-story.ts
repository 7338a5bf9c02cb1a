/** The acts of the demo's story that people play in Slack: a command, a rollback, and what CI has to say. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { begin, claim, type Story, until } from "./story-step.ts";
import { ALICE, CHANNEL, GUEST } from "./world.ts";

const WITHIN_MS = 60_000;

/** Somebody who may has the live release published again; somebody who may not is told why. */
export async function commandInSlack(story: Story): Promise<void> {
  const { screen, observer } = story;
  begin(story, "6. A command in Slack");
  const before = (await observer.messages()).length;
  const asked = await slash(story, ALICE, "/redeploy", "");
  claim(
    story,
    "Slack has its answer within a second",
    asked.ms < 1000 && asked.status === 200,
    `${Math.round(asked.ms)} ms`,
  );
  const shown = await until(WITHIN_MS, async () => {
    const added = (await observer.messages()).slice(before);
    return added.find(({ text }) => text.includes("redeployed")) && added;
  });
  claim(story, "one message of its own follows it to the end", shown?.length === 1, shown?.[0]?.text ?? "none");
  const told = await whisper(story, ALICE);
  screen.step("Slack", `to alice alone: ${told}`);
  claim(story, "and she alone was answered", told !== "", told);
  await slash(story, GUEST, "/redeploy", "shop");
  const refusal = await whisper(story, GUEST);
  screen.step("Slack", `to gus alone: ${refusal}`);
  claim(story, "a guest is told that guests may not", /guests/i.test(refusal), refusal);
  claim(story, "and nothing happens", (await observer.messages()).length === before + 1, `${before + 1} messages`);
}

/** The first release comes back without a build, and what is pushed meanwhile waits until somebody says so. */
export async function rollbackInSlack(story: Story): Promise<void> {
  const { world, screen, observer, script } = story;
  begin(story, "7. A rollback in Slack");
  const opened = world.slack.modals().length;
  await slash(story, ALICE, "/rollback", "");
  const dialog = await until(WITHIN_MS, async () => world.slack.modals()[opened]);
  const shown = JSON.stringify(dialog?.view.blocks ?? []);
  claim(
    story,
    "a dialog shows from and to",
    shown.includes("*From* what is live") && shown.includes('"text":"To"'),
    dialog ? "opened" : "not opened",
  );
  if (!dialog) return;
  const before = (await observer.messages()).length;
  const clickMs = performance.now();
  const sent = await world.sender.submit({ user: ALICE, view: dialog, values: { reason: "the first one was nicer" } });
  screen.step("Slack", `alice sends the dialog, answered ${sent.status}`);
  const message = await until(WITHIN_MS, async () =>
    (await observer.messages()).slice(before).find(({ text }) => text.includes("rolled back")),
  );
  const took = `${((performance.now() - clickMs) / 1000).toFixed(1)} s`;
  claim(
    story,
    "the release before is live again, and nothing was built",
    message !== undefined,
    message?.text ?? "not live",
  );
  const host = await observer.hostFiles();
  const wrong = [...story.first].filter(([path, content]) => !host.get(path)?.equals(content)).map(([path]) => path);
  claim(story, "byte for byte", wrong.length === 0, `${story.first.size} files, ${took} after the click`, wrong);

  const { file, from, to } = script.edit;
  const text = await readFile(join(world.repository.folder, file), "utf8");
  await world.repository.commit({
    message: "And once more",
    author: { name: "Grace", email: "grace@example.com" },
    changes: { [file]: text.replace(to, `${from} `) },
  });
  const push = await world.repository.push();
  screen.step("git", `push ${push.after.slice(0, 7)} “And once more”`);
  await world.github.deliverPush({ folder: world.repository.folder, ...push });
  const commit = push.after.slice(0, 7);
  const says = (word: string) =>
    until(script.deployWithinMs, async () =>
      (await observer.messages()).find(({ text: it }) => it.includes(commit) && it.includes(word)),
    );
  const held = await says("is held");
  claim(story, "what is pushed now is held", held !== undefined, held?.text ?? "not held");
  await slash(story, ALICE, "/deploy", "resume");
  const live = await says("is live");
  claim(story, "until somebody resumes the site", live !== undefined, live?.text ?? "not live");
}

/** A branch that breaks is one message, from the first failure to the mend. */
export async function ciInSlack(story: Story): Promise<void> {
  const { world, screen, observer } = story;
  begin(story, "8. CI, red and green");
  const commit = await world.repository.head();
  const before = (await observer.messages()).length;
  const run = async (conclusion: string) => {
    const { guid } = await world.github.deliverWorkflowRun({ commit, conclusion, message: "Change the order page" });
    screen.step("GitHub", `sends workflow_run ${guid}: ${conclusion}`);
  };
  const says = (text: RegExp) =>
    until(WITHIN_MS, async () => {
      const found = (await observer.messages()).slice(before).find((it) => text.test(it.text));
      if (found) screen.step("Slack", found.text);
      return found;
    });
  await run("success");
  await run("failure");
  const red = await says(/^CI fails/);
  claim(story, "the first failure is told", red !== undefined, red?.text ?? "not told");
  await run("failure");
  await run("success");
  const green = await says(/^CI works again/);
  const isSame = green !== undefined && green.ts === red?.ts;
  claim(story, "the first success turns the same message green", isSame, green?.text ?? "not told");
  // Not all that is new here is about CI: that the site goes on may be posted only now.
  const about = (await observer.messages()).slice(before).filter(({ text }) => /\bCI\b/.test(text)).length;
  claim(story, "and nothing else was said of CI", about === 1, `${about} message${about === 1 ? "" : "s"}`);
}

/** Sends a slash command as Slack does; answers with how long Slack waited. */
async function slash(
  story: Story,
  user: string,
  command: string,
  text: string,
): Promise<{ status: number; ms: number }> {
  const { world, screen } = story;
  const startMs = performance.now();
  const { status } = await world.sender.command({ user, channel: world.slack.channelId(CHANNEL), command, text });
  const ms = performance.now() - startMs;
  screen.step("Slack", `${world.slack.nameOf(user)}: ${command} ${text}`.trimEnd());
  return { status, ms };
}

/** The last thing that this person alone was told, once there is one. */
async function whisper({ world }: Story, user: string): Promise<string> {
  const told = await until(WITHIN_MS, async () => world.slack.ephemerals().findLast((it) => it.user === user));
  return told?.text ?? "";
}
