/** Which IPv4 addresses are closed to builds, and which of them are opened again. */
import { isIPv4 } from "node:net";

/** A range of IPv4 addresses; a single one has 32 bits. */
export type Range = { readonly address: string; readonly bits: number };

/**
 * What is not the public internet, or may be this machine or its neighbours. The three ranges for documentation
 * (RFC 5737) are left open: nothing private is there.
 */
const CLOSED_RANGES: readonly string[] = [
  "0.0.0.0/8", // "this network", RFC 791 and RFC 6890; Linux takes 0.0.0.0 for itself
  "10.0.0.0/8", // private, RFC 1918
  "100.64.0.0/10", // shared between a provider and its customers, RFC 6598; some clouds' metadata too
  "127.0.0.0/8", // loopback, RFC 1122
  "169.254.0.0/16", // link-local, RFC 3927; the metadata of most clouds
  "172.16.0.0/12", // private, RFC 1918
  "192.0.0.0/24", // IETF protocol assignments, RFC 6890
  "192.168.0.0/16", // private, RFC 1918
  "198.18.0.0/15", // for benchmarks, RFC 2544; the sandbox's own network lies in it
  "224.0.0.0/4", // multicast, RFC 5771
  "240.0.0.0/4", // reserved, RFC 1112; and the broadcast address
];

const LOOPBACK: Range = { address: "127.0.0.0", bits: 8 };
const LINK_LOCAL = "169.254.0.0";

export function parseRange(text: string): Range | undefined {
  const [, address = "", bits = "32"] = /^([\d.]+)(?:\/(\d{1,2}))?$/.exec(text) ?? [];
  return isIPv4(address) && Number(bits) <= 32
    ? { address: maskAddress(address, Number(bits)), bits: Number(bits) }
    : undefined;
}

function showRange({ address, bits }: Range): string {
  return bits === 32 ? address : `${address}/${bits}`;
}

/** Whether all of `inner` lies in `outer`. */
function contains(outer: Range, inner: Range): boolean {
  return outer.bits <= inner.bits && maskAddress(inner.address, outer.bits) === outer.address;
}

export function isLoopback(range: Range): boolean {
  return contains(LOOPBACK, range);
}

/** Whether an address is closed unless somebody opens it. */
export function isClosed(address: string, ownAddresses: readonly string[]): boolean {
  const range = { address, bits: 32 };
  return ownAddresses.includes(address) || closedRanges().some((closed) => contains(closed, range));
}

function closedRanges(): readonly Range[] {
  return CLOSED_RANGES.flatMap((range) => parseRange(range) ?? []);
}

export type OpenAndClosed = { readonly closed: readonly string[]; readonly open: readonly string[] };

/**
 * Routes of the sandbox: the most specific one decides. An allowed range opens what lies in it, except this machine's
 * own addresses and the link-local ones (where clouds keep their metadata, credentials among it): those have to be
 * allowed by themselves, the link-local ones as a range that is no wider than theirs.
 */
export function planRoutes(allowed: readonly Range[], ownAddresses: readonly string[]): OpenAndClosed {
  const own = ownAddresses.flatMap((address) => parseRange(address) ?? []);
  const isOpened = (closed: Range) =>
    allowed.some((range) => contains(range, closed) && (closed.address !== LINK_LOCAL || range.bits >= closed.bits));
  const closed = [
    ...closedRanges().filter((range) => !isOpened(range)),
    ...own.filter((address) => !allowed.some((range) => range.bits === 32 && range.address === address.address)),
  ];
  return { closed: closed.map(showRange), open: allowed.map(showRange) };
}

function maskAddress(address: string, bits: number): string {
  const number = address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
  // A shift by 32 is none in JavaScript, so the whole range is told apart.
  const masked = bits === 0 ? 0 : number - (number % 2 ** (32 - bits));
  return [24, 16, 8, 0].map((shift) => Math.floor(masked / 2 ** shift) % 256).join(".");
}
