/** A worker process that asks for tools: `node provide-in-process.ts OPTIONS`. It prints the process groups that it starts. */
import { openToolchain } from "../../src/toolchain/open-toolchain.ts";
import type { WantedTools } from "../../src/toolchain/wanted-tools.ts";

type Options = { folder: string; env: Record<string, string>; wanted: WantedTools };

const { folder, env, wanted } = JSON.parse(process.argv[2] ?? "") as Options;
const { signal } = new AbortController();
const toolchain = await openToolchain({
  ...{ folder, env, signal, gone: signal },
  say: () => {},
  async onGroup(pid) {
    if (pid !== null) process.stdout.write(`${pid}\n`);
  },
});
await toolchain.provide(wanted);
