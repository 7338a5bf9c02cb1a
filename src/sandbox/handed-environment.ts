/**
 * Gives a build its environment only after it has become what it is: LD_PRELOAD and the like, which a repository may
 * set, must not lead the programs that set up its sandbox with rights of their own.
 */

/** Shells keep these for themselves: bash(1), dash(1). */
const OF_THE_SHELL = /^(PPID|E?UID|IFS|LINENO|OPTIND|_|PS[0-9]|BASH.*|SHELLOPTS|ENV)$/;

/** Reads a script of assignments from its input, which is empty for the build. */
const RECEIVE = 'eval "$(/bin/cat)"; exec "$@" </dev/null';

export type HandedEnvironment = {
  /** What the build's input has to be: nobody else on the machine can read it, unlike arguments. */
  readonly input: string;
  /** Put before the build's own arguments. Begins without any variable of the build. */
  readonly argv: readonly string[];
};

export function handEnvironment(env: Readonly<Record<string, string>>): HandedEnvironment {
  const isForShell = (name: string) => /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && !OF_THE_SHELL.test(name);
  const entries = Object.entries(env);
  const lines = entries.filter(([name]) => isForShell(name)).map(([name, value]) => `export ${name}=${quote(value)}`);
  // Such as npm_config_@scope:registry; env(1) takes any name.
  const others = entries.filter(([name]) => !isForShell(name)).map(([name, value]) => `${name}=${value}`);
  return {
    input: `${["unset LC_ALL PWD OLDPWD", ...lines].join("\n")}\n`,
    argv: ["/bin/sh", "-c", RECEIVE, "sh", ...(others.length === 0 ? [] : ["/usr/bin/env", ...others])],
  };
}

/** A word of the shell that means exactly this text: POSIX, 2.2.2 Single-Quotes. */
function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
