/** What a package.json says about an install. No I/O. */
import { LIFECYCLE } from "./lifecycle-scripts.ts";

export type PackageFields = Readonly<Record<string, unknown>>;

/** Of no concern to an install. Everything else is taken to be: a field that is unknown here may be one that matters. */
const DESCRIPTIVE = new Set([
  ...["description", "keywords", "author", "contributors", "license", "homepage", "bugs", "repository", "funding"],
  ...["browserslist", "eslintConfig", "prettier", "jest", "stylelint", "lint-staged", "commitlint", "ava", "nyc"],
]);

/** Parsed when it is an object of JSON; null otherwise, and then the package manager has to judge it. */
export function parsePackage(text: string): PackageFields | null {
  try {
    const value: unknown = JSON.parse(text.replace(/^\uFEFF/, ""));
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

/** The part that decides, as text. Of scripts that is those which an install runs; what these call is judged elsewhere. */
export function decidingText(pack: PackageFields | null, text: string): string {
  if (pack === null) return text;
  const kept = Object.entries(pack).filter(([name]) => name !== "scripts" && !DESCRIPTIVE.has(name));
  return JSON.stringify([kept, lifecycleScripts(pack)]);
}

/** The scripts that an install runs, in the order in which it does. */
export function lifecycleScripts(pack: PackageFields | null): readonly (readonly [name: string, text: string])[] {
  const scripts = pack?.scripts;
  if (!isObject(scripts)) return [];
  return LIFECYCLE.flatMap((name) => {
    const text = Object.hasOwn(scripts, name) ? scripts[name] : undefined;
    return typeof text === "string" ? [[name, text] as const] : [];
  });
}

/** Whether packages below it may be installed together with it. */
export function hasWorkspaces(pack: PackageFields | null): boolean {
  return pack !== null && Object.hasOwn(pack, "workspaces");
}

/**
 * Files and folders of the repository that are installed as packages: "file:../shared", "./vendor/a-1.0.0.tgz". Where
 * a package manager copies them, their content decides; where it links them, that costs an install too many.
 */
export function localTargets(pack: PackageFields | null): readonly string[] {
  const fields = ["dependencies", "devDependencies", "optionalDependencies", "overrides", "resolutions", "pnpm"];
  const targets = fields.flatMap((name) => textsIn(pack !== null && Object.hasOwn(pack, name) ? pack[name] : null, 0));
  return targets.flatMap((text) => {
    const target = /^(?:file:|portal:|link:)?((?:\.{1,2}(?:\/|$)).*)$/.exec(text)?.[1];
    const bare = /^file:(?!\/)(.+)$/.exec(text)?.[1];
    // Yarn appends what it is bound to: "file:../shared#./shared::hash=…".
    const found = (target ?? bare)?.replace(/[#?].*$|::.*$/, "");
    return found === undefined || found === "" ? [] : [found];
  });
}

/** All texts in a value, which comes from a repository and may be nested without an end in sight. */
function textsIn(value: unknown, depth: number): readonly string[] {
  if (typeof value === "string") return [value];
  if (depth > 8 || !isObject(value)) return [];
  return Object.values(value).flatMap((member) => textsIn(member, depth + 1));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
