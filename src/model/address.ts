/** Addresses on the internet as one spelling each, the ranges that they lie in, and how much of one is kept. */
import ip from "ipaddr.js";

type Ip = ip.IPv4 | ip.IPv6;

/** Ranges of addresses; a socket of the file system has none and is named by the word `unix`. */
export type Ranges = {
  /** Whether whoever comes through a socket of the file system belongs to them. */
  readonly unix: boolean;
  /** Whether an address, in any spelling, lies in one of them. Never throws. */
  contains(address: string): boolean;
};

/** The longest spelling there is: IPv6 that ends in an IPv4 address, with a zone. */
const MAX_CHARS = 100;

/**
 * The address in one spelling: IPv4 that is mapped into IPv6 (RFC 4291, section 2.5.5.2) as IPv4, no zone. Null for
 * everything else, also for the short and octal forms of IPv4, which programs read differently.
 */
export function cleanAddress(text: string): string | null {
  return parseAddress(text)?.toString() ?? null;
}

function parseAddress(text: string): Ip | null {
  if (text.length > MAX_CHARS) return null;
  if (ip.IPv4.isValidFourPartDecimal(text)) return ip.IPv4.parse(text);
  const bare = text.split("%", 1)[0] ?? "";
  if (!bare.includes(":") || !ip.IPv6.isValid(bare)) return null;
  const address = ip.IPv6.parse(bare);
  return address.isIPv4MappedAddress() ? address.toIPv4Address() : address;
}

type Range = readonly [address: Ip, bits: number];

/** Reads "192.0.2.0/24", "2001:db8::/32", or one address; undefined where it is none. */
function parseRange(text: string): Range | undefined {
  const [, before = "", bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const address = parseAddress(before);
  if (address === null) return undefined;
  const all = address.kind() === "ipv4" ? 32 : 128;
  // A range of mapped addresses counts its bits from the start of IPv6.
  const isMapped = before.includes(":") && all === 32;
  const given = bits === undefined ? all : Number(bits) - (isMapped ? 96 : 0);
  return given >= 0 && given <= all ? [address, given] : undefined;
}

/** Whether it can stand in a list of ranges: a range, an address, or the word `unix`. */
export function isRange(text: string): boolean {
  return text === "unix" || parseRange(text) !== undefined;
}

/** The ranges of a list; what is none (see `isRange`) is left out. */
export function readRanges(list: readonly string[]): Ranges {
  const ranges = list.map(parseRange).filter((it) => it !== undefined);
  return {
    unix: list.includes("unix"),
    contains(text) {
      if (ranges.length === 0) return false;
      const address = parseAddress(text);
      if (address === null) return false;
      return ranges.some(([start, bits]) => address.kind() === start.kind() && address.match(start, bits));
    },
  };
}

/** 64 bits of IPv6 are one network, and whoever has it has all its addresses (RFC 4291, section 2.5.4). */
const NETWORK_BITS = 64;

/** Whom a limit holds for: an address of IPv4, a network of IPv6 ("2001:db8:0:1::/64"), or the text itself. */
export function limitedAddress(address: string): string {
  return address.includes(":") ? maskAddress(address, { four: 32, six: NETWORK_BITS }) : address;
}

/** As much of an address as may be kept and shown, since the whole of it may name a person: /24, or /48 of IPv6. */
export function shownAddress(address: string): string {
  return address === "" ? "a local socket" : maskAddress(address, { four: 24, six: 48 });
}

function maskAddress(text: string, bits: { readonly four: number; readonly six: number }): string {
  const address = parseAddress(text);
  if (address === null) return text === "" ? "" : "an address that is none";
  const kept = address.kind() === "ipv4" ? bits.four : bits.six;
  if (kept === 32 && address.kind() === "ipv4") return address.toString();
  const bytes = address.toByteArray().map((byte, at) => byte & (0xff << Math.max(0, 8 - Math.max(0, kept - at * 8))));
  return `${ip.fromByteArray(bytes.map((byte) => byte & 0xff)).toString()}/${kept}`;
}
