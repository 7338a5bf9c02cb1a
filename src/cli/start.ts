/** `slipway start`: the service until a signal ends it. */
import { startService } from "../app.ts";
import { createLog } from "../log.ts";
import { loadSettings } from "./settings.ts";

/** After this long a shutdown that hangs is cut short; everything that matters is in the store. */
const STOP_WITHIN_MS = 25_000;

/** Starts the service and resolves when it has stopped. Throws what startService throws. */
export async function start(env: NodeJS.ProcessEnv): Promise<void> {
  const pretty = process.stdout.isTTY === true;
  // Before the level is known, since that stands in the settings.
  const { environment, config } = await loadSettings(env, { waitingLog: createLog({ level: "warn", pretty }) });
  const log = createLog({ level: environment.logLevel, pretty });
  const service = await startService({ environment, config, env, log });

  await new Promise<void>((resolve) => {
    const onSignal = (signal: NodeJS.Signals) => {
      log.info(`${signal}: stopping; what is not finished goes on at the next start`);
      resolve();
    };
    process.once("SIGINT", onSignal);
    process.once("SIGTERM", onSignal);
  });
  setTimeout(() => process.exit(1), STOP_WITHIN_MS).unref();
  await service.stop();
  log.info("stopped");
}
