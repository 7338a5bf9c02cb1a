/** Which closed addresses a site's operator opens, by `allowHosts` and by npm's configuration. */
import { lookup } from "node:dns/promises";
import { readFile } from "node:fs/promises";
import { isIP, isIPv4 } from "node:net";
import { OperatorError, RetryLaterError } from "../errors.ts";
import { type Environment, NETWORK, NPM } from "../process/environment.ts";
import { isClosed, isLoopback, parseRange, type Range } from "./addresses.ts";

export type OpenedHosts = {
  /** Reached through the sandbox's network. */
  readonly ranges: readonly Range[];
  /** Single ports of this machine itself, where the operator's registry or proxy listens. */
  readonly ports: ReadonlyArray<{ readonly address: string; readonly port: number }>;
  /** Names of what is opened, for the sandbox's own hosts file: they mean there what they mean here. */
  readonly names: ReadonlyMap<string, string>;
};

export type OpenedHostsOptions = {
  /** `sites.NAME.allowHosts` */
  readonly key: string;
  readonly allowHosts: readonly string[];
  /** The worker's environment. */
  readonly env: Environment;
  readonly ownAddresses: readonly string[];
};

/** Throws OperatorError for what cannot be opened, RetryLaterError when a name cannot be resolved just now. */
export async function findOpenedHosts(options: OpenedHostsOptions): Promise<OpenedHosts> {
  const { key, allowHosts, env, ownAddresses } = options;
  const ranges: Range[] = [];
  const ports: Array<{ address: string; port: number }> = [];
  const names = new Map<string, string>();

  for (const text of allowHosts) {
    const range = parseRange(text);
    if (range) {
      refuseLoopback(key, text, range);
      ranges.push(range);
      continue;
    }
    if (isIP(text) || text.includes(":")) {
      throw new OperatorError(
        key,
        `${text} cannot be opened; builds have no IPv6 network. Name the host's IPv4 address.`,
      );
    }
    for (const address of await resolve(key, text)) {
      refuseLoopback(key, text, { address, bits: 32 });
      ranges.push({ address, bits: 32 });
      if (!names.has(text)) names.set(text, address);
    }
  }

  for (const { hostname, port } of await npmServers(env)) {
    // A registry that has no address just now is npm's to tell.
    for (const address of await resolve(key, hostname).catch(() => [])) {
      if (!isClosed(address, ownAddresses)) continue;
      if (ownAddresses.includes(address) || isLoopback({ address, bits: 32 })) ports.push({ address, port });
      else ranges.push({ address, bits: 32 });
      if (isIP(hostname) === 0 && !names.has(hostname)) names.set(hostname, address);
    }
  }
  return { ranges, ports, names };
}

function refuseLoopback(key: string, text: string, range: Range): void {
  if (!isLoopback(range)) return;
  throw new OperatorError(
    key,
    `${text} is the loopback of this machine, which stays closed to builds. Let the service listen on another address ` +
      "and name that one; a registry or proxy of npm's configuration needs no entry.",
  );
}

async function resolve(key: string, host: string): Promise<readonly string[]> {
  if (isIP(host)) return isIPv4(host) ? [host] : [];
  try {
    const found = await lookup(host, { all: true, family: 4 });
    return [...new Set(found.map(({ address }) => address))];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOTFOUND") {
      throw new RetryLaterError(null, `${key}: the address of ${host} was not found out just now`, { cause: error });
    }
    throw new OperatorError(key, `${host} has no IPv4 address. Check the name, or write the address.`, {
      cause: error,
    });
  }
}

type Server = { readonly hostname: string; readonly port: number };

/** Registries and proxies of the variables that builds get, and of the npmrc files that those name. */
async function npmServers(env: Environment): Promise<readonly Server[]> {
  const urls: string[] = [];
  for (const [name, value = ""] of Object.entries(env)) {
    if (!NETWORK.test(name) && !NPM.test(name)) continue;
    if (/(^|[_:-])(registry|proxy)$/i.test(name) && !/^no_?proxy$|_noproxy$/i.test(name)) urls.push(value);
    if (/^npm_config_(user|global)config$/i.test(name)) urls.push(...(await npmrcUrls(value)));
  }
  return urls.flatMap(parseServer);
}

async function npmrcUrls(path: string): Promise<readonly string[]> {
  const text = await readFile(path, "utf8").catch(() => "");
  return [...text.matchAll(/^\s*(?:(?:@[^:=\s]+:)?registry|(?:https?-)?proxy)\s*=\s*"?([^"\s]+)/gm)].map(
    ([, url]) => url ?? "",
  );
}

const DEFAULT_PORTS: Readonly<Record<string, number>> = { "http:": 80, "https:": 443, "socks:": 1080, "socks5:": 1080 };

function parseServer(text: string): readonly Server[] {
  // Proxies are often written without a scheme.
  const url = URL.parse(text.includes("://") ? text : `http://${text}`);
  if (!url || url.hostname === "") return [];
  return [
    { hostname: url.hostname.replace(/^\[|\]$/g, ""), port: Number(url.port) || (DEFAULT_PORTS[url.protocol] ?? 80) },
  ];
}
