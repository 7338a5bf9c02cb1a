/**
 * Slack's published limits, which the emulator does not know: docs.slack.dev/reference/block-kit/blocks,
 * docs.slack.dev/reference/methods/chat.update. A message that breaks one is refused as Slack would refuse it.
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
/** Of chat.update; chat.postMessage cuts a longer text instead. */
const MAX_UPDATE_TEXT = 4000;

type Block = Readonly<Record<string, unknown>>;

const CHECKS: Readonly<Record<string, (block: Block) => string | null>> = {
  section: ({ text, fields }) =>
    text === undefined && fields === undefined
      ? "a section needs text or fields"
      : (textProblem(text, MAX_SECTION_TEXT) ?? manyProblem(fields, MAX_SECTION_FIELDS, MAX_FIELD_TEXT)),
  header: ({ text }) => (text === undefined ? "a header needs text" : textProblem(text, MAX_HEADER_TEXT)),
  context: ({ elements }) => manyProblem(elements, MAX_CONTEXT_ELEMENTS, MAX_FIELD_TEXT),
  actions: ({ elements }) => manyProblem(elements, MAX_ACTIONS, MAX_BUTTON_TEXT) ?? buttonProblem(elements),
  divider: () => null,
  image: ({ alt_text }) => (typeof alt_text === "string" ? null : "an image needs alt_text"),
  rich_text: () => null,
  markdown: () => null,
  table: () => null,
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
  if (blocks.length > MAX_BLOCKS) return { error: "invalid_blocks", detail: `more than ${MAX_BLOCKS} blocks` };
  for (const [index, block] of blocks.entries()) {
    const type = String((block as Block | null)?.type);
    const check = Object.hasOwn(CHECKS, type) ? CHECKS[type] : undefined;
    const detail = check ? check(block as Block) : `unknown type ${type}`;
    if (detail !== null) return { error: "invalid_blocks", detail: `${detail} [json-pointer:/blocks/${index}]` };
  }
  return null;
}

/** In a form, what is no text is JSON. */
function structured(value: unknown): unknown {
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

function buttonProblem(elements: unknown): string | null {
  const urls = (Array.isArray(elements) ? elements : []).map((element) => (element as Block | null)?.url);
  return urls.some((url) => typeof url === "string" && url.length > MAX_URL) ? `url is longer than ${MAX_URL}` : null;
}
