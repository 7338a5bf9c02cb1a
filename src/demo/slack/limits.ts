/**
 * Slack's published limits, which the emulator does not know: docs.slack.dev/reference/block-kit (blocks, block elements,
 * composition objects), docs.slack.dev/reference/methods/chat.update, docs.slack.dev/reference/views/modal-views. A message
 * or a dialog that breaks one is refused as Slack would refuse it.
 */

const MAX_BLOCKS = 50;
const MAX_SECTION_TEXT = 3000;
const MAX_SECTION_FIELDS = 10;
const MAX_FIELD_TEXT = 2000;
const MAX_HEADER_TEXT = 150;
const MAX_CONTEXT_ELEMENTS = 10;
const MAX_ACTIONS = 25;
const MAX_BUTTON_TEXT = 75;
const MAX_URL = 3000;
const MAX_VALUE = 2000;
const MAX_ID = 255;
const MAX_CONFIRM = { title: 100, text: 300, confirm: 30, deny: 30 };
const MAX_VIEW_BLOCKS = 100;
const MAX_VIEW_TITLE = 24;
const MAX_PRIVATE_METADATA = 3000;
const MAX_LABEL = 2000;
const MAX_PLACEHOLDER = 150;
const MAX_OPTIONS = 100;
const MAX_OPTION_TEXT = 75;
const MAX_OPTION_VALUE = 150;
const MAX_INPUT = 3000;
const TASK_STATES = ["pending", "in_progress", "complete", "error"];
/** Of chat.update; chat.postMessage cuts a longer text instead. */
const MAX_UPDATE_TEXT = 4000;

type Block = Readonly<Record<string, unknown>>;

const CHECKS: Readonly<Record<string, (block: Block) => string | null>> = {
  section: ({ text, fields, accessory }) =>
    text === undefined && fields === undefined
      ? "a section needs text or fields"
      : (textProblem(text, MAX_SECTION_TEXT) ??
        manyProblem(fields, MAX_SECTION_FIELDS, MAX_FIELD_TEXT) ??
        elementsProblem(accessory === undefined ? [] : [accessory])),
  header: ({ text }) => (text === undefined ? "a header needs text" : textProblem(text, MAX_HEADER_TEXT)),
  context: ({ elements }) => manyProblem(elements, MAX_CONTEXT_ELEMENTS, MAX_FIELD_TEXT),
  actions: ({ elements }) => manyProblem(elements, MAX_ACTIONS, MAX_BUTTON_TEXT) ?? elementsProblem(elements),
  divider: () => null,
  image: ({ alt_text }) => (typeof alt_text === "string" ? null : "an image needs alt_text"),
  rich_text: () => null,
  markdown: () => null,
  table: () => null,
  plan: ({ title, tasks }) =>
    isText(title) ? firstProblem(tasks ?? [], taskProblem) : "a plan needs a title, which is text and no object",
  task_card: taskProblem,
};

/** Blocks that only a dialog may have. */
const VIEW_CHECKS: typeof CHECKS = {
  ...CHECKS,
  input: ({ label, hint, element }) =>
    label === undefined || element === undefined
      ? "an input needs a label and an element"
      : (textProblem(label, MAX_LABEL) ?? textProblem(hint, MAX_LABEL) ?? elementsProblem([element])),
};

/** The error code with which Slack refuses the message, and what is wrong; null when it takes it. */
export function refusalOf(
  method: "chat.postMessage" | "chat.update",
  fields: Readonly<Record<string, unknown>>,
): { readonly error: string; readonly detail: string } | null {
  const metadata = structured(fields.metadata);
  if (fields.metadata !== undefined && !isMetadata(metadata)) {
    return { error: "invalid_metadata_format", detail: "metadata needs event_type and event_payload" };
  }
  if (method === "chat.update" && typeof fields.text === "string" && fields.text.length > MAX_UPDATE_TEXT) {
    return { error: "msg_too_long", detail: `text is longer than ${MAX_UPDATE_TEXT}` };
  }
  if (fields.blocks === undefined || fields.blocks === "") return null;
  const blocks = structured(fields.blocks);
  if (!Array.isArray(blocks)) return { error: "invalid_blocks_format", detail: "blocks is no list" };
  const detail = blocksProblem(blocks, MAX_BLOCKS, CHECKS);
  if (detail !== null) return { error: "invalid_blocks", detail };
  const types = new Set(blocks.map((block) => (block as Block).type));
  if (types.has("plan") && types.has("task_card")) {
    return { error: "invalid_blocks", detail: "a message has a plan or task cards, not both" };
  }
  return null;
}

/** What is wrong with a dialog, for which Slack answers invalid_arguments; null when it takes it. */
export function viewProblem(given: unknown): string | null {
  const view = structured(given) as Block | null;
  if (view?.type !== "modal") return "the view is no modal";
  const { title, submit, close, blocks, private_metadata, callback_id } = view;
  if (title === undefined) return "a modal needs a title";
  for (const label of [title, submit, close]) {
    const problem = label === undefined ? null : plainProblem(label, MAX_VIEW_TITLE);
    if (problem) return problem;
  }
  if (!Array.isArray(blocks) || blocks.length === 0) return "a modal needs blocks";
  if (String(private_metadata ?? "").length > MAX_PRIVATE_METADATA) return "private_metadata is too long";
  if (String(callback_id ?? "").length > MAX_ID) return "callback_id is too long";
  if (submit === undefined && blocks.some((block) => (block as Block).type === "input")) {
    return "a modal with an input needs submit";
  }
  return blocksProblem(blocks, MAX_VIEW_BLOCKS, VIEW_CHECKS);
}

function blocksProblem(blocks: readonly unknown[], max: number, checks: typeof CHECKS): string | null {
  if (blocks.length > max) return `more than ${max} blocks`;
  const ids = new Set<unknown>();
  for (const [index, given] of blocks.entries()) {
    const block = (given ?? {}) as Block;
    const type = String(block.type);
    const check = Object.hasOwn(checks, type) ? checks[type] : undefined;
    const { block_id: id } = block;
    const isTwice = id !== undefined && ids.has(id);
    ids.add(id);
    const detail = isTwice
      ? "block_id is there twice"
      : check
        ? (idProblem(id) ?? check(block))
        : `unknown type ${type}`;
    if (detail !== null) return `${detail} [json-pointer:/blocks/${index}]`;
  }
  return null;
}

/** In a form, what is no text is JSON. */
export function structured(value: unknown): unknown {
  if (typeof value !== "string") return value;
  try {
    return JSON.parse(value);
  } catch {
    return undefined;
  }
}

function isMetadata(value: unknown): boolean {
  const { event_type, event_payload } = (value ?? {}) as Record<string, unknown>;
  return typeof event_type === "string" && typeof event_payload === "object" && event_payload !== null;
}

function textProblem(text: unknown, maxLength: number): string | null {
  if (text === undefined) return null;
  const { type, text: words } = (text ?? {}) as Record<string, unknown>;
  if (type !== "mrkdwn" && type !== "plain_text") return "text must be mrkdwn or plain_text";
  if (typeof words !== "string" || words.length === 0) return "text must be at least one character";
  return words.length > maxLength ? `text is longer than ${maxLength}` : null;
}

function manyProblem(elements: unknown, maxCount: number, maxLength: number): string | null {
  if (elements === undefined) return null;
  if (!Array.isArray(elements) || elements.length === 0) return "a list must have an element";
  if (elements.length > maxCount) return `more than ${maxCount} elements`;
  for (const element of elements) {
    const { type, text } = (element ?? {}) as Record<string, unknown>;
    const problem = type === "image" ? null : textProblem(typeof text === "string" ? element : text, maxLength);
    if (problem) return problem;
  }
  return null;
}

const isText = (value: unknown): value is string => typeof value === "string" && value.length > 0;

function idProblem(id: unknown): string | null {
  return id === undefined || (isText(id) && id.length <= MAX_ID) ? null : `an id has 1 to ${MAX_ID} characters`;
}

function plainProblem(text: unknown, maxLength: number): string | null {
  return (text as Block | null)?.type === "plain_text" ? textProblem(text, maxLength) : "text must be plain_text";
}

function firstProblem(list: unknown, check: (one: Block) => string | null): string | null {
  if (!Array.isArray(list)) return "it is no list";
  for (const one of list) {
    const problem = check((one ?? {}) as Block);
    if (problem) return problem;
  }
  return null;
}

/** docs.slack.dev/reference/block-kit/blocks/task-card-block */
function taskProblem({ type, task_id, title, status, details, output }: Block): string | null {
  if (type !== "task_card") return "a plan holds task cards";
  if (!isText(task_id) || !isText(title)) return "a task card needs task_id and title, which are text";
  if (status !== undefined && !TASK_STATES.includes(String(status))) return `there is no status ${String(status)}`;
  const isRich = [details, output].every((it) => it === undefined || (it as Block | null)?.type === "rich_text");
  return isRich ? null : "details and output are rich_text";
}

/** Buttons, selects and inputs of one block: each has an action_id of its own there. */
function elementsProblem(elements: unknown): string | null {
  const ids = new Set<unknown>();
  return firstProblem(elements, (element) => {
    const { type, action_id: id } = element;
    if (id !== undefined && ids.has(id)) return "action_id is there twice in one block";
    ids.add(id);
    const own = type === "button" ? buttonProblem : type === "static_select" ? selectProblem : inputProblem;
    return idProblem(id) ?? own(element) ?? confirmProblem(element.confirm);
  });
}

function buttonProblem({ text, url, value }: Block): string | null {
  if (typeof url === "string" && url.length > MAX_URL) return `url is longer than ${MAX_URL}`;
  if (typeof value === "string" && value.length > MAX_VALUE) return `value is longer than ${MAX_VALUE}`;
  return plainProblem(text, MAX_BUTTON_TEXT);
}

function selectProblem({ options, placeholder, initial_option }: Block): string | null {
  if (!Array.isArray(options) || options.length === 0) return "a select needs an option";
  if (options.length > MAX_OPTIONS) return `more than ${MAX_OPTIONS} options`;
  const isThere = initial_option === undefined || options.some((it) => sameJson(it, initial_option));
  if (!isThere) return "initial_option is none of the options";
  return (
    (placeholder === undefined ? null : plainProblem(placeholder, MAX_PLACEHOLDER)) ??
    firstProblem(options, ({ text, value, description }) => {
      if (!isText(value) || value.length > MAX_OPTION_VALUE) return `a value has 1 to ${MAX_OPTION_VALUE} characters`;
      return (
        plainProblem(text, MAX_OPTION_TEXT) ??
        (description === undefined ? null : plainProblem(description, MAX_OPTION_TEXT))
      );
    })
  );
}

function inputProblem({ type, max_length, placeholder }: Block): string | null {
  if (type !== "plain_text_input") return null;
  if (max_length !== undefined && !(Number(max_length) >= 1 && Number(max_length) <= MAX_INPUT)) {
    return `max_length is 1 to ${MAX_INPUT}`;
  }
  return placeholder === undefined ? null : plainProblem(placeholder, MAX_PLACEHOLDER);
}

function confirmProblem(confirm: unknown): string | null {
  if (confirm === undefined) return null;
  for (const [part, max] of Object.entries(MAX_CONFIRM)) {
    const problem = textProblem((confirm as Block)[part], max);
    if (problem) return `confirm: ${problem}`;
  }
  return null;
}

const sameJson = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other);
