/** The door before the sources as the service has it, with the usual limits; closed after the test by `stop`. */
import { parseConfig } from "../../src/config/load-config.ts";
import type { Config } from "../../src/config/schema.ts";
import { type StartedDoor, startDoor } from "../../src/inbox/start-door.ts";
import { createLog, type Log } from "../../src/log.ts";
import type { ResolvedSource } from "../../src/presets/resolve-source.ts";

export function openDoor({
  config = parseConfig("{}", "the tests"),
  sources = [],
  log = createLog({ level: "silent", pretty: false }),
}: {
  readonly config?: Pick<Config, "trustedProxies" | "limits">;
  readonly sources?: readonly ResolvedSource[];
  readonly log?: Log;
} = {}): Promise<StartedDoor> {
  const environment = { redisUrl: null, githubApiUrl: "http://127.0.0.1:1", dataDir: "/nowhere" };
  // Nobody who is limited waits long for it here.
  return startDoor({ config, environment, sources, log, waitMs: 1 });
}
