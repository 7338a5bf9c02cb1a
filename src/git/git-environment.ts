/** The environment of git: what it may read, ask and run. */
import { BASICS, type Environment, GIT, NETWORK, pick, safePath } from "../process/environment.ts";
import { SSH } from "./ssh-environment.ts";

/** A key of git-config(1) with its value. */
export type GitSetting = readonly [key: string, value: string];

/**
 * Answers git's question for a password (gitcredentials(7)) from a variable. A credential, and not a header of our own
 * (`http.<url>.extraHeader`): git sends such a header on to the host that a redirect leads to, while a credential is
 * asked for anew there. `printf` is part of the shell, so the token stands in no list of arguments.
 */
const HELPER =
  '!f() { test "$1" = get && printf "username=%s\\npassword=%s\\n" "$SLIPWAY_GIT_USER" "$SLIPWAY_GIT_TOKEN"; }; f';
/** GitHub takes an installation's token as its password (docs.github.com, "Authenticating as a GitHub App installation"). */
export const GITHUB_USER = "x-access-token";

/**
 * The environment of git. Neither the machine's nor the user's configuration counts, nothing may ask questions, and
 * no program of a repository runs: hooks are off, filters exist only where a configuration names them.
 *
 * The token travels in the environment, which only processes of the same user can read and which is gone with the
 * process, unlike a file; arguments and remote URLs can be read by everybody on the machine. Git hands it to `url`'s
 * origin alone, and only when that asks for it.
 */
export function gitEnvironment(
  from: Environment,
  options: { url: string; token: string | null; user?: string; settings?: readonly GitSetting[] },
): Record<string, string> {
  const settings: GitSetting[] = [
    ["core.hooksPath", "/dev/null"],
    ["core.fsmonitor", "false"],
    // Otherwise the attributes in the home folder of whoever runs Slipway would count.
    ["core.attributesFile", "/dev/null"],
    // Larger files are streamed and never held in memory as a whole, and of a pack only parts are mapped: a repository
    // of 400 MB takes git 80 MB then, and 540 MB otherwise.
    ["core.bigFileThreshold", "32m"],
    ["core.packedGitWindowSize", "16m"],
    ["core.packedGitLimit", "64m"],
    // Files are written by as many processes as there are cores.
    ["checkout.workers", "0"],
    ["credential.helper", ""],
    ["gc.auto", "0"],
    // Every fetch leaves one pack and no loose files, so that packs can be counted.
    ["fetch.unpackLimit", "1"],
    // A connection that moves less than 1000 bytes per second for a minute is dead.
    ["http.lowSpeedLimit", "1000"],
    ["http.lowSpeedTime", "60"],
    ...(options.settings ?? []),
  ];
  const secret: Record<string, string> = {};
  if (options.token !== null && options.url.startsWith("https://")) {
    settings.push([`credential.${new URL(options.url).origin}.helper`, HELPER]);
    secret.SLIPWAY_GIT_TOKEN = options.token;
    secret.SLIPWAY_GIT_USER = options.user ?? GITHUB_USER;
  }
  const env: Record<string, string> = {
    GIT_SSH_COMMAND: SSH,
    ...pick(from, (name) => BASICS.includes(name) || NETWORK.test(name) || GIT.test(name)),
    ...secret,
    PATH: safePath(from.PATH),
    LC_ALL: "C.UTF-8",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_ATTR_NOSYSTEM: "1",
    GIT_NO_REPLACE_OBJECTS: "1",
    GIT_TERMINAL_PROMPT: "0",
    GIT_ALLOW_PROTOCOL: "https:ssh:file",
    GIT_CONFIG_COUNT: String(settings.length),
  };
  for (const [index, [key, value]] of settings.entries()) {
    env[`GIT_CONFIG_KEY_${index}`] = key;
    env[`GIT_CONFIG_VALUE_${index}`] = value;
  }
  return env;
}
