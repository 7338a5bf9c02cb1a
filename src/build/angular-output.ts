/** What Angular's own prerendering left in an output folder: each route that it lists has its page, and the app its start. */
import { constants } from "node:fs";
import { copyFile, lstat, readdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";
import { PermanentError } from "../errors.ts";
import { readSmall } from "./read-folders.ts";

const LIST = "prerendered-routes.json";
/** The page that starts the app in the browser, whatever the address: what servers fall back to. */
const CLIENT_PAGE = "index.csr.html";
const MAX_BYTES = 16 * 1024 * 1024;
/** So many of the routes without a page are named. */
const MAX_NAMED = 20;

/** An object since Angular 19, a list before. */
const listSchema = z.object({ routes: z.union([z.record(z.string(), z.unknown()), z.array(z.string())]) });

/**
 * Makes the output folder of an Angular build ready to be published; one of anything else is left as it is. `folder` is
 * absolute and lies in `root`. Answers with what was recognised, as lines for the transcript. Throws PermanentError,
 * with the routes, where pages are missing.
 */
export async function settleAngularOutput(folder: string, root: string): Promise<string[]> {
  const lines: string[] = [];
  const list = await readList(folder, root);
  if (list !== null) {
    await requirePages(list.routes, folder);
    const { length } = list.routes;
    if (length > 0)
      lines.push(`Angular prerendered ${length === 1 ? "1 route; it" : `${length} routes; each`} has its page`);
    // For servers of the build's own; visitors have no use for it.
    if (list.isInside) await rm(join(folder, LIST));
  }
  if (
    (await isFile(join(folder, CLIENT_PAGE))) &&
    (await lstat(join(folder, "index.html")).catch(() => null)) === null
  ) {
    await copyFile(join(folder, CLIENT_PAGE), join(folder, "index.html"), constants.COPYFILE_EXCL);
    lines.push(`Angular renders / in the browser: ${CLIENT_PAGE} is published as index.html too`);
  }
  return lines;
}

/** The application builder writes it beside `browser`, or into the output itself where `outputPath.browser` is "". */
async function readList(folder: string, root: string): Promise<{ routes: string[]; isInside: boolean } | null> {
  for (const place of folder === root ? [folder] : [folder, dirname(folder)]) {
    const text = await readSmall(join(place, LIST), MAX_BYTES);
    if (text === null) continue;
    const read = listSchema.safeParse(jsonOrNull(text));
    // Somebody else's file of this name.
    if (!read.success) continue;
    const { routes } = read.data;
    return { routes: Array.isArray(routes) ? routes : Object.keys(routes), isInside: place === folder };
  }
  return null;
}

async function requirePages(routes: readonly string[], folder: string): Promise<void> {
  if (routes.length === 0) return;
  const bases = await readBases(folder);
  const missing: string[] = [];
  for (const route of routes) if (!(await hasPage(route, folder, bases))) missing.push(route);
  if (missing.length === 0) return;
  const more = missing.length > MAX_NAMED ? ` and ${missing.length - MAX_NAMED} more` : "";
  throw new PermanentError(
    `Angular's ${LIST} lists routes that have no page in the output: ${missing.slice(0, MAX_NAMED).join(", ")}${more}. ` +
      "Either a step after ng build removed them, or build.output is another folder than the one it wrote to.",
  );
}

/** The path that a folder's pages have in front of their routes, from the `<base href>` of the app's page. */
type Base = { readonly folder: string; readonly path: string };

/** Of the output itself, and of the folder of each language. */
async function readBases(folder: string): Promise<Base[]> {
  const bases: Base[] = [];
  const entries = await readdir(folder, { withFileTypes: true });
  for (const name of [".", ...entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name)]) {
    const page =
      (await readSmall(join(folder, name, CLIENT_PAGE), MAX_BYTES)) ??
      (await readSmall(join(folder, name, "index.html"), MAX_BYTES));
    const [, href] = /<base\s[^>]*?href="([^"]*)"/i.exec(page ?? "") ?? [];
    if (href !== undefined && URL.canParse(href, "http://localhost"))
      bases.push({ folder: name, path: new URL(href, "http://localhost").pathname.replace(/\/*$/, "/") });
  }
  return bases;
}

async function hasPage(route: string, folder: string, bases: readonly Base[]): Promise<boolean> {
  const path = `${route}/`.replace(/\/+/g, "/").replace(/^\/?/, "/");
  const below = bases.flatMap((base) =>
    path.startsWith(base.path) ? [join(base.folder, path.slice(base.path.length))] : [],
  );
  for (const place of [path, ...below].flatMap((one) => [one, decoded(one)])) {
    if (await isFile(join(folder, join("/", place), "index.html"))) return true;
  }
  return false;
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

function jsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function isFile(path: string): Promise<boolean> {
  return lstat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}
