/** Who runs the command line, for the record. */
import { userInfo } from "node:os";

/** As the machine calls them, which is who may open Slipway's socket. */
export function whoAsks(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run as a user id that has no name.
    return `user ${process.getuid?.() ?? "unknown"}`;
  }
}
