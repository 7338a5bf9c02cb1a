/** Slack's blocks as HTML, as far as Slipway uses them. What is not known is shown as its JSON. */
import { z } from "zod";
import { type Html, html } from "../../web/html.ts";
import { drawLink, drawMrkdwn, type Name, words } from "./mrkdwn.ts";

const text = z.looseObject({ type: z.enum(["mrkdwn", "plain_text"]), text: z.string() });
const button = z.looseObject({
  type: z.literal("button"),
  text,
  url: z.string().optional(),
  style: z.enum(["primary", "danger"]).optional(),
  confirm: z.looseObject({ title: text, text, confirm: text, deny: text }).optional(),
});
const richText = z.looseObject({
  type: z.literal("rich_text"),
  elements: z.array(z.looseObject({ type: z.string() })),
});
const task = z.looseObject({
  title: z.string(),
  status: z.enum(["pending", "in_progress", "complete", "error"]),
  details: richText.optional(),
  output: richText.optional(),
});
const option = z.looseObject({ text, description: text.optional() });
const block = z.discriminatedUnion("type", [
  z.looseObject({ type: z.literal("header"), text }),
  z.looseObject({
    type: z.literal("section"),
    text: text.optional(),
    fields: z.array(text).optional(),
    accessory: z.unknown().optional(),
  }),
  z.looseObject({ type: z.literal("context"), elements: z.array(text) }),
  z.looseObject({ type: z.literal("actions"), elements: z.array(button) }),
  z.looseObject({ type: z.literal("divider") }),
  z.looseObject({ type: z.literal("plan"), title: z.string(), tasks: z.array(task) }),
  z.looseObject({ type: z.literal("task_card"), ...task.shape }),
  richText,
  z.looseObject({
    type: z.literal("input"),
    label: text,
    hint: text.optional(),
    optional: z.boolean().optional(),
    element: z.looseObject({
      type: z.string(),
      options: z.array(option).optional(),
      initial_option: option.optional(),
      initial_value: z.string().optional(),
      max_length: z.number().optional(),
    }),
  }),
]);
type Block = z.output<typeof block>;
type Task = z.output<typeof task>;
type Input = Extract<Block, { type: "input" }>;

/** The blocks, one below the other. */
export function drawBlocks(blocks: readonly unknown[], name: Name): Html[] {
  return blocks.map((given) => {
    const known = block.safeParse(given);
    if (known.success) return drawBlock(known.data, name);
    return html`<pre class="unknown">${JSON.stringify(given, null, 2) ?? "nothing"}</pre>`;
  });
}

function drawBlock(known: Block, name: Name): Html {
  switch (known.type) {
    case "header":
      return html`<h3>${words(known.text.text)}</h3>`;
    case "section":
      return drawSection(known, name);
    case "context":
      return html`<div class="context">${known.elements.map((one) => html`<span>${drawText(one, name)}</span>`)}</div>`;
    case "actions":
      return html`<div class="actions">${known.elements.map(drawButton)}</div>`;
    case "divider":
      return html`<hr>`;
    case "plan":
      return html`<details class="plan" open><summary>${known.title}</summary><ol>${known.tasks.map((one) => drawTask(one, name))}</ol></details>`;
    case "task_card":
      return html`<ol class="plan">${drawTask(known, name)}</ol>`;
    case "rich_text":
      return drawRichText(known, name);
    case "input":
      return drawInput(known);
  }
}

function drawSection({ text: own, fields = [], accessory }: Extract<Block, { type: "section" }>, name: Name): Html {
  const beside = button.safeParse(accessory);
  return html`<div class="section">${own ? html`<div>${drawText(own, name)}</div>` : null}${fields.length > 0 ? html`<div class="fields">${fields.map((field) => html`<div>${drawText(field, name)}</div>`)}</div>` : null}${beside.success ? drawButton(beside.data) : null}</div>`;
}

function drawText({ type, text: told }: z.output<typeof text>, name: Name): Html {
  return type === "mrkdwn" ? drawMrkdwn(told, name) : words(told);
}

/** What it asks once more is shown when it is pointed at. */
function drawButton({ text: label, url, style, confirm }: z.output<typeof button>): Html {
  const kind = `button ${style ?? ""}`;
  if (url !== undefined) return drawLink(url, html`<span class="${kind}">${words(label.text)} ↗\ufe0e</span>`);
  const asks = confirm ? `${confirm.title.text} ${confirm.text.text}` : "";
  return html`<span class="${kind}" title="${asks}">${words(label.text)}</span>`;
}

const STATUS: Readonly<Record<Task["status"], { mark: string; word: string }>> = {
  pending: { mark: "○", word: "pending" },
  in_progress: { mark: "◔", word: "in progress" },
  complete: { mark: "✓", word: "complete" },
  error: { mark: "!", word: "error" },
};

function drawTask({ title, status, details, output }: Task, name: Name): Html {
  const { mark, word } = STATUS[status];
  const more = [details, output].filter((one) => one !== undefined).map((one) => drawRichText(one, name));
  return html`<li class="${status}"><span class="mark" title="${word}">${mark}</span> ${title}${more}</li>`;
}

const style = z.looseObject({ bold: z.boolean().optional(), code: z.boolean().optional() });
const richElement = z.looseObject({
  type: z.string(),
  text: z.string().optional(),
  url: z.string().optional(),
  user_id: z.string().optional(),
  style: style.optional(),
});

function drawRichText({ elements }: z.output<typeof richText>, name: Name): Html {
  return html`<div class="rich">${elements.map((element) => {
    const inner = z.array(richElement).safeParse(element.elements);
    const drawn = (inner.success ? inner.data : []).map((one) => drawRichElement(one, name));
    return element.type === "rich_text_preformatted" ? html`<pre>${drawn}</pre>` : html`<div>${drawn}</div>`;
  })}</div>`;
}

/** Its texts know no escapes. */
function drawRichElement(
  { type, text: told = "", url, user_id, style: given }: z.output<typeof richElement>,
  name: Name,
): Html {
  if (type === "user") return html`<span class="mention">@${name(user_id ?? "")}</span>`;
  if (type === "link" && url !== undefined) return drawLink(url, html`${told || url}`);
  if (given?.code) return html`<code>${told}</code>`;
  return given?.bold ? html`<b>${told}</b>` : html`${told}`;
}

function drawInput({ label, hint, optional, element }: Input): Html {
  return html`<div class="input"><b>${words(label.text)}</b>${optional ? html` <span class="dim">(optional)</span>` : null}
${element.options ? drawSelect(element.options, element.initial_option) : html`<div class="field">${drawValue(element)}</div>`}
${hint ? html`<p class="dim">${words(hint.text)}</p>` : null}</div>`;
}

function drawValue({ initial_value, max_length }: Input["element"]): Html | string {
  if (initial_value !== undefined) return initial_value;
  return max_length === undefined ? "" : html`<span class="dim">at most ${max_length} characters</span>`;
}

type Option = z.output<typeof option>;

function drawSelect(options: readonly Option[], initial: Option | undefined): Html {
  return html`<details class="select"><summary class="field">${initial ? words(initial.text.text) : "Choose one"} <span class="dim">▾</span></summary>
<ul>${options.map((one) => html`<li>${words(one.text.text)}${one.description ? html`<br><span class="dim">${words(one.description.text)}</span>` : null}</li>`)}</ul></details>
${initial?.description ? html`<p class="dim">${words(initial.description.text)}</p>` : null}`;
}
