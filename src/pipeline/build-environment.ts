/** Decides which environment variables a worker, git and a build get to see. Everything that is not named here stays out. */
import { delimiter, isAbsolute } from "node:path";

type Environment = Readonly<Record<string, string | undefined>>;

/** What a program needs to run on this machine at all. */
const BASICS = ["PATH", "LANG", "LC_ALL", "TZ"];

/** How this machine reaches the network: proxies, and the certificates of those that look into TLS. */
const NETWORK = /^((https?|all|no)_proxy|NODE_EXTRA_CA_CERTS|NODE_USE_ENV_PROXY|SSL_CERT_FILE|SSL_CERT_DIR)$/i;

/**
 * npm's connection settings. The rest of `npm_config_*` is left out: npm sets some for the scripts it runs, Slipway
 * among them, and others are credentials.
 */
const NPM =
  /^npm_config_(registry|@[^:]+:registry|ca|cafile|strict[_-]ssl|proxy|https?[_-]proxy|noproxy|fetch[_-]\w+|maxsockets|userconfig|globalconfig)$/i;

/** How the operator lets git reach repositories over ssh, or through a TLS proxy. For git alone, never for builds. */
const GIT = /^(HOME|SSH_AUTH_SOCK|GIT_SSH|GIT_SSH_COMMAND|GIT_SSL_CAINFO|GIT_SSL_CAPATH)$/;

function pick(from: Environment, accepts: (name: string) => boolean): Record<string, string> {
  const picked: Record<string, string> = {};
  for (const [name, value] of Object.entries(from)) if (value !== undefined && accepts(name)) picked[name] = value;
  return picked;
}

/** What the worker process gets of the service's environment: what git and builds may need, and no secret of Slipway's. */
export function workerEnvironment(from: Environment): Record<string, string> {
  return pick(from, (name) => BASICS.includes(name) || NETWORK.test(name) || NPM.test(name) || GIT.test(name));
}

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

export type BuildEnvironmentOptions = {
  readonly from: Environment;
  /** Folder of the Node that runs Slipway; builds get the same one. */
  readonly nodeFolder: string;
  /** Private folders of this one build. */
  readonly homeFolder: string;
  readonly temporaryFolder: string;
  /** The folder above the checked-out files: a search for a git repository ends here. */
  readonly workFolder: string;
  readonly site: string;
  readonly commit: string;
  readonly branch: string;
  /** The operator's variables for this site; they win over all others. */
  readonly env: Readonly<Record<string, string>>;
};

/** The environment of install and, with its secrets added, of the build. */
export function buildEnvironment(options: BuildEnvironmentOptions): Record<string, string> {
  const { from } = options;
  return {
    ...pick(from, (name) => BASICS.includes(name) || NETWORK.test(name) || NPM.test(name)),
    PATH: [options.nodeFolder, safePath(from.PATH)].join(delimiter),
    HOME: options.homeFolder,
    TMPDIR: options.temporaryFolder,
    // Or a build inside a data folder that lies in a repository would find that one.
    GIT_CEILING_DIRECTORIES: options.workFolder,
    CI: "true",
    SLIPWAY_SITE: options.site,
    SLIPWAY_COMMIT: options.commit,
    SLIPWAY_BRANCH: options.branch,
    ...options.env,
  };
}

/**
 * PATH without the folders that npm adds for the scripts of a package, Slipway being one: a build must not find
 * Slipway's tools. Relative entries go too: they would lead into the repository.
 */
function safePath(path = "/usr/local/bin:/usr/bin:/bin"): string {
  return path
    .split(delimiter)
    .filter((entry) => isAbsolute(entry) && !/\/node_modules\/\.bin\/?$|\/node-gyp-bin\/?$/.test(entry))
    .join(delimiter);
}
