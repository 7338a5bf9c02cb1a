/** The network of one site's builds: what its operator opened, and nothing else of this machine and its neighbours. */
import { forwardPorts } from "./forward-ports.ts";
import { findOwnAddresses, type Network, openNetwork } from "./network.ts";
import { findOpenedHosts } from "./opened-hosts.ts";
import type { OpenSandboxOptions } from "./sandbox.ts";

export type SiteNetwork = Network & {
  /** Address of each name that was opened. */
  readonly names: ReadonlyMap<string, string>;
};

/** Throws UnavailableError where it cannot be had, and OperatorError for what cannot be opened. */
export async function openSiteNetwork({ settings, site, env, networkTool }: OpenSandboxOptions): Promise<SiteNetwork> {
  const key = `sites.${site}.allowHosts`;
  const ownAddresses = findOwnAddresses();
  const opened = await findOpenedHosts({ key, allowHosts: settings.allowHosts, env, ownAddresses });
  const network = await openNetwork({ env, opened, ...(networkTool && { tool: networkTool }) });
  try {
    const forwarded = await forwardPorts(opened.ports, network.enter, env);
    return {
      ...network,
      names: opened.names,
      async close() {
        await forwarded.close();
        await network.close();
      },
    };
  } catch (error) {
    await network.close();
    throw error;
  }
}

export function describeClosed(allowHosts: readonly string[]): string {
  return `private addresses are closed${allowHosts.length === 0 ? "" : ` but ${allowHosts.join(", ")}`}`;
}
