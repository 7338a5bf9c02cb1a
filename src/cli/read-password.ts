/** Gets the secrets of `slipway publish` from where no other process can read them: environment, file, terminal. */
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { describeError, OperatorError } from "../errors.ts";
import { UsageError } from "./usage-error.ts";

/** The process's own streams; read only when they are needed. */
export type Terminal = Pick<NodeJS.Process, "stdin" | "stderr">;

export type PasswordSources = {
  readonly env: NodeJS.ProcessEnv;
  readonly terminal: Terminal;
  /** Path of a file, "-" for standard input, null for none. */
  readonly file: string | null;
  /** What is asked for: "Password of deploy@ftp.example.com". */
  readonly question: string;
};

/**
 * The password: from the file if one is named, else SLIPWAY_PASSWORD, else asked for on a terminal.
 * Throws UsageError when there is nowhere to get it from, OperatorError when the file cannot be read.
 */
export async function readPassword({ env, terminal, file, question }: PasswordSources): Promise<string> {
  if (file !== null) return usable("--password-file", await readSecretFile(terminal, file));
  if (env.SLIPWAY_PASSWORD !== undefined) return usable("SLIPWAY_PASSWORD", env.SLIPWAY_PASSWORD);
  if (!isTerminal(terminal)) {
    throw new UsageError(
      "no password: set SLIPWAY_PASSWORD, or name a file with --password-file (- reads it from stdin)",
    );
  }
  return usable("the password", await ask(terminal, question));
}

/** The passphrase of a private key that has one: SLIPWAY_KEY_PASSPHRASE, or asked for. Throws UsageError. */
export async function readPassphrase(env: NodeJS.ProcessEnv, terminal: Terminal, path: string): Promise<string> {
  if (env.SLIPWAY_KEY_PASSPHRASE !== undefined) return usable("SLIPWAY_KEY_PASSPHRASE", env.SLIPWAY_KEY_PASSPHRASE);
  if (!isTerminal(terminal)) throw new UsageError(`--key: ${path} needs a passphrase; set SLIPWAY_KEY_PASSPHRASE`);
  return usable("the passphrase", await ask(terminal, `Passphrase of ${path}`));
}

function isTerminal({ stdin, stderr }: Terminal): boolean {
  return stdin.isTTY === true && stderr.isTTY === true;
}

/** A line end would end the command that carries it (RFC 959 section 5.3.1), and a NUL is in no password. */
function usable(name: string, value: string): string {
  if (value === "") throw new UsageError(`${name} is empty`);
  if (/[\r\n\0]/.test(value)) throw new UsageError(`${name} has a line end in it`);
  return value;
}

async function readSecretFile({ stdin }: Terminal, file: string): Promise<string> {
  try {
    const bytes = file === "-" ? await buffer(stdin) : await readFile(file);
    return bytes.toString("utf8").replace(/\r?\n$/, "");
  } catch (cause) {
    throw new OperatorError("--password-file", `cannot be read (${describeError(cause)})`, { cause });
  }
}

/** Asks without showing what is typed. Ctrl-C and Ctrl-D answer with nothing. */
async function ask({ stdin, stderr }: Terminal, question: string): Promise<string> {
  // With `terminal`, readline puts the terminal into raw mode, so that this stream is the only echo.
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: stdin, output: nowhere, terminal: true });
  stderr.write(`${question}: `);
  try {
    return await new Promise<string>((resolve, reject) => {
      const end = () => reject(new UsageError("no password was given"));
      lines.once("SIGINT", end);
      lines.once("close", end);
      lines.once("line", resolve);
    });
  } finally {
    lines.close();
    stderr.write("\n");
  }
}
