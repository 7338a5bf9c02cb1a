/** Pictures of every state of a deployment, and of the thread below one that failed. */
import type { InspectedMessage } from "../../src/demo/slack/inspector.ts";
import type { Deployment } from "../../src/model/deployment.ts";
import { wordDeployment } from "../../src/notify/wording/slack/deployment-wording.ts";
import { wordThreadReply } from "../../src/notify/wording/slack/thread-wording.ts";
import {
  ADDRESSES,
  ASKED,
  deployment,
  ENDED,
  FAILED,
  LIVE,
  LOG,
  MIN_MS,
  message,
  RUNS,
  type Sample,
  type Told,
} from "./data.ts";

function deployments(
  parts: ReadonlyArray<Partial<Deployment>>,
  options: { hasButtons?: boolean; hasPlans?: boolean } = {},
) {
  const { hasButtons = true, hasPlans = true } = options;
  return parts.map((part) =>
    message(wordDeployment({ deployment: deployment(part), ...ADDRESSES, hasButtons }, { hasPlans })),
  );
}

function failureWithThread(): InspectedMessage[] {
  const failed = deployment(FAILED);
  const parent = message(wordDeployment({ deployment: failed, ...ADDRESSES, hasButtons: true }));
  const reply = (told: Told, part: Partial<InspectedMessage> = {}) => message(told, { thread_ts: parent.ts, ...part });
  const failure = wordThreadReply({
    ...{ kind: "failure", deployment: failed, lines: LOG, logUrl: ADDRESSES.logUrl, mention: "U0ALICE" },
  });
  const fixed = wordThreadReply({
    ...{ kind: "fixed", site: "shop", deployment: "d-mkx2zz00-9c1b", commit: "b2c3d4e5f6", afterMs: 14 * MIN_MS },
  });
  return [parent, reply(failure, { isBroadcast: true }), reply(fixed)];
}

const adopt = {
  ...{
    needs: "adopt" as const,
    files: 12,
    paths: ["index.html", "css/site.css", "img/logo.png", "robots.txt", "a/b.txt"],
  },
  answer: null,
};

/** The pictures. */
export function deploymentSamples(): Sample[] {
  return [
    {
      name: "deployment-before-it-runs",
      messages: deployments([
        {},
        { state: "held", reason: "paused by bob: the winter sale is on; `slipway resume shop` deploys it" },
        {
          state: "queued",
          stage: "publish",
          isInterrupted: true,
          reason: "interrupted: Slipway was restarted; it goes on with the release that was built before",
        },
        { ...ASKED, cleanCaches: true },
      ]),
    },
    {
      name: "deployment-running",
      messages: deployments([
        { state: "building", stage: "build", ...RUNS },
        { state: "publishing", stage: "publish", ...RUNS },
        { ...ASKED, state: "publishing", stage: "confirm", trigger: "rollback", ...RUNS },
      ]),
    },
    {
      name: "deployment-live",
      messages: deployments([
        LIVE,
        { ...LIVE, ...ASKED, trigger: "rollback", title: "Fix the footer on phones", commit: "9f8e7d6c5b" },
        {
          ...LIVE,
          ...ASKED,
          trigger: "redeploy",
          remarks: ["GitHub could not be told that it is live: the App is suspended"],
        },
      ]),
    },
    {
      name: "deployment-failed",
      messages: deployments([
        FAILED,
        { ...FAILED, stage: "publish", isInterrupted: true, reason: "interrupted 3 times, so it was given up" },
      ]),
    },
    {
      name: "deployment-asks-for-consent",
      messages: deployments([
        { ...FAILED, stage: "publish", consent: adopt },
        { ...FAILED, stage: "publish", consent: { ...adopt, needs: "allowRemovals", files: 700 } },
        {
          ...FAILED,
          stage: "publish",
          consent: { ...adopt, answer: { deployment: "d-mkx2zz00-9c1b", by: "alice (Slack U0ALICE)" } },
        },
      ]),
    },
    {
      name: "deployment-ended-otherwise",
      messages: deployments([
        { state: "cancelled", stage: "build", reason: "cancelled by alice (Slack U0ALICE) during build", ...ENDED },
        {
          state: "superseded",
          reason: "superseded by d-mkx2zz00-9c1b; `slipway deploy shop --commit a1b2c3d` deploys it anyway",
        },
        { state: "skipped", reason: "the commit message says [skip ci]; `slipway deploy shop` deploys it anyway" },
      ]),
    },
    {
      name: "deployment-without-buttons-and-plans",
      messages: deployments([{ state: "building", stage: "build", ...RUNS }, LIVE, FAILED], {
        hasButtons: false,
        hasPlans: false,
      }),
    },
    { name: "thread-of-a-failure", messages: failureWithThread() },
  ];
}
