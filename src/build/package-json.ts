/** The parts of package.json that decide how a site is built, and how JSON of a repository is read at all. */
import { z } from "zod";
import { PermanentError } from "../errors.ts";
import type { FolderListing } from "./folder-listing.ts";

const texts = z.record(z.string(), z.unknown()).optional();
/** npm's "devEngines": one entry, or a list of which the first counts here. docs.npmjs.com/cli/configuring-npm/package-json. */
const devEngine = z.object({ name: z.string(), version: z.string().optional() });
const devEngines = z.union([devEngine, z.array(devEngine).transform((list) => list[0])]).optional();

const packageSchema = z.object({
  scripts: texts,
  dependencies: texts,
  devDependencies: texts,
  optionalDependencies: texts,
  // What other tools read is of use when it is well-formed, and no reason to fail when it is not.
  packageManager: z.string().optional().catch(undefined),
  engines: texts.catch(undefined),
  volta: texts.catch(undefined),
  devEngines: z.object({ runtime: devEngines, packageManager: devEngines }).optional().catch(undefined),
  workspaces: z
    .union([z.array(z.string()), z.object({ packages: z.array(z.string()) }).transform(({ packages }) => packages)])
    .optional()
    .catch(undefined),
});
export type Package = z.output<typeof packageSchema>;

/** The folder's package.json; null where there is none. Throws PermanentError when it is not of the usual shape. */
export function packageOf({ texts }: FolderListing): Package | null {
  return parseJson(texts.get("package.json") ?? null, packageSchema, "package.json");
}

/** What package.json asks for of a package: "^5.0.0"; undefined when it does not name it. */
export function dependency(pack: Package | null, name: string): string | undefined {
  for (const list of [pack?.dependencies, pack?.devDependencies, pack?.optionalDependencies]) {
    const wanted = list && Object.hasOwn(list, name) ? list[name] : undefined;
    if (typeof wanted === "string") return wanted;
  }
  return undefined;
}

/** A member that is text, and the object's own: names come from a repository. */
export function ownText(record: Readonly<Record<string, unknown>> | undefined, name: string): string | undefined {
  const value = record && Object.hasOwn(record, name) ? record[name] : undefined;
  return typeof value === "string" && value.trim() !== "" ? value.trim() : undefined;
}

/** Throws PermanentError, without quoting the text, when it is not JSON or does not fit. */
export function parseJson<T>(text: string | null, schema: z.ZodType<T>, name: string): T | null {
  if (text === null) return null;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new PermanentError(`${name} is not valid JSON`);
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const where = result.error.issues[0]?.path.join(".") ?? "";
  throw new PermanentError(`${name} is not of the usual shape${where === "" ? "" : ` (at ${where})`}`);
}
