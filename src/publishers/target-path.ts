/** Paths of a target, as `publisher.ts` describes them, and the whole paths that they stand for. */
import { posix } from "node:path";
import { PermanentError } from "../errors.ts";

/** A folder with "/" between segments, and whether paths may lead to the one above it. */
export type TargetPlace = { readonly base: string; readonly hasFolderAbove: boolean };

/**
 * The whole path. Throws PermanentError for one that would leave the target, whoever made it up. The folder above is
 * meant by name: for a target that is a link, it is the folder that the link lies in.
 */
export function wholePath({ base, hasFolderAbove }: TargetPlace, path: string): string {
  const isAbove = path.startsWith("../");
  const rest = isAbove ? path.slice(3) : path;
  const strays = rest.split("/").some((segment) => ["", ".", ".."].includes(segment));
  if (strays || /\p{Cc}/u.test(path) || (isAbove && !hasFolderAbove)) {
    throw new PermanentError(`${JSON.stringify(path)} is not a path inside the target`);
  }
  return posix.join(isAbove ? posix.dirname(base) : base, rest);
}

/** The reverse: the path that stands for a whole one; undefined where there is none. */
export function pathOf({ base, hasFolderAbove }: TargetPlace, whole: string): string | undefined {
  const inside = (folder: string) => (whole.startsWith(folder === "/" ? "/" : `${folder}/`) ? folder : undefined);
  if (inside(base) !== undefined) return posix.relative(base, whole) || undefined;
  const above = posix.dirname(base);
  if (!hasFolderAbove || inside(above) === undefined || whole === above) return undefined;
  return `../${posix.relative(above, whole)}`;
}
