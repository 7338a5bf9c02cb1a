/** What every push has in common, whichever host reports it: whether a site shows that branch, and wants that commit. */
import { skippedBecause } from "../model/deployment.ts";
import { skipMarker } from "./skip-marker.ts";

/** Why a ref that moved is not about what the site shows. */
export function whyNoMatter(
  { ref, isDeleted }: { readonly ref: string; readonly isDeleted: boolean },
  site: { readonly branch: string },
): string | undefined {
  if (!ref.startsWith("refs/heads/")) return `${ref} is not a branch`;
  const branch = ref.slice("refs/heads/".length);
  if (branch !== site.branch) return `${branch} is not ${site.branch}, the branch that is deployed`;
  return isDeleted ? `the branch ${branch} was deleted` : undefined;
}

/** Why a push to the site's branch is not deployed, and what does deploy it: people see that among the deployments. */
export function whySkipped(
  message: string,
  { name, workflow }: { readonly name: string; readonly workflow: string | null },
): string | undefined {
  const marker = skipMarker(message);
  if (marker) return skippedBecause(name, `the commit message says ${marker}`, workflow);
  return workflow === null ? undefined : `it waits for the workflow ${workflow}, which deploys it by succeeding`;
}

/** Why a commit that is on its way already is not deployed once more. */
export function underWayText(commit: string, deployment: string): string {
  return `${commit.slice(0, 7)} is being deployed already by ${deployment}`;
}

/** The title of a deployment: the first line of the commit's message, cut. */
export function titleOf(message: string): string {
  return (message.split(/\r?\n/, 1)[0] ?? "").slice(0, 200);
}
