/** The command line was used wrongly: exit code 2, and nothing was done. The message names the option. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
