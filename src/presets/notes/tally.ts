/** Tally: https://tally.so/help/webhooks */
import { z } from "zod";
import { isPersonalLabel } from "../../model/personal-label.ts";
import { type Preset, reading } from "../preset.ts";
import { textOf } from "./note-fields.ts";

const field = z.object({
  label: z.string().nullish(),
  type: z.string(),
  value: z.unknown(),
  options: z.array(z.object({ id: z.string(), text: z.string().nullish() })).nullish(),
});

const payload = z.object({
  eventId: z.string(),
  data: z.object({ formId: z.string(), formName: z.string().nullish(), fields: z.array(field) }),
});

export const tally: Preset = {
  kind: "tally",
  label: "Tally",
  purpose: "notes",
  docs: "https://tally.so/help/webhooks",
  provenBy: "openssl dgst, as Tally documents it, over a response of the shape in its documentation",
  keys: [],
  secret: "needed",
  events: ["FORM_RESPONSE"],
  definition: () => ({
    verify: [{ hmac: { header: "tally-signature", encoding: "base64" } }],
    id: "json:/eventId",
    event: ["json:/eventType"],
  }),
  read: reading(payload, ({ data: { formId, formName, fields } }) => {
    const told = fields.flatMap((it) => {
      const value = answered(it);
      const label = it.label || it.type;
      return value === ""
        ? []
        : [{ label, value, isPersonal: !CHOSEN.test(it.type) || isPersonalLabel([label], value) }];
    });
    const url = /^\w{1,40}$/.test(formId) ? `https://tally.so/forms/${formId}/submissions` : null;
    return { note: { title: `📝 ${formName || "A form"} was filled in`, fields: told, url, tone: "neutral" } };
  }),
};

/** What is chosen, counted or dated; all other kinds are what somebody wrote, or will come to be known as that. */
const CHOSEN =
  /^(MULTIPLE_CHOICE|CHECKBOXES|DROPDOWN|MULTI_SELECT|RATING|LINEAR_SCALE|RANKING|INPUT_NUMBER|INPUT_DATE|INPUT_TIME|CALCULATED_FIELDS|PAYMENT)$/;

/** Of what was chosen the ids are sent, and beside them what they stand for. */
function answered({ value, options }: z.output<typeof field>): string {
  const names = new Map(options?.map(({ id, text }) => [id, text]));
  const name = (one: unknown) => (typeof one === "string" ? (names.get(one) ?? one) : one);
  if (typeof value === "boolean") return value ? "yes" : "no";
  return textOf(Array.isArray(value) ? value.map(name) : name(value));
}
