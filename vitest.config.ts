/** How the tests run: real servers and processes, so files are few at a time and their limits generous. */
import { join } from "node:path";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

// What the tests start, hundreds of times, need not be compiled each time: nodejs.org/api/module.html, "compile cache".
process.env.NODE_COMPILE_CACHE ??= join(import.meta.dirname, "node_modules/.cache/compiled");

/** Those that take a minute and more: begun last, one of them would keep a processor idle at the end. */
const LONG =
  /\/(kill\/|story\.|artifact\.|pipeline\/(warm|run-)|prerender\/|cli\/(release|publish)|publishers?\/.*(ftp|crash)\.test)/;

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLong = ({ moduleId }: TestSpecification) => LONG.test(moduleId);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: "test/built-program.ts",
    pool: "forks",
    maxWorkers: 3,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    sequence: { sequencer: LongestFirst },
  },
});
