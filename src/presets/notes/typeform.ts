/** Typeform: https://www.typeform.com/developers/webhooks/ */
import { z } from "zod";
import { isPersonalLabel } from "../../model/personal-label.ts";
import { type Preset, reading } from "../preset.ts";
import { textOf } from "./note-fields.ts";

const field = z.object({ id: z.string(), title: z.string().nullish() });
/** https://www.typeform.com/developers/webhooks/example-payload/ */
const answer = z.object({
  type: z.string(),
  field: z.object({ id: z.string() }),
  text: z.string().nullish(),
  email: z.string().nullish(),
  phone_number: z.string().nullish(),
  url: z.string().nullish(),
  date: z.string().nullish(),
  number: z.number().nullish(),
  boolean: z.boolean().nullish(),
  choice: z.object({ label: z.string().nullish(), other: z.string().nullish() }).nullish(),
  choices: z.object({ labels: z.array(z.string()).nullish(), other: z.string().nullish() }).nullish(),
  payment: z.object({ amount: z.string().nullish() }).nullish(),
});

const payload = z.object({
  event_id: z.string(),
  form_response: z.object({
    form_id: z.string(),
    definition: z.object({ title: z.string().nullish(), fields: z.array(field) }).nullish(),
    answers: z.array(answer).nullish(),
  }),
});

export const typeform: Preset = {
  kind: "typeform",
  label: "Typeform",
  purpose: "notes",
  docs: "https://www.typeform.com/developers/webhooks/",
  provenBy: "openssl dgst, as Typeform documents it, over a response of the shape in its documentation",
  keys: [],
  secret: "needed",
  events: ["form_response"],
  definition: () => ({
    verify: [{ hmac: { header: "typeform-signature", prefix: "sha256=", encoding: "base64" } }],
    id: "json:/event_id",
    event: ["json:/event_type"],
  }),
  read: reading(payload, ({ form_response: { form_id, definition, answers } }) => {
    const titles = new Map(definition?.fields.map(({ id, title }) => [id, title]));
    const fields = (answers ?? []).flatMap((it) => {
      const value = answered(it);
      const label = titles.get(it.field.id) || it.type;
      return value === "" ? [] : [{ label, value, isPersonal: isOwnWords(it) || isPersonalLabel([label], value) }];
    });
    const url = /^\w{1,40}$/.test(form_id) ? `https://admin.typeform.com/form/${form_id}/results#responses` : null;
    return { note: { title: `📝 ${definition?.title || "A form"} was filled in`, fields, url, tone: "neutral" } };
  }),
};

type Answer = z.output<typeof answer>;

function answered({ text, email, phone_number, url, date, number, boolean, choice, choices, payment }: Answer): string {
  if (boolean !== null && boolean !== undefined) return boolean ? "yes" : "no";
  const chosen = choice ? [choice.label, choice.other] : choices ? [...(choices.labels ?? []), choices.other] : null;
  return textOf(chosen ?? text ?? email ?? phone_number ?? url ?? date ?? number ?? payment?.amount);
}

/** What was chosen, counted or dated says nothing of a person by itself; what was written may. */
function isOwnWords({ type, choice, choices }: Answer): boolean {
  if (choice?.other || choices?.other) return true;
  return !["choice", "choices", "number", "boolean", "date", "payment"].includes(type);
}
