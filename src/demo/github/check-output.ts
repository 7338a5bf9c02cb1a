/** What GitHub takes as the output and the buttons of a check run: https://docs.github.com/rest/checks/runs */
import { invalid } from "./hub.ts";

/** "Maximum length: 65535 characters" for summary and text. */
const MAX_TEXT = 65_535;
/** "a maximum of 50 annotations per API request" */
const MAX_ANNOTATIONS = 50;
/** "64 KB" for a message, "255 characters" for a title. */
const MAX_MESSAGE = 64 * 1024;
const MAX_TITLE = 255;
/** "a maximum of three actions", with so many characters in each of their fields. */
const MAX_ACTIONS = 3;
const ACTION_FIELDS = { label: 20, description: 40, identifier: 20 };

/** Throws a Refusal (422) where GitHub would. */
export function checkOutput(output: unknown): void {
  if (output === undefined || output === null) return;
  const { title, summary, text } = output as Record<string, unknown>;
  if (typeof title !== "string") throw invalid("CheckRun", "output.title", "missing_field");
  if (typeof summary !== "string") throw invalid("CheckRun", "output.summary", "missing_field");
  if (Buffer.byteLength(summary) > MAX_TEXT) throw invalid("CheckRun", "output.summary");
  if (typeof text === "string" && Buffer.byteLength(text) > MAX_TEXT) throw invalid("CheckRun", "output.text");
  const annotations = annotationsIn(output);
  if (annotations.length > MAX_ANNOTATIONS || !annotations.every(isAnnotation)) {
    throw invalid("CheckRun", "output.annotations");
  }
}

/** The annotations that come with an output. */
export function annotationsIn(output: unknown): Array<Record<string, unknown>> {
  const { annotations } = (output ?? {}) as { annotations?: unknown };
  return Array.isArray(annotations) ? annotations : [];
}

function isAnnotation(annotation: Record<string, unknown>): boolean {
  const { path, start_line, end_line, annotation_level, message, title } = annotation;
  return (
    typeof path === "string" &&
    path !== "" &&
    Number.isInteger(start_line) &&
    Number(start_line) >= 1 &&
    Number.isInteger(end_line) &&
    Number(end_line) >= Number(start_line) &&
    ["notice", "warning", "failure"].includes(String(annotation_level)) &&
    typeof message === "string" &&
    message !== "" &&
    Buffer.byteLength(message) <= MAX_MESSAGE &&
    (title === undefined || (typeof title === "string" && title.length <= MAX_TITLE))
  );
}

/** Throws a Refusal (422) where GitHub would. */
export function checkActions(actions: unknown): void {
  if (actions === undefined || actions === null) return;
  const fits = (action: Record<string, unknown>) =>
    Object.entries(ACTION_FIELDS).every(([name, max]) => {
      const value = action[name];
      return typeof value === "string" && value !== "" && value.length <= max;
    });
  if (!Array.isArray(actions) || actions.length > MAX_ACTIONS || !actions.every(fits)) {
    throw invalid("CheckRun", "actions");
  }
}

/** What the buttons answer with when they are clicked. */
export function identifiersOf(actions: unknown): string[] {
  return Array.isArray(actions) ? actions.map(({ identifier }) => String(identifier)) : [];
}
