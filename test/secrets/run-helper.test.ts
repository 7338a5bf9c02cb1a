import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { OperatorError } from "../../src/errors.ts";
import { HelperError, helperEnvironment, runHelper } from "../../src/secrets/run-helper.ts";
import type { ExecReference } from "../../src/secrets/secret-reference.ts";
import { PATIENCE } from "../patience.ts";
import { createKeeper, reference, secretFolder, wanted } from "./keeper-world.ts";

/** A folder that is in PATH, with a program of that text. */
function helper(name: string, script: string) {
  const folder = secretFolder();
  writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`);
  chmodSync(join(folder, name), 0o755);
  return { folder, env: { PATH: `${folder}:/usr/bin:/bin`, HOME: folder } };
}

const ask = (line: string, env: NodeJS.ProcessEnv, more: { signal?: AbortSignal; timeLimitMs?: number } = {}) =>
  runHelper(reference(`exec:${line}`) as ExecReference, {
    key: "k",
    env,
    signal: new AbortController().signal,
    ...more,
  });

async function failure(work: Promise<unknown>): Promise<HelperError> {
  const error = await work.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(HelperError);
  expect(error).toBeInstanceOf(OperatorError);
  return error as HelperError;
}

describe("a helper that prints a secret", () => {
  it("gets its arguments as they are, from no shell, and loses one trailing line break", async () => {
    const { env } = helper("vaulty", 'for it in "$@"; do echo "<$it>"; done; echo');
    expect(await ask(`vaulty read '$HOME; id' "a  b" *`, env)).toBe("<read>\n<$HOME; id>\n<a  b>\n<*>\n");
  });

  it("gets no secret of Slipway's, unless it is listed", async () => {
    const { env } = helper("vaulty", "env");
    const settings = {
      ...{ ...env, WEBHOOK_SECRET: "a", SLACK_BOT_TOKEN: "b", DATABASE_URL: "c", PRIVATE_KEY: "d", SHOP_PASSWORD: "e" },
      ...{ OP_SERVICE_ACCOUNT_TOKEN: "f", AWS_PROFILE: "g", HTTPS_PROXY: "h", MY_HELPERS: "i", SHELLOPTS: "j" },
    };
    const printed = await ask("vaulty", settings);
    for (const name of ["PATH", "HOME", "OP_SERVICE_ACCOUNT_TOKEN", "AWS_PROFILE", "HTTPS_PROXY"]) {
      expect(printed).toMatch(new RegExp(`^${name}=`, "m"));
    }
    expect(printed).not.toMatch(/WEBHOOK|SLACK|DATABASE|PRIVATE|SHOP|MY_HELPERS|SHELLOPTS/);
    const listed = helperEnvironment({ ...settings, SLIPWAY_EXEC_ENV: "MY_HELPERS, DATABASE_URL" });
    expect([listed.MY_HELPERS, listed.DATABASE_URL, listed.WEBHOOK_SECRET]).toEqual(["i", "c", undefined]);
  });

  it("fails with its name and code alone; what it said is for whoever runs the doctor", async () => {
    const { env } = helper(
      "vaulty",
      'echo half-a-secret; echo "denied for $OP_TOKEN at $1" >&2; echo more >&2; exit 7',
    );
    const error = await failure(ask("vaulty op://hunter2", { ...env, OP_TOKEN: "token-of-the-helper" }));
    expect(error.message).toBe("k: vaulty failed with exit code 7");
    expect(error.firstLine()).toBe("denied for [secret] at op://hunter2");
    expect(JSON.stringify(error) + JSON.stringify({ ...error }) + error.stack).not.toMatch(
      /hunter2|half-a-secret|denied/,
    );
  });

  it.each([
    ["prints nothing", "exit 0", "printed nothing"],
    ["prints too much", "head -c 70000 /dev/zero | tr '\\0' x", "printed more than 64 KB"],
    ["prints what is no text", "printf '\\377\\376'", "printed what is no text in UTF-8"],
    ["is ended", "kill -9 $$", "was ended by SIGKILL"],
  ])("is refused when it %s", async (_, script, why) => {
    const { env } = helper("vaulty", script);
    expect((await failure(ask("vaulty", env))).message).toBe(`k: vaulty ${why}`);
  });

  it("is killed with all that it started when it takes too long, or Slipway stops", async () => {
    const { env, folder } = helper("vaulty", 'sleep 60 & echo $! > "$HOME/child"; wait');
    const isAlive = (pid: number) =>
      existsSync(`/proc/${pid}`) && !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
    const child = () => Number(readFileSync(join(folder, "child"), "utf8"));
    expect((await failure(ask("vaulty", env, { timeLimitMs: 300 }))).message).toBe(
      "k: vaulty took longer than 0.3 seconds",
    );
    await vi.waitFor(() => expect(isAlive(child())).toBe(false), PATIENCE);
    const stopping = new AbortController();
    const asking = ask("vaulty", env, { signal: stopping.signal });
    stopping.abort();
    expect((await failure(asking)).message).toBe("k: vaulty was ended, since Slipway stops");
  });

  it("is asked once for what is used several times in a moment", async () => {
    const { env, folder } = helper("vaulty", 'echo run >> "$HOME/runs"; echo value');
    const { keeper } = createKeeper({ env });
    await keeper.open([{ ...wanted("exec:vaulty"), isKept: false }]);
    expect((await keeper.resolve(reference("exec:vaulty"), "k")).reveal()).toBe("value");
    expect(readFileSync(join(folder, "runs"), "utf8")).toBe("run\n");
  });
});
