/** Extractors: the one small language that says where in a request a value stands. No code, no patterns. */
import { hash } from "node:crypto";
import { headerOf, type Payload, type Received } from "./received.ts";

export type Extractor =
  /** The one value of a header; none where it came twice. */
  | { readonly from: "header" | "form" | "query"; readonly name: string }
  /** A JSON pointer (RFC 6901) into the payload. */
  | { readonly from: "json"; readonly pointer: readonly string[] }
  /** The last part of the path: `/hooks/NAME/…`. */
  | { readonly from: "path" }
  | { readonly from: "const"; readonly value: string }
  /** SHA-256 of the body, hex. */
  | { readonly from: "digest" }
  /** All of these, each with its length before it, so that `ab` and `c` never look like `a` and `bc`. */
  | { readonly from: "join"; readonly parts: readonly Extractor[] };

/** What an extractor may be written as, for messages of errors. */
export const EXTRACTOR_FORMS =
  "header:NAME, json:/path/to/field, form:NAME, query:NAME, path, digest, const:TEXT or join(one, another)";

/** Reads `header:x-id`, `json:/data/id`, `join(json:/a, json:/b)` …; undefined where it is none. */
export function parseExtractor(text: string): Extractor | undefined {
  const trimmed = text.trim();
  const joined = /^join\((.*)\)$/s.exec(trimmed)?.[1];
  if (joined !== undefined) {
    const parts = joined.split(",").map(parseExtractor);
    const isWhole = parts.length > 0 && parts.every((it) => it !== undefined && it.from !== "join");
    return isWhole ? { from: "join", parts: parts as Extractor[] } : undefined;
  }
  if (trimmed === "path" || trimmed === "digest") return { from: trimmed };
  const [, from, rest = ""] = /^(header|form|query|json|const):(.*)$/s.exec(trimmed) ?? [];
  if (from === "const") return { from, value: rest };
  if (from === "header") return /^[\w-]+$/.test(rest) ? { from, name: rest.toLowerCase() } : undefined;
  if (from === "form" || from === "query") return rest ? { from, name: rest } : undefined;
  if (from === "json" && (rest === "" || rest.startsWith("/"))) {
    const steps = rest.split("/").slice(1);
    return { from, pointer: steps.map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~")) };
  }
  return undefined;
}

/** As it is written in slipway.yaml. */
export function printExtractor(extractor: Extractor): string {
  switch (extractor.from) {
    case "path":
    case "digest":
      return extractor.from;
    case "const":
      return `const:${extractor.value}`;
    case "json":
      return `json:${extractor.pointer.map((step) => `/${step.replaceAll("~", "~0").replaceAll("/", "~1")}`).join("")}`;
    case "join":
      return `join(${extractor.parts.map(printExtractor).join(", ")})`;
    default:
      return `${extractor.from}:${extractor.name}`;
  }
}

/** The value that stands there, as text; null where there is none. What is no text, number or truth value is none. */
export function extract(extractor: Extractor, received: Received, payload: Payload): string | null {
  switch (extractor.from) {
    case "header":
      return headerOf(received, extractor.name);
    case "query":
      return received.query.getAll(extractor.name).length === 1 ? received.query.get(extractor.name) : null;
    case "form":
      return payload.form?.get(extractor.name) ?? null;
    case "json":
      return asText(valueAt(payload.json, extractor.pointer));
    case "path":
      return received.token || null;
    case "const":
      return extractor.value;
    case "digest":
      return hash("sha256", received.body, "hex");
    case "join": {
      const parts = extractor.parts.map((part) => extract(part, received, payload));
      // A part that is missing would make different requests look alike.
      return parts.includes(null) ? null : parts.map((part) => `${part?.length}:${part}`).join("");
    }
  }
}

/** The value at a JSON pointer; undefined where there is none. Looks at own keys alone. */
export function valueAt(value: unknown, pointer: readonly string[]): unknown {
  let at = value;
  for (const step of pointer) {
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, step)) return undefined;
    at = (at as Record<string, unknown>)[step];
  }
  return at;
}

function asText(value: unknown): string | null {
  if (typeof value === "string") return value === "" ? null : value;
  return typeof value === "number" || typeof value === "boolean" ? String(value) : null;
}
