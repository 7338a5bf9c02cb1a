/** The environment of git: what it may read, ask and run. */
import { BASICS, type Environment, GIT, NETWORK, pick, safePath } from "../process/environment.ts";

/**
 * The environment of git. Neither the machine's nor the user's configuration counts, nothing may ask questions, and
 * no program of a repository runs: hooks are off, filters exist only where a configuration names them.
 *
 * The token travels as a header that only `url`'s host gets to see (git-config(1), http.<url>.extraHeader), and the
 * header in the environment: arguments and remote URLs can be read by everybody on the machine.
 */
export function gitEnvironment(
  from: Environment,
  options: { url: string; token: string | null },
): Record<string, string> {
  const settings: Array<[key: string, value: string]> = [
    ["core.hooksPath", "/dev/null"],
    ["core.fsmonitor", "false"],
    ["credential.helper", ""],
    ["gc.auto", "0"],
    // Every fetch leaves one pack and no loose files, so that packs can be counted.
    ["fetch.unpackLimit", "1"],
    // A connection that moves less than 1000 bytes per second for a minute is dead.
    ["http.lowSpeedLimit", "1000"],
    ["http.lowSpeedTime", "60"],
  ];
  if (options.token !== null && options.url.startsWith("https://")) {
    // GitHub takes an installation's token as the password of "x-access-token" (docs.github.com, "Authenticating as a GitHub App installation").
    const basic = Buffer.from(`x-access-token:${options.token}`).toString("base64");
    settings.push([`http.${new URL(options.url).origin}/.extraHeader`, `Authorization: Basic ${basic}`]);
  }
  const env: Record<string, string> = {
    GIT_SSH_COMMAND: "ssh -o BatchMode=yes -o ConnectTimeout=20 -o ServerAliveInterval=15",
    ...pick(from, (name) => BASICS.includes(name) || NETWORK.test(name) || GIT.test(name)),
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
