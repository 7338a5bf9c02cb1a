/** Where the benchmark keeps what it fetched and compiled, outside the repository. */
import { homedir } from "node:os";
import { join } from "node:path";

/** ~/.cache/slipway-bench, or the folder named by SLIPWAY_BENCH_CACHE. */
export function cacheFolder(): string {
  return process.env.SLIPWAY_BENCH_CACHE || join(homedir(), ".cache", "slipway-bench");
}
