/** Which project of an Angular workspace a site is, and where its builder writes to. */
import { posix } from "node:path";
import { z } from "zod";
import { PermanentError } from "../errors.ts";
import type { FolderListing } from "./folder-listing.ts";
import type { FrameworkFacts, Outputs } from "./framework.ts";
import { plainJson } from "./literal-setting.ts";
import { parseJson } from "./package-json.ts";

const options = z.object({
  outputPath: z.union([z.string(), z.object({ base: z.string(), browser: z.string().optional() })]).optional(),
});
const target = z.object({
  builder: z.string().optional(),
  options: options.optional(),
  configurations: z.record(z.string(), options).optional(),
  defaultConfiguration: z.string().optional(),
});
const targets = z.object({ build: target.optional() });
const workspaceSchema = z.object({
  defaultProject: z.string().optional(),
  projects: z.record(
    z.string(),
    z.object({
      projectType: z.string().optional(),
      root: z.string().optional(),
      architect: targets.optional(),
      targets: targets.optional(),
    }),
  ),
});
type Workspace = z.output<typeof workspaceSchema>;
type Project = { readonly name: string; readonly root: string; readonly build: z.output<typeof target> };

/** The application whose sources lie in the site's folder, where a folder above is the workspace. */
export function projectAt(listings: readonly FolderListing[]): { workspace: FolderListing; project: string } | null {
  const [own, ...above] = listings;
  if (!own || own.texts.has("angular.json") || own.names.has("package.json")) return null;
  for (const workspace of above) {
    const root = posix.relative(workspace.folder, own.folder);
    const project = applications(readWorkspace(workspace)).find((one) => one.root === root);
    if (project) return { workspace, project: project.name };
  }
  return null;
}

/** The outputs of the one application that is built, or of all that may be. Throws PermanentError. */
export function angularOutputs({ own, script }: FrameworkFacts): Outputs {
  const workspace = readWorkspace(own);
  const all = applications(workspace);
  if (all.length === 0) return { paths: ["dist"], because: "the default of Angular" };
  const [, named] = /\bng (?:build|b)\s+([\w@][\w@./-]*)/.exec(script) ?? [];
  const [, configuration] = /\s(?:--configuration|-c)[=\s]+([\w,-]+)/.exec(script) ?? [];
  const wanted = named ?? (all.length > 1 ? workspace?.defaultProject : undefined);
  // `ng build` takes the only project; where the choice is not ours to see, each is tried, the default one first.
  const chosen = all.filter(({ name }) => name === wanted);
  const tried = named !== undefined && chosen.length > 0 ? chosen : [...chosen, ...all];
  return { paths: [...new Set(tried.map((one) => outputOf(one, configuration)))], because: "angular.json" };
}

function readWorkspace({ texts }: FolderListing): Workspace | null {
  const text = texts.get("angular.json");
  return text === undefined ? null : parseJson(plainJson(text), workspaceSchema, "angular.json");
}

function applications(workspace: Workspace | null): Project[] {
  return Object.entries(workspace?.projects ?? {}).flatMap(([name, { projectType, root, architect, targets }]) => {
    const build = (architect ?? targets)?.build;
    if (!build || (projectType ?? "application") !== "application") return [];
    return { name, root: posix.normalize(root ?? "").replace(/\/+$/, ""), build };
  });
}

/**
 * The application builder writes into `browser` below its output path (default `dist/PROJECT`), the older browser
 * builders into the path itself. angular.dev/reference/configs/workspace-config.
 */
function outputOf({ name, build }: Project, configuration: string | undefined): string {
  const active = (configuration ?? build.defaultConfiguration ?? "").split(",");
  const configured = active.map((one) => {
    const all = build.configurations;
    return all && Object.hasOwn(all, one) ? all[one]?.outputPath : undefined;
  });
  const path = configured.findLast((one) => one !== undefined) ?? build.options?.outputPath ?? `dist/${name}`;
  const isPlain = /:(webpack-)?browser(-esbuild)?$/.test(build.builder ?? "");
  if (typeof path !== "string") return requireInside(posix.join(path.base, path.browser ?? "browser"));
  return requireInside(isPlain ? path : posix.join(path, "browser"));
}

function requireInside(path: string): string {
  const normal = posix.normalize(path);
  if (posix.isAbsolute(normal) || normal === ".." || normal.startsWith("../") || normal.includes("\0")) {
    throw new PermanentError("angular.json has an output path that leads out of the repository");
  }
  return normal.replace(/\/+$/, "");
}
