/** Runs git over one bare repository. */
import { randomUUID } from "node:crypto";
import { readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Environment } from "../process/environment.ts";
import { CommandError, type ProcessControl, runCommand } from "../process/run-command.ts";
import { GITHUB_USER, type GitSetting, gitEnvironment } from "./git-environment.ts";
import { keyText, type SshAccess, sshEnvironment } from "./ssh-environment.ts";

/** How a repository is reached. What opens it goes to its own host only. */
export type GitAccess = {
  readonly url: string;
  /** Reads it over https; null where none is needed. */
  readonly token: string | null;
  /** Whose password the token is; by default GitHub's name for all tokens. */
  readonly user?: string | undefined;
  /** By default ssh is left to itself. */
  readonly ssh?: SshAccess | null | undefined;
};

export type GitDeps = ProcessControl & {
  /** The worker's own environment. */
  readonly env: Environment;
  readonly access: GitAccess;
  say(text: string): void;
};

type GitRun = {
  /** The repository that is talked to. Only then does git get the token, and only if the origin is the token's. */
  readonly url?: string;
  readonly settings?: readonly GitSetting[];
  readonly env?: Readonly<Record<string, string>>;
  /** Gets what git says, instead of the transcript: where a failure is an answer. */
  hear?(text: string): void;
};

export type Git = {
  /** The bare repository. */
  readonly folder: string;
  /** Runs a command to its end; what git says goes to the transcript. Throws as `runCommand` does. */
  run(args: readonly string[], options?: GitRun): Promise<void>;
  /** The same for a command that answers with its exit code. */
  exitCode(args: readonly string[], options?: GitRun): Promise<number>;
  /** The same for a command that prints: its output, byte for byte, or null when that is more than `maxBytes`. */
  read(
    args: readonly string[],
    maxBytes: number,
    options?: GitRun & { readonly input?: string },
  ): Promise<Buffer | null>;
};

/** Large repositories over slow lines; a connection that hangs ends sooner (see `gitEnvironment`). */
const GIT_TIMEOUT_MS = 15 * 60_000;

/** How the names of files start that only one command needs. */
export const SCRATCH = "slipway-scratch-";
/** How the name of such a file ends that holds a private key. */
export const KEY = ".key";

/**
 * Output is redirected, since `runCommand` hands on clean lines for people, without NUL and control characters. The
 * limit (ulimit counts 512 bytes) ends a git that prints more: a tree of a few bytes can name billions of files.
 */
const REDIRECT = 'ulimit -f "$1"; in=$2 out=$3; shift 3; exec "$@" <"$in" >"$out"';

/** For `hear`: nobody needs to know. */
export const unheard = { hear: () => {} };

export function createGit(deps: GitDeps, folder: string): Git {
  const { access, signal, gone, onGroup } = deps;
  const { user = GITHUB_USER, ssh = null } = access;
  const secrets = access.token === null ? [] : [access.token, `${user}:${access.token}`];

  async function start(command: readonly [string, ...string[]], options: GitRun): Promise<void> {
    const { url = "" } = options;
    const isOwn = url !== "" && isSameOrigin(url, access.url);
    if (!isOwn || ssh === null) return run(command, options, { isOwn, ssh: {} });
    if (ssh.privateKey === null) return run(command, options, { isOwn, ssh: sshEnvironment(ssh, null) });
    // ssh takes a key from a file or an agent. It is there while this command runs, and closed to everybody else.
    const name = `${SCRATCH}${randomUUID()}${KEY}`;
    const keyFile = join(folder, name);
    try {
      await writeFile(keyFile, keyText(ssh.privateKey), { mode: 0o600, flag: "wx" });
      await run(command, options, { isOwn, ssh: sshEnvironment(ssh, name) });
    } finally {
      await rm(keyFile, { force: true });
    }
  }

  async function run(
    [file, ...args]: readonly [string, ...string[]],
    { settings = [], env = {}, hear = deps.say }: GitRun,
    own: { readonly isOwn: boolean; readonly ssh: Readonly<Record<string, string>> },
  ): Promise<void> {
    const token = own.isOwn ? access.token : null;
    await runCommand({
      command: { file, args },
      cwd: folder,
      env: { ...gitEnvironment(deps.env, { url: access.url, token, user, settings }), ...own.ssh, ...env },
      timeoutMs: GIT_TIMEOUT_MS,
      idleTimeoutMs: null,
      ...{ secrets, signal, gone, onGroup },
      onOutput: (text, from) => {
        if (from === "stderr") hear(text);
      },
    });
  }

  const argv = (args: readonly string[]): [string, ...string[]] => [
    "git",
    `--git-dir=${folder}`,
    "--literal-pathspecs",
    ...args,
  ];

  return {
    folder,
    run: (args, options = {}) => start(argv(args), options),
    async exitCode(args, options = {}) {
      try {
        await start(argv(args), options);
        return 0;
      } catch (error) {
        if (error instanceof CommandError && error.exitCode !== null) return error.exitCode;
        throw error;
      }
    },
    async read(args, maxBytes, options = {}) {
      const scratch = join(folder, `${SCRATCH}${randomUUID()}`);
      const [input, output] = [options.input === undefined ? "/dev/null" : `${scratch}.in`, `${scratch}.out`];
      const blocks = String(Math.ceil(maxBytes / 512) + 1);
      try {
        if (options.input !== undefined) await writeFile(input, options.input);
        const failed = await start(["/bin/sh", "-c", REDIRECT, "sh", blocks, input, output, ...argv(args)], options)
          .then(() => null)
          .catch((error: unknown) => error);
        if ((await sizeOf(output)) > maxBytes) return null;
        if (failed !== null) throw failed;
        return await readFile(output);
      } finally {
        await Promise.all([rm(output, { force: true }), rm(`${scratch}.in`, { force: true })]);
      }
    },
  };
}

/** Whether two URLs have scheme, host and port in common. */
export function isSameOrigin(one: string, other: string): boolean {
  const [a, b] = [new URL(one), new URL(other)];
  return a.protocol === b.protocol && a.host === b.host;
}

async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => null))?.size ?? 0;
}
