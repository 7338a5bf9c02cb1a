/** Says what each kind of isolation is worth on this machine, for `doctor` and the status page. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeError } from "../errors.ts";
import { type BuildLimits, ISOLATIONS, type Isolation } from "../model/build.ts";
import { OPENERS } from "./open-sandbox.ts";
import { UnavailableError } from "./unavailable.ts";

export type IsolationProbe = {
  readonly isolation: Isolation;
  readonly isAvailable: boolean;
  /** What is in force, or what is missing and what to do about it; for people. */
  readonly why: string;
};

/** None of them is reached by opening a sandbox. */
const NO_LIMITS: BuildLimits = {
  memoryBytes: 1024 ** 3,
  processes: 1024,
  diskBytes: 1024 ** 3,
  printedBytes: 1024 ** 2,
  outputBytes: 1024 ** 3,
  outputFiles: 1000,
};

/** Opens each kind once, as a deployment would, and closes it again. Takes a few hundred milliseconds. */
export async function probeIsolation(env: NodeJS.ProcessEnv): Promise<readonly IsolationProbe[]> {
  const dataDir = await mkdtemp(join(tmpdir(), "slipway-probe-"));
  const settings = { isolation: null, allowHosts: [], limits: NO_LIMITS };
  const probes: IsolationProbe[] = [];
  try {
    for (const isolation of ISOLATIONS) {
      try {
        const sandbox = await OPENERS[isolation]({ settings, site: "probe", dataDir, env });
        await sandbox.close();
        probes.push({ isolation, isAvailable: true, why: sandbox.summary });
      } catch (error) {
        const advice = error instanceof UnavailableError ? `; ${error.advice}` : "";
        probes.push({ isolation, isAvailable: false, why: `${describeError(error)}${advice}` });
      }
    }
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
  return probes;
}
