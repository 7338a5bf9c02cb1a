/** A workflow of GitHub Actions, and whether it is the one that a site waits for. */
import { basename } from "node:path/posix";

/** As people call it, and its file; each is empty where GitHub does not say. */
export type Workflow = { readonly name: string; readonly path: string };

/**
 * Whether `wanted`, as an operator writes it, is this workflow: by its name, or by its file with or without folders.
 * GitHub writes the file as ".github/workflows/ci.yml" in webhooks and "owner/name/.github/workflows/ci.yml@main" in its
 * API (docs.github.com/rest/actions/workflow-runs, `path`).
 */
export function isWorkflow(wanted: string, { name, path }: Workflow): boolean {
  const file = path.replace(/(\.ya?ml)@.*$/s, "$1");
  return [name, file, basename(file)].some((known) => known !== "" && known === wanted);
}
