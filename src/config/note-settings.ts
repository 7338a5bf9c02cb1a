/** `text` and `fields` of notices in slipway.yaml: checked while it is read, so that no notice fails later. */
import { z } from "zod";
import { parseNoteTemplate, secretPlace } from "../model/note-template.ts";
import { extractor } from "./setting-types.ts";

/** A template of what a notice says. */
export const noteText = z
  .string()
  .min(1)
  .max(1000)
  .superRefine((text, context) => {
    const template = parseNoteTemplate(text);
    if ("problem" in template) context.addIssue({ code: "custom", message: template.problem });
  });

/** Labels and where their values stand. */
export const noteFields = z.record(
  z.string().min(1).max(60),
  extractor.superRefine((place, context) => {
    const problem = secretPlace(place);
    if (problem !== null) context.addIssue({ code: "custom", message: problem });
  }),
);
