/** What tools print about lines of files, as they print it, and what becomes of it on GitHub. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { sourcePlace } from "../../../../src/model/workspace-place.ts";
import { annotationsOf } from "../../../../src/notify/wording/github/annotations.ts";

const AT_ROOT = { site: "shop", folder: "." };
const DATA = "/var/lib/slipway";
const SOURCE = `${DATA}/${sourcePlace("shop")}`;

/** "path:line level title: message" */
const brief = (tail: string, place = AT_ROOT) =>
  annotationsOf(tail, place).map((one) => {
    expect(one.end_line).toBe(one.start_line);
    return `${one.path}:${one.start_line} ${one.annotation_level} ${one.title}: ${one.message}`;
  });

describe("The lines that are read are those of", () => {
  test.each<[string, string, string[]]>([
    [
      "tsc on a terminal",
      `src/app/a.ts:12:5 - error TS2322: Type 'string' is not assignable to type 'Shop'.
  Property 'name' is missing.

12     shop = "x";
       ~~~~

src/app/b.ts:3:1 - error TS2304: Cannot find name 'x'.

3 x
  ~

Found 2 errors in 2 files.`,
      [
        "src/app/a.ts:12 failure TS2322: Type 'string' is not assignable to type 'Shop'.\n  Property 'name' is missing.",
        "src/app/b.ts:3 failure TS2304: Cannot find name 'x'.",
      ],
    ],
    [
      "tsc into a file",
      "src/a.ts(12,5): error TS2304: Cannot find name 'x'.\nsrc/b.ts(1,1): warning TS6133: 'y' is declared but never read.",
      [
        "src/a.ts:12 failure TS2304: Cannot find name 'x'.",
        "src/b.ts:1 warning TS6133: 'y' is declared but never read.",
      ],
    ],
    [
      "Angular's webpack builder",
      "Error: src/app/app.component.html:7:3 - error NG8001: 'app-x' is not a known element:\n1. If it is a component\n",
      ["src/app/app.component.html:7 failure NG8001: 'app-x' is not a known element:"],
    ],
    [
      "Angular's application builder",
      `\x1b[31m✘ \x1b[41;31m[\x1b[41;97mERROR\x1b[41;31m]\x1b[0m \x1b[1mTS2304: Cannot find name 'x'.\x1b[0m [plugin angular-compiler]

    src/app/app.component.ts:12:5:
\x1b[37m      12 │     \x1b[32mx\x1b[37m;
         ╵     ^\x1b[0m

`,
      ["src/app/app.component.ts:12 failure TS2304: Cannot find name 'x'. [plugin angular-compiler]"],
    ],
    [
      "esbuild, without the places that its notes name",
      `▲ [WARNING] Duplicate key "a" in object literal [duplicate-object-key]

    src/b.js:4:2:
      4 │   a: 2,
        ╵   ^

  The original key "a" is here:

    src/b.js:3:2:
      3 │   a: 1,

✘ [ERROR] Could not resolve "./x"

    src/a.js:1:7:
`,
      [
        'src/a.js:1 failure Build error: Could not resolve "./x"',
        'src/b.js:4 warning Build warning: Duplicate key "a" in object literal [duplicate-object-key]',
      ],
    ],
    [
      "Vite with esbuild",
      `error during build:
[vite:esbuild] Transform failed with 1 error:
${SOURCE}/src/main.ts:3:10: ERROR: Expected ";" but found "x"
file: ${SOURCE}/src/main.ts:3:10

Expected ";" but found "x"`,
      ['src/main.ts:3 failure Build error: Expected ";" but found "x"'],
    ],
    [
      "Vite with Rolldown",
      `[UNRESOLVED_IMPORT] Error: Could not resolve './x' in src/main.ts
   ╭─[ src/main.ts:1:8 ]
   │
 1 │ import './x'
`,
      ["src/main.ts:1 failure Build error: Could not resolve './x' in src/main.ts"],
    ],
    [
      "Rollup",
      `RollupError: src/main.js (3:8): "foo" is not exported by "src/b.js", imported by "src/main.js".
file: ${SOURCE}/src/main.js:3:8`,
      ['src/main.js:3 failure Build error: "foo" is not exported by "src/b.js", imported by "src/main.js".'],
    ],
    [
      "Vite's plugin for Svelte",
      `[vite-plugin-svelte] [plugin vite-plugin-svelte] src/routes/(app)/[slug]/+page.svelte (12:4): Expected token }
file: ${SOURCE}/src/routes/(app)/[slug]/+page.svelte:12:4`,
      ["src/routes/(app)/[slug]/+page.svelte:12 failure Build error: Expected token }"],
    ],
    [
      "svelte-check and Next",
      `${SOURCE}/src/App.svelte:12:5
Error: Cannot find name 'x'. (ts)

./src/app/page.tsx:4:7
Type error: Type 'number' is not assignable to type 'string'.`,
      [
        "src/App.svelte:12 failure Build error: Cannot find name 'x'. (ts)",
        "src/app/page.tsx:4 failure Build error: Type 'number' is not assignable to type 'string'.",
      ],
    ],
    [
      "Astro",
      `[CompilerError] Expected "}" but found "<"
  Hint:
    Close it.
  Location:
    ${SOURCE}/src/pages/index.astro:5:3
  Stack trace:
    at ${SOURCE}/node_modules/astro/dist/core.js:1:2`,
      ['src/pages/index.astro:5 failure Build error: Expected "}" but found "<"'],
    ],
    [
      "astro check",
      "src/pages/index.astro:3:5 - error ts(2304): Cannot find name 'x'.",
      ["src/pages/index.astro:3 failure ts(2304): Cannot find name 'x'."],
    ],
    [
      "webpack",
      `ERROR in ./src/a.js 3:7
Module parse failed: Unexpected token (3:7)
You may need an appropriate loader.

ERROR in src/b.ts:12:5
TS2304: Cannot find name 'x'.

[tsl] ERROR in ${SOURCE}/src/c.ts(9,1)
      TS7006: Parameter 'y' implicitly has an 'any' type.`,
      [
        "src/a.js:3 failure Build error: Module parse failed: Unexpected token (3:7)\nYou may need an appropriate loader.",
        "src/b.ts:12 failure TS2304: Cannot find name 'x'.",
        "src/c.ts:9 failure TS7006: Parameter 'y' implicitly has an 'any' type.",
      ],
    ],
    [
      "ESLint, errors first",
      `
${SOURCE}/src/a.js
   1:1   warning  Unexpected console statement  no-console
  12:5   error    'x' is not defined            no-undef
  12:5   error    Missing semicolon             semi
  13:1   error    Parsing error: Unexpected token

✖ 4 problems (3 errors, 1 warning)`,
      [
        "src/a.js:12 failure no-undef: 'x' is not defined",
        "src/a.js:12 failure semi: Missing semicolon",
        "src/a.js:13 failure Build error: Parsing error: Unexpected token",
        "src/a.js:1 warning no-console: Unexpected console statement",
      ],
    ],
    [
      "Next's linter",
      "./src/app/page.tsx\n12:5  Error: 'x' is not defined.  no-undef\n14:1  Warning: Unused.  no-unused-vars\n\ninfo  - Need to disable some rules?",
      [
        "src/app/page.tsx:12 failure no-undef: 'x' is not defined.",
        "src/app/page.tsx:14 warning no-unused-vars: Unused.",
      ],
    ],
    [
      "Sass and PostCSS",
      `Error: expected "{".
  ╷
3 │ a
  ╵
  src/styles.scss 3:7  root stylesheet
[postcss] ${SOURCE}/src/a.css:3:1: Unknown word`,
      ['src/styles.scss:3 failure Build error: expected "{".', "src/a.css:3 failure Build error: Unknown word"],
    ],
    [
      "Hugo",
      `Error: error building site: render: failed to render pages: "${SOURCE}/layouts/single.html:5:7": execute failed`,
      [
        `layouts/single.html:5 failure Build error: error building site: render: failed to render pages: "${SOURCE}/layouts/single.html:5:7": execute failed`,
      ],
    ],
    [
      "carriage returns and Windows line ends",
      "build 1%\rbuild 2%\rsrc/a.ts(1,2): error TS1: x\r\n",
      ["src/a.ts:1 failure TS1: x"],
    ],
    [
      "nothing that is wrong",
      "Compiled in 3 s\nhttp://localhost:3000/a.js:1:2\ndist/a.js  12:30 kB\n10:32:11 done",
      [],
    ],
  ])("%s", (_, tail, expected) => {
    expect(brief(tail)).toEqual(expected);
  });
});

describe("A path", () => {
  const paths = (written: string, folder = ".") =>
    annotationsOf(`${written}(1,1): error TS1: x`, { site: "shop", folder }).map(({ path }) => path);

  test.each<[string, string, string[]]>([
    ["src/a.ts", ".", ["src/a.ts"]],
    ["./src/../b.ts", ".", ["b.ts"]],
    ["src/a.ts", "apps/web", ["apps/web/src/a.ts"]],
    ["./src/a.ts", "./apps/web/", ["apps/web/src/a.ts"]],
    ["apps/web/src/a.ts", "apps/web", ["apps/web/src/a.ts"]],
    ["../../packages/ui/b.ts", "apps/web", ["packages/ui/b.ts"]],
    ["../../../etc/b.ts", "apps/web", []],
    ["../b.ts", ".", []],
    [`${SOURCE}/src/a.ts`, "apps/web", ["src/a.ts"]],
    [`file://${SOURCE}/src/a.ts`, ".", ["src/a.ts"]],
    [`/mnt/${sourcePlace("shop")}${SOURCE}/src/a.ts`, ".", ["src/a.ts"]],
    [`${SOURCE}/../home/a.ts`, ".", []],
    [`${SOURCE}//etc/a.ts`, ".", []],
    [`${DATA}/${sourcePlace("blog")}/src/a.ts`, ".", []],
    ["/etc/a.ts", ".", []],
    [`${SOURCE}/node_modules/x/a.ts`, ".", []],
    ["node_modules/x/a.ts", "apps/web", []],
    [".git/hooks/a.ts", ".", []],
    ["src\\..\\..\\a.ts", ".", []],
  ])("that a tool writes as %s, in the folder %s, is %j", (written, folder, expected) => {
    expect(paths(written, folder)).toEqual(expected);
  });
});

test("One thing is said once, and no more than GitHub takes at a time, errors before warnings", () => {
  const warning = "src/w.ts(1,1): warning TS1: careful\n";
  const errors = Array.from({ length: 80 }, (_, n) => `src/a.ts(${n + 1},1): error TS2: x\n`).join("");
  const found = annotationsOf(warning + errors + errors, AT_ROOT);
  expect(found.map(({ start_line, annotation_level }) => [start_line, annotation_level])).toEqual(
    Array.from({ length: 50 }, (_, n) => [n + 1, "failure"]),
  );
  expect(annotationsOf(warning + errors.slice(0, errors.indexOf("src/a.ts(3,")), AT_ROOT)).toHaveLength(3);
});

test("A message is bounded, and shows nothing that hides", () => {
  const [long] = annotationsOf(
    `src/a.ts(1,1): error TS1: \u202e<b>${"👍".repeat(5000)}\n  ${"y".repeat(5000)}`,
    AT_ROOT,
  );
  expect(long?.message.length).toBeLessThanOrEqual(2000);
  expect(long?.message.isWellFormed()).toBe(true);
  expect(long?.message).toMatch(/^<b>👍/u);
});

test("Line 0, which GitHub does not know, is left out", () => {
  expect(annotationsOf("src/a.ts(0,0): error TS1: x", AT_ROOT)).toEqual([]);
});

describe("Whatever a build prints", () => {
  const word = fc.oneof(
    fc.string(),
    fc.constantFrom(
      "src/a.ts",
      `${SOURCE}/b.ts`,
      "../",
      "./",
      "/",
      ".ts",
      ":1:2",
      "(3,4)",
      ": error TS1: ",
      " - error ",
    ),
    fc.constantFrom(
      "\n",
      "\r\n",
      "\n\n",
      "  ",
      "✘ [ERROR] ",
      "ERROR in ",
      "╭─[ ",
      " ]",
      "12:5  error  ",
      "\x1b[31m",
      "`",
    ),
  );

  test("makes annotations that GitHub takes, or none", () => {
    fc.assert(
      fc.property(fc.array(word, { maxLength: 60 }), fc.constantFrom(".", "apps/web"), (words, folder) => {
        const found = annotationsOf(words.join(""), { site: "shop", folder });
        expect(found.length).toBeLessThanOrEqual(50);
        for (const { path, start_line, title, message } of found) {
          expect(path).not.toMatch(/^\/|\\|(^|\/)\.\.?(\/|$)/);
          expect(start_line).toBeGreaterThanOrEqual(1);
          expect(title.length).toBeGreaterThan(0);
          expect(title.length).toBeLessThanOrEqual(255);
          expect(message.length).toBeGreaterThan(0);
          expect(message.length).toBeLessThanOrEqual(2000);
        }
      }),
    );
  });

  test.each(["a", " ", "a.", "[a] ", "error ", "12:5  ", "src/a.ts:1:2 ", '"a.b:', "Error: "])(
    "is read in little time, also half a megabyte of %j",
    (piece) => {
      const startedMs = performance.now();
      annotationsOf(piece.repeat(524_288 / piece.length), AT_ROOT);
      annotationsOf(`${piece.repeat(990 / piece.length)}\n`.repeat(500), AT_ROOT);
      expect(performance.now() - startedMs).toBeLessThan(5000);
    },
  );
});
