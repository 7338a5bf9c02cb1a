/** What to do next is written down as a command of the command line; in Slack it is said as it is asked for there. */

/** The commands between backticks that both know. */
const COMMAND = /`slipway (deploy|redeploy|rebuild|rollback|resume|unlock|cancel|releases) ([^`]*)`/g;

/** "`slipway deploy shop --commit a1b2c3d`" as "`/deploy deploy shop a1b2c3d`". */
export function inSlackCommands(text: string): string {
  return text.replace(
    COMMAND,
    (_, verb: string, rest: string) => `\`/deploy ${verb} ${rest.replace("--commit ", "")}\``,
  );
}
