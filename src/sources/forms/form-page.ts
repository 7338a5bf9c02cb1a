/** The small pages that people see who sent a form, where it does not lead them to a page of its own. Nothing is loaded. */
import { createHash } from "node:crypto";
import type { FormRefusal } from "./form-refusal.ts";

const STYLE = `
:root { color-scheme: light dark; --text: #1c2430; --dim: #5b6675; --page: #f6f7f9; --card: #fff; --line: #dfe3e8; --link: #0b62b8; }
@media (prefers-color-scheme: dark) { :root { --text: #e4e8ee; --dim: #98a3b3; --page: #12161c; --card: #1a2029;
  --line: #2c3440; --link: #6cb2ff; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 15vh 1rem 3rem; max-width: 32rem; background: var(--page); color: var(--text);
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
main { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: 1.2rem 1.3rem; }
h1 { font-size: 1.35rem; margin: 0 0 .4rem; } p { margin: .35rem 0; color: var(--dim); } a { color: var(--link); }
`;

const HEADERS = {
  "content-security-policy": [
    ...["default-src 'none'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'", "img-src data:"],
    `style-src 'sha256-${createHash("sha256").update(STYLE).digest("base64")}'`,
  ].join("; "),
  "referrer-policy": "no-referrer",
  "x-robots-tag": "noindex",
} as const;

const NOT_TAKEN = "That was not sent";
const WORDS: Readonly<Record<FormRefusal | "accepted", readonly [title: string, text: string]>> = {
  accepted: ["Thank you", "It was sent."],
  no_origin: [NOT_TAKEN, "Your browser does not say which page the form stands on. Please write in another way."],
  null_origin: [
    NOT_TAKEN,
    "The page with the form keeps your browser from saying which page it is. Please write in another way.",
  ],
  foreign_origin: [NOT_TAKEN, "This form is not known here. Please write in another way."],
  unreadable: [NOT_TAKEN, "It could not be read. Please go back and try again."],
  empty: [NOT_TAKEN, "Nothing was filled in. Please go back and try again."],
  too_many: ["A little later, please", "Too many were sent at once. Please go back and try again in a minute."],
  unavailable: ["A little later, please", "It could not be kept just now. Please go back and try again in a minute."],
};

/** A page; `back` is the origin of a page that may send forms, and nothing else from outside stands in it. */
export function formPage(
  code: FormRefusal | null,
  back: string | null,
): { readonly body: string; readonly headers: Readonly<Record<string, string>> } {
  const [title, text] = WORDS[code ?? "accepted"];
  const link =
    back === null ? "" : `<p><a href="${escapeHtml(back)}/">Back to ${escapeHtml(new URL(back).host)}</a></p>\n`;
  const body = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title}</title>
<link rel="icon" href="data:,">
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>${title}</h1>
<p>${text}</p>
${link}</main>
</body>
</html>
`;
  return { body, headers: HEADERS };
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? "");
}
