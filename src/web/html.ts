/** HTML in which everything that is put in is escaped, and pages that load nothing from anywhere. */
import { createHash } from "node:crypto";
import type { HttpAnswer } from "../http/server.ts";

/** Markup that is known to be safe. */
export type Html = { readonly markup: string };

type Value = Html | readonly Html[] | string | number | null | false;

/** Makes markup of a template. Strings and numbers are escaped, markup is put in as it is, null and false are nothing. */
export function html(texts: TemplateStringsArray, ...values: readonly Value[]): Html {
  return { markup: texts.reduce((all, text, index) => all + toMarkup(values[index - 1] ?? null) + text) };
}

function toMarkup(value: Value): string {
  if (value === null || value === false) return "";
  if (typeof value === "string" || typeof value === "number") return escapeHtml(String(value));
  return "markup" in value ? value.markup : value.map(({ markup }) => markup).join("");
}

const ENTITIES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/** Text for between tags and inside quoted attributes. Characters that HTML forbids become spaces. */
function escapeHtml(text: string): string {
  return (
    text
      .toWellFormed()
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/g, " ")
      .replace(/[&<>"']/g, (character) => ENTITIES[character] ?? "")
  );
}

export type Page = {
  readonly title: string;
  readonly body: Html;
  /** A script of our own; it may talk to this server alone. */
  readonly script?: string;
  /** Loads itself anew after so many seconds. */
  readonly refreshS?: number;
  readonly status?: number;
};

/** A whole page. What it may load is said by the digests of its own style and script (CSP level 3, section 2.3.1). */
export function pageAnswer({ title, body, script = "", refreshS, status = 200 }: Page): HttpAnswer {
  const policy = [
    ...["default-src 'none'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'", "img-src data:"],
    `style-src '${digestOf(STYLE)}'`,
    ...(script === "" ? [] : [`script-src '${digestOf(script)}'`, "connect-src 'self'"]),
  ];
  const { markup } = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
${refreshS === undefined ? null : html`<meta http-equiv="refresh" content="${refreshS}">`}
<title>${title}</title>
<link rel="icon" href="data:,">
<style>${{ markup: STYLE }}</style>
</head>
<body>
${body}
${script === "" ? null : html`<script>${{ markup: script }}</script>`}
</body>
</html>
`;
  return {
    status,
    type: "text/html; charset=utf-8",
    body: markup,
    headers: {
      "content-security-policy": policy.join("; "),
      // The key is in the address.
      "referrer-policy": "no-referrer",
      "cross-origin-opener-policy": "same-origin",
      "x-robots-tag": "noindex",
    },
  };
}

function digestOf(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}

const STYLE = `
:root { color-scheme: light dark; --text: #1c2430; --dim: #5b6675; --page: #f6f7f9; --card: #fff; --line: #dfe3e8;
  --good: #1a7f37; --bad: #c62828; --busy: #0b62b8; --wait: #8a5a00; }
@media (prefers-color-scheme: dark) { :root { --text: #e4e8ee; --dim: #98a3b3; --page: #12161c; --card: #1a2029;
  --line: #2c3440; --good: #57c271; --bad: #ff7b72; --busy: #6cb2ff; --wait: #e0b04a; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.25rem 1rem 3rem; max-width: 62rem; background: var(--page); color: var(--text);
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
header { display: flex; flex-wrap: wrap; gap: .25rem 1rem; align-items: baseline; margin-bottom: 1rem; }
h1 { font-size: 1.35rem; margin: 0; } h2 { font-size: 1.1rem; margin: 0; }
p { margin: .35rem 0; } a { color: var(--busy); } code, pre { font: .85rem/1.5 ui-monospace, monospace; }
.dim { color: var(--dim); font-size: .9rem; }
section { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: .9rem 1rem; margin: 0 0 1rem; }
.row { display: flex; gap: .75rem; align-items: baseline; justify-content: space-between; }
ul { list-style: none; margin: .6rem 0 0; padding: 0; } li { border-top: 1px solid var(--line); padding: .45rem 0; }
.state { font-weight: 600; white-space: nowrap; }
.live, .done { color: var(--good); } .failed { color: var(--bad); }
.building, .publishing, .now { color: var(--busy); } .queued, .held { color: var(--wait); }
.stages { display: flex; flex-wrap: wrap; gap: .25rem 1rem; margin: .5rem 0 0; } .stages li { border: 0; padding: 0; }
.now { font-weight: 600; } .todo { color: var(--dim); }
pre { margin: 0; white-space: pre-wrap; background: var(--card); border: 1px solid var(--line); border-radius: .6rem;
  padding: .9rem 1rem; }
pre:empty::before { content: "Nothing was printed yet."; color: var(--dim); }
`;
