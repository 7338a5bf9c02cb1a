/** How the stages of a deployment are shown in Slack: a plan whose tasks tick off, or one line where plans are not taken. */
import { type Deployment, type Stage, stagesOf } from "../../../model/deployment.ts";
import { type Block, context } from "./slack-blocks.ts";

type Task = NonNullable<Extract<Block, { type: "plan" }>["tasks"]>[number];

const DEEDS: Readonly<Record<Stage, string>> = {
  checkout: "Check out the commit",
  install: "Install packages",
  build: "Build",
  prerender: "Render the pages",
  package: "Package the release",
  publish: "Publish to the host",
  confirm: "Confirm the live site",
};

/** How far one has come that runs, or failed; nothing for others. docs.slack.dev/reference/block-kit/blocks/plan-block */
export function wordStages(deployment: Deployment, hasPlans: boolean): Block[] {
  const { state, stage, trigger } = deployment;
  if (stage === null || (state !== "building" && state !== "publishing" && state !== "failed")) return [];
  const stages = stagesOf(trigger, stage);
  // A kept release is not built: a stage before its first one means that it has not begun.
  const at = Math.max(0, stages.indexOf(stage));
  return [hasPlans ? plan(stages, at, state === "failed") : line(stages, at, state === "failed")];
}

function plan(stages: readonly Stage[], at: number, isFailed: boolean): Block {
  const step = `${at + 1} of ${stages.length}: ${stages[at]}`;
  return {
    type: "plan",
    title: isFailed ? `Failed in step ${step}` : `Step ${step}`,
    tasks: stages.map(
      (name, index): Task => ({
        type: "task_card",
        task_id: name,
        title: DEEDS[name],
        status: status(index, at, isFailed),
      }),
    ),
  };
}

/** "complete", not "completed": @slack/types, TaskCardBlock. */
function status(index: number, at: number, isFailed: boolean): "pending" | "in_progress" | "complete" | "error" {
  if (index !== at) return index < at ? "complete" : "pending";
  return isFailed ? "error" : "in_progress";
}

/** A mark for each stage: done, at work or failed, still to come. */
function line(stages: readonly Stage[], at: number, isFailed: boolean): Block {
  const marks = stages.map((name, index) => {
    if (index !== at) return `${index < at ? "✓" : "○"} ${name}`;
    return `${isFailed ? "✗" : "▸"} *${name}*`;
  });
  return context([marks.join("   ")]);
}
