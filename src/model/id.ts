/** Ids for people: short, sortable by time, easy to say and to paste. */

/** A deployment's id: the time in base 36, then 4 random characters ("d-mf2k9x1c-4f7a"). */
export function deploymentId(nowMs: number, random: number): string {
  const tail = Math.floor(random * 36 ** 4)
    .toString(36)
    .padStart(4, "0");
  return `d-${nowMs.toString(36)}-${tail}`;
}
