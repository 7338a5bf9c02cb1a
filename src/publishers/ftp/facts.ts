/** What the connections of one FTP session find out about their host together. */
import { type HostProfile, UNKNOWN_HOST } from "../host-profile.ts";

export type PassiveCommand = "EPSV" | "PASV";

export type HostFacts = {
  /** What the next session may know, too. */
  readonly profile: { -readonly [Name in keyof HostProfile]: HostProfile[Name] };
  /** How the next data connection is asked for. */
  passive: PassiveCommand;
  /** Data connections in a row that could not be made that way. */
  passiveFailures: number;
};

/** The facts of a new session, beginning with what an earlier one learned. */
export function createHostFacts(profile: HostProfile = UNKNOWN_HOST): HostFacts {
  return { profile: { ...profile }, passive: profile.passive ?? "EPSV", passiveFailures: 0 };
}

/** So many failures make a command doubtful that has worked before; networks lose a packet now and then. */
const FAILURES_OF_A_PROVEN_COMMAND = 3;

/** A transfer went well over a data connection that this command opened. */
export function notePassiveWorked(facts: HostFacts, command: PassiveCommand): void {
  facts.profile.passive = command;
  facts.passive = command;
  facts.passiveFailures = 0;
}

/**
 * A data connection could not be made. Firewalls that read along often know only one of the two commands, so the other
 * one is next. What lanes tried before the change does not count against it.
 */
export function notePassiveFailed(facts: HostFacts, command: PassiveCommand): void {
  if (facts.passive !== command) return;
  facts.passiveFailures += 1;
  if (facts.profile.passive === command && facts.passiveFailures < FAILURES_OF_A_PROVEN_COMMAND) return;
  facts.passive = otherPassive(command);
  facts.passiveFailures = 0;
}

export function otherPassive(command: PassiveCommand): PassiveCommand {
  return command === "EPSV" ? "PASV" : "EPSV";
}
