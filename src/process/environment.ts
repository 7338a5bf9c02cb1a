/** Decides which environment variables reach the programs that Slipway starts. Everything that is not named here stays out. */
import { delimiter, isAbsolute } from "node:path";

export type Environment = Readonly<Record<string, string | undefined>>;

/** What a program needs to run on this machine at all. */
export const BASICS = ["PATH", "LANG", "LC_ALL", "TZ"];

/** How this machine reaches the network: proxies, and the certificates of those that look into TLS. */
export const NETWORK = /^((https?|all|no)_proxy|NODE_EXTRA_CA_CERTS|NODE_USE_ENV_PROXY|SSL_CERT_FILE|SSL_CERT_DIR)$/i;

/**
 * npm's connection settings. The rest of `npm_config_*` is left out: npm sets some for the scripts it runs, Slipway
 * among them, and others are credentials.
 */
export const NPM =
  /^npm_config_(registry|@[^:]+:registry|ca|cafile|strict[_-]ssl|proxy|https?[_-]proxy|noproxy|fetch[_-]\w+|maxsockets|userconfig|globalconfig)$/i;

/** How the operator lets git reach repositories over ssh, or through a TLS proxy. For git alone, never for builds. */
export const GIT = /^(HOME|SSH_AUTH_SOCK|GIT_SSH|GIT_SSH_COMMAND|GIT_SSL_CAINFO|GIT_SSL_CAPATH)$/;

/** Those variables of `from` that `accepts` names. */
export function pick(from: Environment, accepts: (name: string) => boolean): Record<string, string> {
  const picked: Record<string, string> = {};
  for (const [name, value] of Object.entries(from)) if (value !== undefined && accepts(name)) picked[name] = value;
  return picked;
}

/** What the worker process gets of the service's environment: what git and builds may need, and no secret of Slipway's. */
export function workerEnvironment(from: Environment): Record<string, string> {
  return pick(from, (name) => BASICS.includes(name) || NETWORK.test(name) || NPM.test(name) || GIT.test(name));
}

/**
 * PATH without the folders that npm adds for the scripts of a package, Slipway being one: a build must not find
 * Slipway's tools. Relative entries go too: they would lead into the repository.
 */
export function safePath(path = "/usr/local/bin:/usr/bin:/bin"): string {
  return path
    .split(delimiter)
    .filter((entry) => isAbsolute(entry) && !/\/node_modules\/\.bin\/?$|\/node-gyp-bin\/?$/.test(entry))
    .join(delimiter);
}
