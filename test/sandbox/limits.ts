/** Limits that no test reaches but those that are about one. */
import type { BuildLimits } from "../../src/model/build.ts";

export const LIMITS: BuildLimits = {
  memoryBytes: 1024 ** 3,
  processes: 200,
  diskBytes: 200 * 1024 ** 2,
  printedBytes: 4 * 1024 ** 2,
  outputBytes: 1024 ** 3,
  outputFiles: 1000,
};
