/**
 * What tools that build websites print about single lines of files: compilers, bundlers, linters. Each form is read by
 * one small reader; lines come without colours (log-lines.ts) and bounded in length. Pure.
 */

/** One thing that a tool said of one line of a file. */
export type Finding = {
  /** As the tool wrote it: relative to wherever it ran, absolute, or a file: address. */
  readonly path: string;
  readonly line: number;
  readonly isError: boolean;
  /** The tool's own name of the problem, "TS2304" or "no-undef"; "" where it gives none. */
  readonly code: string;
  readonly message: string;
  /** False where a place stood by itself and the words were looked for around it. */
  readonly isPrecise: boolean;
};

type Reader = (lines: readonly string[], at: number) => readonly Finding[];

/** A path with an extension. Brackets and parentheses are allowed: routes of Next and SvelteKit are named so. */
const PATH = String.raw`(?<path>(?:file:\/\/)?[^\s:'"<>|*?${"`"}]{1,400}\.[A-Za-z][A-Za-z0-9]{0,9})`;
const LINE = String.raw`(?<line>\d{1,7})`;
/** A pattern in which "{path}" and "{line}" stand for those, and are captured. */
const form = (text: string) => new RegExp(text.replace("{path}", PATH).replace("{line}", LINE), "i");

/** What a pattern captures in a line; null where it does not fit. */
function capture(pattern: RegExp, line: string | undefined): Captured | null {
  return pattern.exec(line ?? "")?.groups ?? null;
}

/** Reads all findings, in the order in which they stand. */
export function findingsIn(lines: readonly string[]): Finding[] {
  return lines.flatMap((_, at) => {
    for (const read of READERS) {
      const found = read(lines, at);
      if (found.length > 0) return found;
    }
    return [];
  });
}

/** `✘ [ERROR] Could not resolve "x"`, then a blank line and `    src/a.ts:12:5:` (esbuild, Angular, Vite). */
const ESBUILD = /^\S{0,2} ?\[(?<level>ERROR|WARNING)\] (?<message>\S.*)$/;
const ESBUILD_PLACE = form(String.raw`^\s+{path}:{line}:\d+:$`);

function readEsbuild(lines: readonly string[], at: number): Finding[] {
  const said = capture(ESBUILD, lines[at]);
  if (said === null) return [];
  const rest = lines.slice(at + 1, at + 12);
  const end = rest.indexOf("");
  const place = end === -1 ? null : capture(ESBUILD_PLACE, rest[end + 1]);
  return place ? [finding(place, said.level, [said.message, ...rest.slice(0, end)].join("\n"))] : [];
}

/** `ERROR in ./src/a.js 3:7` with the words below (webpack); `[tsl] ERROR in /…/a.ts(12,5)` (ts-loader). */
const WEBPACK = form(String.raw`^(?:\[\w{1,20}\] )?(?<level>ERROR|WARNING) in {path}[: (]{line}[:,]\d+[-:\d]*\)?:?$`);

function readWebpack(lines: readonly string[], at: number): Finding[] {
  const place = capture(WEBPACK, lines[at]);
  return place ? [finding(place, place.level, blockAfter(lines, at).join("\n"))] : [];
}

/** A file's name alone, and below it `  12:5  error  'x' is not defined  no-undef` (ESLint, stylelint, Next). */
const FILE_ALONE = form("^{path}$");
const RULE_ROW = form(String.raw`^\s*{line}:\d{1,7}\s+(?<level>error|warning|✖|×|⚠):?\s+(?<message>\S.*)$`);

function readLinter(lines: readonly string[], at: number): Finding[] {
  const { path } = capture(FILE_ALONE, lines[at]) ?? {};
  const found: Finding[] = [];
  for (let row = at + 1; path !== undefined && row < lines.length; row++) {
    const said = capture(RULE_ROW, lines[row]);
    if (said === null) break;
    const { message = "" } = said;
    const gap = message.lastIndexOf("  ");
    const rule = message.slice(gap + 2);
    const isRule = gap > 0 && !/\s/.test(rule);
    found.push({
      ...finding({ ...said, path }, said.level, isRule ? message.slice(0, gap) : message),
      code: isRule ? rule : "",
    });
  }
  return found;
}

/** `src/a.ts:12:5 - error TS2304: …` (tsc, Angular, astro check) and `src/a.ts(12,5): error TS2304: …` (tsc). */
const COMPILER = [
  form(String.raw`^{path}:{line}:\d+ - (?<level>error|warning) (?<code>[^\s:]{1,40}): (?<message>.+)$`),
  form(String.raw`^{path}\({line},\d+\): (?<level>error|warning) (?<code>[^\s:]{1,40}): (?<message>.+)$`),
];

function readCompiler(lines: readonly string[], at: number): Finding[] {
  const said = firstCapture(COMPILER, withoutLabels(lines[at] ?? ""));
  if (said === null) return [];
  const more = lines.slice(at + 1, at + 12);
  // The rest of a long message is indented; a line of code begins with its number.
  const end = more.findIndex((one) => !/^\s{2,}\S/.test(one) || /^\s*(\d+\s|~)/.test(one));
  const message = [said.message, ...more.slice(0, end === -1 ? undefined : end)].join("\n");
  return [{ ...finding(said, said.level, message), code: said.code ?? "" }];
}

/** `src/a.js (3:8): "x" is not exported by …` (Rollup, Svelte) and `/…/a.css:3:1: Unknown word` (esbuild, PostCSS). */
const ONE_LINE = [
  form(String.raw`^{path} \({line}:\d+\):? (?<message>\S.*)$`),
  form(String.raw`^{path}:{line}:\d+(?::| -)?\s+(?:(?<level>error|warning)\b:?\s*)?(?<message>\S.*)$`),
];

function readOneLine(lines: readonly string[], at: number): Finding[] {
  const said = firstCapture(ONE_LINE, withoutLabels(lines[at] ?? ""));
  return said ? [finding(said, said.level, said.message ?? "")] : [];
}

/** `Error: … "/…/layouts/single.html:5:7": execute of template failed` (Hugo). */
const QUOTED = form(String.raw`"{path}:{line}:\d+"`);

function readQuoted(lines: readonly string[], at: number): Finding[] {
  const text = lines[at] ?? "";
  const place = /\b(error|failed)\b/i.test(text) ? capture(QUOTED, text) : null;
  return place ? [finding(place, "error", withoutLabels(text))] : [];
}

/**
 * A place by itself, below or above the words: `file: /…/main.ts:3:10` (Vite), `./app/page.tsx:12:5` (Next, svelte-check),
 * `  /…/index.astro:5:3` (Astro), `╭─[ src/main.ts:1:8 ]` (Rolldown, SWC), `  src/a.scss 3:7  root stylesheet` (Sass).
 */
const PLACES = [
  form(String.raw`^\s*(?:❯ |--> |file: |Location: )?{path}:{line}:\d+$`),
  form(String.raw`^\s*[╭┌,][─-]{1,3}\[ ?{path}:{line}:\d+ ?\]$`),
  form(String.raw`^\s+{path} {line}:\d+\s+root stylesheet$`),
];
const SAYS_WHY = /error|failed|expected|cannot|could not|^\s*[×✘✖]/i;
/** How far above a place its words may stand: Astro and Sass show the code in between. */
const LOOK_BACK = 12;

function readPlace(lines: readonly string[], at: number): Finding[] {
  const place = firstCapture(PLACES, lines[at] ?? "");
  if (place === null) return [];
  const below = lines[at + 1] ?? "";
  const above = lines.slice(Math.max(0, at - LOOK_BACK), at).findLast((one) => SAYS_WHY.test(one) && !isPlace(one));
  const why = /^(\w[\w ]{0,30})?(error|warning)\b/i.test(below) ? below : above;
  if (why === undefined) return [];
  const level = /^\s*warning/i.test(why) ? "warning" : "error";
  return [{ ...finding(place, level, withoutLabels(why)), isPrecise: false }];
}

const isPlace = (line: string) => firstCapture(PLACES, line) !== null;

const READERS: readonly Reader[] = [
  ...[readEsbuild, readWebpack, readLinter, readCompiler],
  ...[readPlace, readOneLine, readQuoted],
];

type Captured = Readonly<Record<string, string | undefined>>;

function firstCapture(patterns: readonly RegExp[], line: string): Captured | null {
  for (const pattern of patterns) {
    const captured = capture(pattern, line);
    if (captured !== null) return captured;
  }
  return null;
}

/** `level` is the tool's word or sign; all but warnings are errors. "TS2304: Cannot find name" is a code and words. */
function finding({ path = "", line = "" }: Captured, level: string | undefined, text: string): Finding {
  const [, code = "", message = text] = /^((?:TS|NG)-?\d{1,6}): (.*)$/s.exec(text.trim()) ?? [];
  return { path, line: Number(line), isError: !/^(w|⚠)/i.test(level ?? ""), code, message, isPrecise: true };
}

/** What stands before the words: "[vite:esbuild] ", "RollupError: ", "✘ ". */
const LABEL = /^(?:\[[^\]]{1,80}\]:? ?|\w{0,40}Error: |Type error: |[✘✖×⨯❌] ?|error {2,})/i;

function withoutLabels(line: string): string {
  let text = line.trim();
  for (let times = 0; times < 5; times++) text = text.replace(LABEL, "");
  return text;
}

/** The lines up to the next blank one, at most four; a blank line right below is skipped. */
function blockAfter(lines: readonly string[], at: number): string[] {
  const from = lines[at + 1] === "" ? at + 2 : at + 1;
  const block = lines.slice(from, from + 4);
  const end = block.indexOf("");
  return (end === -1 ? block : block.slice(0, end)).map((line) => line.trim());
}
