/** Who sent a request, when proxies stand before Slipway: only what trusted ones say is believed. */
import { cleanAddress, type Ranges } from "../model/address.ts";

export type Peer = {
  /** The address of whoever opened the connection; "" on a socket of the file system. */
  readonly peer: string;
  /** The values of X-Forwarded-For, in the order in which they came. */
  readonly forwardedFor: readonly string[];
};

/** No chain of proxies is longer; what stands further left is not looked at. */
const MAX_HOPS = 20;

/**
 * The address of the client, in one spelling; "" for a socket of the file system. Each proxy appends whom it was asked
 * by, so the list is read from its end, and only as long as those who wrote it are trusted: the first that is not is
 * the client. What is no address makes it the peer. Forwarded and X-Real-IP are not looked at, since a proxy that does
 * not know them passes on what the client wrote.
 *
 * https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/X-Forwarded-For#selecting_an_ip_address
 */
export function clientAddress({ peer, forwardedFor }: Peer, trusted: Ranges): string {
  // Node spells the peer in the one way that there is already (inet_ntop), which saves to parse it.
  const opened = peer.replace(/^::ffff:(?=[\d.]+$)/i, "").replace(/%.*$/, "");
  const isTrusted = peer === "" ? trusted.unix : trusted.contains(opened);
  if (!isTrusted || forwardedFor.length === 0) return opened;
  let client = opened;
  for (const hop of lastHops(forwardedFor)) {
    const address = cleanAddress(withoutPort(hop));
    if (address === null) return opened;
    client = address;
    if (!trusted.contains(address)) return client;
  }
  return client;
}

/** The last hops, the last one first. */
function lastHops(forwardedFor: readonly string[]): string[] {
  const hops = forwardedFor.slice(-MAX_HOPS).flatMap((value) => value.split(",").slice(-MAX_HOPS));
  return hops.slice(-MAX_HOPS).reverse();
}

/** "192.0.2.1:4711", "[2001:db8::1]:4711" and "[2001:db8::1]" without what is not the address. */
function withoutPort(hop: string): string {
  const text = hop.trim();
  return /^\[([^\]]*)\](?::\d{1,5})?$/.exec(text)?.[1] ?? /^([\d.]+):\d{1,5}$/.exec(text)?.[1] ?? text;
}
