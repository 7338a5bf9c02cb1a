/** Waits for the end of a deployment, and shows how far it has come. */
import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { type Deployment, isFinal, type Stage, stagesOf } from "../model/deployment.ts";
import { callOperation, controlSocket } from "./control.ts";
import type { Settings } from "./settings.ts";

/** Often enough to look immediate, seldom enough not to matter to the service. */
const LOOK_EVERY_MS = 150;

/**
 * Answers with the deployment as it ended; `say` gets a line for each stage. Where no service runs it says so and
 * answers at once: what waits is done at the next start.
 */
export async function followDeployment(
  settings: Settings,
  queued: Deployment,
  say: (line: string) => void,
): Promise<Deployment> {
  let isWaitTold = false;
  const told = new Set<Stage>();
  for (let now = queued; ; await delay(LOOK_EVERY_MS)) {
    if (!(await isServed(settings))) {
      say("Slipway is not running; this is done when it is started (slipway start)");
      return now;
    }
    now = (await callOperation(settings, "deployment", { name: queued.id })) as Deployment;
    if (now.state === "queued" && !isWaitTold) say(`${now.id} waits${now.reason ? `: ${now.reason}` : ""}…`);
    isWaitTold ||= now.state === "queued";
    // Stages may be over before anybody looks.
    const stages = stagesOf(now.trigger, now.stage);
    const begun = now.startedAtMs === null || now.stage === null ? 0 : stages.indexOf(now.stage) + 1;
    for (const stage of stages.slice(0, begun)) {
      if (!told.has(stage)) say(`${stage}…`);
      told.add(stage);
    }
    // Somebody paused or locked the site meanwhile, perhaps for days.
    if (isFinal(now.state) || now.state === "held") return now;
  }
}

/** Whether a service listens on the socket of this data folder. */
function isServed({ environment }: Settings): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path: controlSocket(environment.dataDir) });
    socket.once("connect", () => resolve(true));
    socket.once("error", () => resolve(false));
    socket.once("connect", () => socket.end());
  });
}
