/** The allow-list of a source: which addresses may send at all, asked before a body is read. */
import { type Ranges, readRanges } from "../../model/address.ts";

/** The word for the ranges that GitHub publishes. */
const GITHUB = "github";

export type AddressGuardOptions = {
  /** Ranges and addresses, the word `github` for those that GitHub publishes, `unix` for a socket. Empty: all may. */
  readonly allow: readonly string[];
  /** GitHub's ranges as they are known now; null: not known yet. */
  readonly githubRanges: () => Ranges | null;
  /**
   * Whether something else proves who sent it. Then a list that is not known yet refuses nobody: GitHub sends no
   * delivery twice, and one that is lost is worse than one whose signature alone is checked. Without anything else,
   * nobody gets in.
   */
  readonly isSigned: boolean;
};

export type AddressGuard = {
  /** `client` as `clientAddress` names it; "" is a socket of the file system. */
  isAllowed(client: string): boolean;
};

export function createAddressGuard({ allow, githubRanges, isSigned }: AddressGuardOptions): AddressGuard {
  if (allow.length === 0) return { isAllowed: () => true };
  const own = readRanges(allow);
  const asksGithub = allow.includes(GITHUB);
  return {
    isAllowed(client) {
      if (client === "" ? own.unix : own.contains(client)) return true;
      if (!asksGithub) return false;
      const published = githubRanges();
      return published === null ? isSigned : published.contains(client);
    },
  };
}
