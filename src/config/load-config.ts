/** Reads slipway.yaml: text → YAML → schema → rules. All problems come at once. */
import { readFileSync } from "node:fs";
import { type Document, LineCounter, parseDocument } from "yaml";
import type { z } from "zod";
import { describeError } from "../errors.ts";
import { ConfigurationError, nearest, type Problem } from "./problem.ts";
import { rules } from "./rules.ts";
import { type Config, configSchema } from "./schema.ts";
import { meantWay } from "./union-issues.ts";

/** The configuration in the file at `path`. Throws ConfigurationError with every problem in it. */
export function loadConfig(path: string): Config {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const message = `cannot be read (${describeError(error)}); copy slipway.example.yaml, or set SLIPWAY_CONFIG to where it is`;
    throw new ConfigurationError(path, [{ key: "SLIPWAY_CONFIG", message }]);
  }
  return parseConfig(text, path);
}

/** The configuration in `text`; `where` names the file in errors. Throws ConfigurationError. */
export function parseConfig(text: string, where: string): Config {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  if (document.errors.length > 0) {
    const problems = document.errors.map((error) => {
      const { line, col } = lines.linePos(error.pos[0]);
      return { key: `line ${line}, column ${col}`, message: error.message };
    });
    throw new ConfigurationError(where, problems);
  }
  const read = configSchema.safeParse(toValue(document, where) ?? {});
  if (!read.success)
    throw new ConfigurationError(
      where,
      read.error.issues.flatMap((issue) => toProblems(issue)),
    );
  const problems = rules.flatMap((rule) => rule(read.data));
  if (problems.length > 0) throw new ConfigurationError(where, problems);
  return read.data;
}

/** Only now aliases are followed: one may name no anchor, or so many may be nested that it looks like an attack. */
function toValue(document: Document, where: string): unknown {
  try {
    return document.toJS();
  } catch (error) {
    throw new ConfigurationError(where, [{ key: "an alias (*name)", message: describeError(error) }]);
  }
}

function toProblems(issue: z.core.$ZodIssue): Problem[] {
  const path = issue.path.map(String);
  const meant = meantWay(issue);
  if (meant !== null) return meant.flatMap(toProblems);
  if (issue.code === "unrecognized_keys") return issue.keys.map((key) => strangeKey(path, key));
  const missing = issue.code === "invalid_type" && issue.input === undefined;
  const inner = issue.code === "invalid_key" ? (issue.issues[0]?.message ?? issue.message) : issue.message;
  const message = missing && /received undefined/.test(issue.message) ? "is missing" : (expectedText(issue) ?? inner);
  return [{ key: path.join(".") || "the file", message: lowerFirst(message) }];
}

function strangeKey(path: readonly string[], key: string): Problem {
  const known = knownKeys(path);
  const name = [...path, key].join(".");
  // Each alone would be right.
  if (known.includes(key))
    return { key: name, message: `is one of ${known.join(", ")}, of which only one can be here` };
  const guess = nearest(key, known);
  const advice = guess ? `did you mean ${guess}?` : `known here: ${known.join(", ")}`;
  return { key: name, message: `is not a key of Slipway's; ${advice}` };
}

/** The mistakes of YAML that the schema's own words do not explain. */
function expectedText(issue: z.core.$ZodIssue): string | null {
  // What the schema says itself is said better.
  if (issue.code !== "invalid_type" || !issue.message.startsWith("Invalid input")) return null;
  if (issue.expected === "array") return "is no list; write it in brackets: [one, another]";
  if (issue.expected === "boolean") return "is neither true nor false";
  return null;
}

/** The keys that the schema knows at `path`. */
function knownKeys(path: readonly string[]): string[] {
  let schema: z.core.$ZodType | undefined = configSchema;
  for (const step of path) schema = unwrap(schema) && child(unwrap(schema), step);
  return keysOf(unwrap(schema));
}

/** Of an object, or of all that a value may be. */
function keysOf(schema: z.core.$ZodType | undefined): string[] {
  const { shape = {}, options = [] } = (schema?._zod.def ?? {}) as Definition;
  return [...new Set([...Object.keys(shape), ...options.flatMap((it) => keysOf(unwrap(it)))])];
}

type Definition = {
  innerType?: z.core.$ZodType;
  /** What a value is before it is made into another one. */
  in?: z.core.$ZodType;
  options?: readonly z.core.$ZodType[];
  shape?: Record<string, z.core.$ZodType>;
  valueType?: z.core.$ZodType;
  element?: z.core.$ZodType;
};

/** The schema inside default, optional and the like. */
function unwrap(schema: z.core.$ZodType | undefined): z.core.$ZodType | undefined {
  let inner = schema;
  for (;;) {
    const definition = inner?._zod.def as Definition | undefined;
    const next: z.core.$ZodType | undefined = definition?.innerType ?? definition?.in;
    if (!next) return inner;
    inner = next;
  }
}

function child(schema: z.core.$ZodType | undefined, step: string): z.core.$ZodType | undefined {
  const definition = schema?._zod.def as Definition | undefined;
  const ofOption = () => definition?.options?.map((it) => child(unwrap(it), step)).find((it) => it !== undefined);
  return definition?.shape?.[step] ?? definition?.valueType ?? definition?.element ?? ofOption();
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
