/** A sandbox as a deployment opens it, over folders that are gone after the test. */
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import type { BuildLimits, Isolation } from "../../src/model/build.ts";
import type { NetworkTool } from "../../src/sandbox/network.ts";
import { openSandbox } from "../../src/sandbox/open-sandbox.ts";
import type { SandboxedCommand } from "../../src/sandbox/sandbox.ts";
import { temporaryFolder } from "../git/git-repository.ts";
import { LIMITS } from "./limits.ts";

export type Ran = { readonly output: string; readonly error: unknown };

export type WorldOptions = {
  readonly limits?: Partial<BuildLimits>;
  readonly allowHosts?: readonly string[];
  readonly networkTool?: NetworkTool;
};

export async function openWorld(isolation: Isolation, { limits, allowHosts = [], networkTool }: WorldOptions = {}) {
  const folder = temporaryFolder();
  // Another user's build passes through it.
  chmodSync(folder, 0o711);
  const dataDir = join(folder, "data");
  const work = join(dataDir, "work", "shop");
  const other = join(dataDir, "work", "docs");
  for (const made of [work, other]) mkdirSync(made, { recursive: true, mode: 0o700 });
  writeFileSync(join(dataDir, "slipway.db"), "the-database");
  writeFileSync(join(other, "page.txt"), "the-other-site");
  const all = { ...LIMITS, ...limits };
  const settings = { isolation, allowHosts, limits: all };
  const sandbox = await openSandbox({
    ...{ settings, site: "shop", dataDir, env: process.env },
    ...(networkTool && { networkTool }),
  });
  onTestFinished(() => sandbox.close());

  async function run(command: string, options: Partial<SandboxedCommand> = {}): Promise<Ran> {
    const lines: string[] = [];
    const error: unknown = await sandbox
      .run({
        command,
        cwd: work,
        env: { PATH: `${dirname(process.execPath)}:/usr/bin:/bin`, HOME: work },
        timeoutMs: 30_000,
        idleTimeoutMs: null,
        secrets: [],
        signal: new AbortController().signal,
        gone: new AbortController().signal,
        async onGroup() {},
        onOutput: (text) => lines.push(text),
        graceMs: 500,
        writable: [work],
        readable: [dirname(process.execPath)],
        network: "internet",
        limits: all,
        ...options,
      })
      .then(
        () => null,
        (thrown: unknown) => thrown,
      );
    return { output: lines.join("\n"), error };
  }
  return { sandbox, run, dataDir, work, other };
}
