/**
 * How many bytes of bodies are held that nobody has verified yet, all requests together. Whoever was verified lately has
 * room that strangers cannot take, so that a flood of large bodies does not keep out the senders that are known.
 */
import { limitedAddress } from "../model/address.ts";
import type { BodyMeter } from "./read-body.ts";

export type BodyBudget = {
  /** For one request. It has to be closed, whatever becomes of the request. */
  open(client: string): BodyLease;
  /** The client was verified: for an hour its bodies are no stranger's. */
  verified(client: string): void;
  /** Held now. */
  bytes(): number;
};

type BodyLease = BodyMeter & { close(): void };

/** Of the whole, for all strangers together, and for one address of theirs: GitHub's largest delivery fits into it. */
const STRANGERS_SHARE = 3 / 4;
const STRANGER_SHARE = 1 / 2;
const KNOWN_MS = 3_600_000;
/** More senders than anybody has; the oldest is forgotten first. */
const MAX_KNOWN = 10_000;

/** `maxBytes` in all; `now` in milliseconds since 1970. */
export function createBodyBudget({ maxBytes, now }: { maxBytes: number; now: () => number }): BodyBudget {
  const knownUntil = new Map<string, number>();
  const ofAddress = new Map<string, number>();
  let held = 0;
  let ofStrangers = 0;

  function openStranger(client: string): BodyLease {
    // An address of IPv6 takes 20 µs to be read, so not before there is a body.
    let address: string | undefined;
    let bytes = 0;
    return {
      add(more) {
        address ??= limitedAddress(client);
        const ofThis = ofAddress.get(address) ?? 0;
        const isTooMuch =
          held + more > maxBytes ||
          ofStrangers + more > maxBytes * STRANGERS_SHARE ||
          ofThis + more > maxBytes * STRANGER_SHARE;
        if (isTooMuch) return false;
        ofAddress.set(address, ofThis + more);
        ofStrangers += more;
        held += more;
        bytes += more;
        return true;
      },
      close() {
        if (address === undefined) return;
        const left = (ofAddress.get(address) ?? 0) - bytes;
        if (left > 0) ofAddress.set(address, left);
        else ofAddress.delete(address);
        ofStrangers -= bytes;
        held -= bytes;
        bytes = 0;
      },
    };
  }

  function openKnown(): BodyLease {
    let bytes = 0;
    return {
      add(more) {
        if (held + more > maxBytes) return false;
        held += more;
        bytes += more;
        return true;
      },
      close() {
        held -= bytes;
        bytes = 0;
      },
    };
  }

  return {
    open: (client) => ((knownUntil.get(client) ?? 0) > now() ? openKnown() : openStranger(client)),
    verified(client) {
      const untilMs = now() + KNOWN_MS;
      // Said anew only now and then: this is asked for each delivery.
      if ((knownUntil.get(client) ?? 0) > untilMs - KNOWN_MS / 10) return;
      knownUntil.delete(client);
      knownUntil.set(client, untilMs);
      if (knownUntil.size <= MAX_KNOWN) return;
      for (const oldest of knownUntil.keys()) {
        knownUntil.delete(oldest);
        return;
      }
    },
    bytes: () => held,
  };
}
