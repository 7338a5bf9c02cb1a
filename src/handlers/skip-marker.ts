/** Words in a commit message that keep the commit from being deployed. */

/** GitHub's own markers (https://docs.github.com/actions, "skip workflow runs"), and ours for deployments alone. */
const SKIP_MARKERS = [
  "[skip deploy]",
  "[deploy skip]",
  "[skip ci]",
  "[ci skip]",
  "[no ci]",
  "[skip actions]",
  "[actions skip]",
];

/** The marker in a commit message, if there is one. */
export function skipMarker(message: string): string | undefined {
  const text = message.toLowerCase();
  return SKIP_MARKERS.find((it) => text.includes(it));
}
