/** Ids for people: short, sortable by time, easy to say and to paste. */

/** A deployment's id: the time in base 36, then 4 random characters ("d-mf2k9x1c-4f7a"). */
export function deploymentId(nowMs: number, random: number): string {
  return `d-${idTail(nowMs, random)}`;
}

/** The ids of deployments in a sentence of ours. */
export function deploymentIdsIn(text: string): string[] {
  return text.match(/\bd-[0-9a-z]+-[0-9a-z]{4}\b/g) ?? [];
}

/** The id of a request that needs a second person: "r-mf2k9x1c-4f7a". */
export function requestId(nowMs: number, random: number): string {
  return `r-${idTail(nowMs, random)}`;
}

function idTail(nowMs: number, random: number): string {
  const chance = Math.floor(random * 36 ** 4);
  return `${nowMs.toString(36)}-${chance.toString(36).padStart(4, "0")}`;
}
