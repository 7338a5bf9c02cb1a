/**
 * What a failed build said of single lines of its files, as annotations of a check run: read from the end of its
 * transcript, whatever tool printed it. Pure.
 */
import { posix } from "node:path";
import { sourcePlace } from "../../../model/workspace-place.ts";
import { logLines } from "../log-lines.ts";
import { cut, oneLine } from "../plain.ts";
import { type Finding, findingsIn } from "./build-findings.ts";

/** As GitHub takes it: docs.github.com/en/rest/checks/runs, "annotations". */
export type Annotation = {
  /** Relative to the repository, without "..". */
  readonly path: string;
  readonly start_line: number;
  readonly end_line: number;
  readonly annotation_level: "failure" | "warning";
  readonly title: string;
  readonly message: string;
};

/** Where the build ran. */
export type BuildPlace = {
  readonly site: string;
  /** The site's folder in the repository, "." for the repository itself. */
  readonly folder: string;
};

/** GitHub's limit for one request. */
const MAX_ANNOTATIONS = 50;
const MAX_TITLE_CHARS = 100;
const MAX_MESSAGE_CHARS = 2000;
const MAX_PATH_CHARS = 400;

/** The annotations that follow from the end of a transcript, errors before warnings, each once. */
export function annotationsOf(tail: string, place: BuildPlace): Annotation[] {
  const found = findingsIn(logLines(tail)).flatMap((finding) => {
    const path = pathInRepository(finding.path, place);
    return path === null || finding.line < 1 ? [] : [{ ...finding, path }];
  });
  const line = ({ path, line }: Finding) => `${path}:${line}`;
  const told = new Set(found.filter(({ isPrecise }) => isPrecise).map(line));
  const annotations = new Map<string, Annotation>();
  for (const finding of found) {
    // A place that stands below an error's words is often named in them already.
    if (!finding.isPrecise && told.has(line(finding))) continue;
    const annotation = toAnnotation(finding);
    const key = `${line(finding)} ${annotation.message}`;
    if (!annotations.has(key)) annotations.set(key, annotation);
  }
  const isFailure = ({ annotation_level }: Annotation) => Number(annotation_level === "failure");
  return [...annotations.values()].sort((a, b) => isFailure(b) - isFailure(a)).slice(0, MAX_ANNOTATIONS);
}

function toAnnotation({ path, line, isError, code, message }: Finding): Annotation {
  return {
    path,
    start_line: line,
    end_line: line,
    annotation_level: isError ? "failure" : "warning",
    title: oneLine(code, MAX_TITLE_CHARS) || (isError ? "Build error" : "Build warning"),
    message: cut(message.trim(), MAX_MESSAGE_CHARS) || (isError ? "The build fails here" : "The build warns here"),
  };
}

/** Folders that tools fill, whose files are not in the repository. */
const NOT_SOURCES = new Set([".angular", ".astro", ".git", ".next", ".nuxt", ".output", ".svelte-kit", "node_modules"]);

/** A file as a tool names it, relative to the repository; null where it is none of its files. */
function pathInRepository(written: string, { site, folder }: BuildPlace): string | null {
  const path = written.replace(/^file:\/\//, "");
  const relative = path.startsWith("/") ? belowSource(path, site) : fromFolder(path, folder);
  if (relative === null || relative.includes("\\")) return null;
  const normal = posix.normalize(relative);
  if (normal === "." || /^(\/|\.\.(\/|$))/.test(normal) || normal.length > MAX_PATH_CHARS) return null;
  return normal.split("/").some((part) => NOT_SOURCES.has(part)) ? null : normal;
}

/** Builds see their folder under the path that it has outside; only its end, below the data folder, is known here. */
function belowSource(path: string, site: string): string | null {
  const source = `/${sourcePlace(site)}/`;
  const at = path.lastIndexOf(source);
  return at === -1 ? null : path.slice(at + source.length);
}

/** Most tools name files as seen from where they run, some as seen from the repository. */
function fromFolder(path: string, folder: string): string {
  const normal = posix.normalize(path);
  const base = posix.normalize(folder).replace(/\/$/, "");
  return normal.startsWith(`${base}/`) ? normal : posix.join(base, normal);
}
