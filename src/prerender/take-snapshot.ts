/** A page as HTML that shows what the page shows, and starts the app again where it is opened. */
import type { Page } from "playwright-core";
import type { PageDocument, PageElement, PageNode, PageRoot, PageSheet } from "./in-page.ts";
import type { Shell } from "./read-shell.ts";

declare const document: PageDocument;
declare const location: { readonly href: string; readonly origin: string };
declare const XMLSerializer: new () => { serializeToString(node: PageNode): string };

export type Snapshot = {
  readonly html: string;
  readonly url: string;
  readonly title: string;
  /** What is seen of its text. */
  readonly text: string;
  /** Addresses of its images. */
  readonly images: readonly string[];
  /** Whether it holds anything that is seen without being text. */
  readonly hasPictures: boolean;
  /** Addresses that it links to, resolved. */
  readonly links: readonly string[];
  /** Its canonical address, resolved; null where it names none. */
  readonly canonical: string | null;
  /** The names of its `<meta>` elements, and what they say. */
  readonly meta: Readonly<Record<string, string>>;
};

export type SnapshotOptions = {
  readonly shell: Shell;
  /** Set where the page names none; null leaves it without. */
  readonly canonical: string | null;
};

export function takeSnapshot(page: Page, options: SnapshotOptions): Promise<Snapshot> {
  return page.evaluate(snapshot, options);
}

/**
 * Runs in the page, on a copy in a document of its own: there, custom elements are not built anew, and the app's own
 * observers see nothing.
 */
function snapshot({ shell, canonical }: SnapshotOptions): Snapshot {
  const copy = document.implementation.createHTMLDocument("");
  const root = copy.importNode(document.documentElement, true);
  copy.replaceChild(root, copy.documentElement);
  const body = Array.from(copy.body.children);

  writeState(document, copy);
  dropAddedScripts();
  dropAddedToBody();
  dropOtherTitles();
  shortenAddresses();
  const named = document.querySelector("link[rel=canonical][href]")?.href ?? null;
  if (named === null && canonical !== null) {
    const link = copy.createElement("link");
    link.setAttribute("rel", "canonical");
    link.setAttribute("href", canonical);
    copy.head.appendChild(link);
  }
  const doctype = document.doctype ? `${new XMLSerializer().serializeToString(document.doctype)}\n` : "";
  const all = (selector: string) => Array.from(document.querySelectorAll(selector));
  return {
    html: `${doctype}${copy.documentElement.outerHTML}\n`,
    url: location.href,
    title: document.title,
    text: document.body.innerText,
    images: all("img").map((image) => image.currentSrc),
    hasPictures: document.querySelector("img, svg, canvas, video, picture, iframe, object") !== null,
    links: all("a[href]:not([download]), area[href]").map((link) => String(link.href)),
    canonical: named,
    meta: Object.fromEntries(
      all("meta[name]").map((meta) => [
        (meta.getAttribute("name") ?? "").toLowerCase(),
        meta.getAttribute("content") ?? "",
      ]),
    ),
  };

  /** What is part of a document but not of its markup: what was typed, styles that were set by rule, shadow trees. */
  function writeState(from: PageRoot, to: PageRoot): void {
    const copies = Array.from(to.querySelectorAll("*"));
    Array.from(from.querySelectorAll("*")).forEach((element, at) => {
      const its = copies[at];
      if (its) writeElement(element, its);
    });
    const parent = to === (copy as PageRoot) ? copy.head : to;
    for (const sheet of from.adoptedStyleSheets) {
      const style = copy.createElement("style");
      style.textContent = rulesOf(sheet);
      parent.appendChild(style);
    }
  }

  function writeElement(element: PageElement, its: PageElement): void {
    const name = element.localName;
    if (name === "input" && /^(checkbox|radio)$/.test(element.type)) its.toggleAttribute("checked", element.checked);
    else if (name === "input" && !/^(password|file|hidden)$/.test(element.type)) {
      if (element.value !== (element.getAttribute("value") ?? "")) its.setAttribute("value", element.value);
    } else if (name === "textarea") its.textContent = element.value;
    else if (name === "option") its.toggleAttribute("selected", element.selected);
    // Libraries that set their rules one by one leave the element empty.
    else if (name === "style" && element.sheet && !element.textContent?.trim())
      its.textContent = rulesOf(element.sheet);
    // Where scripts run its content is text, and in the copy, where none do, that would be escaped.
    else if (name === "noscript") its.innerHTML = element.textContent ?? "";
    if (element.shadowRoot) {
      const template = copy.createElement("template");
      template.setAttribute("shadowrootmode", "open");
      for (const child of Array.from(element.shadowRoot.childNodes)) {
        template.content.appendChild(copy.importNode(child, true));
      }
      writeState(element.shadowRoot, template.content);
      its.prepend(template);
    }
  }

  function rulesOf(sheet: PageSheet): string {
    return Array.from(sheet.cssRules)
      .map((rule) => rule.cssText)
      .join("\n");
  }

  /** Chunks and trackers that the app loads: it does so again, and they would run twice. Data (JSON-LD) stays. */
  function dropAddedScripts(): void {
    const own = [...shell.scripts];
    for (const script of Array.from(copy.querySelectorAll("script"))) {
      const type = (script.getAttribute("type") ?? "").trim().toLowerCase();
      if (!/^(|module|(text|application)\/(x-)?(javascript|ecmascript))$/.test(type)) continue;
      const at = own.indexOf(script.getAttribute("src") ?? `inline ${script.textContent}`);
      if (at === -1) script.remove();
      else own.splice(at, 1);
    }
  }

  /** The first one counts (HTML, "document.title"); libraries put theirs before that of the shell. */
  function dropOtherTitles(): void {
    for (const title of Array.from(copy.querySelectorAll("head > title")).slice(1)) title.remove();
  }

  /** What loaders write with its origin is the same file wherever the pages are published, as a preview for one. */
  function shortenAddresses(): void {
    for (const element of Array.from(copy.querySelectorAll("link[href], [src]"))) {
      const name = element.localName === "link" ? "href" : "src";
      const address = element.getAttribute(name) ?? "";
      const isForOthers = /\b(canonical|alternate)\b/i.test(element.getAttribute("rel") ?? "");
      if (!isForOthers && address.startsWith(`${location.origin}/`)) {
        element.setAttribute(name, address.slice(location.origin.length));
      }
    }
  }

  /**
   * Overlays and dialogs, which apps add beside their own element: they do so again, and nobody would close the copy.
   * Where nothing of the shell's own was filled, the app renders into the body itself, and what it added is the page.
   */
  function dropAddedToBody(): void {
    const added: PageElement[] = [];
    let next = 0;
    let isFilled = false;
    for (const element of body) {
      const name = `${element.localName}#${element.id}`;
      const at = shell.body.findIndex((own, index) => index >= next && own.name === name);
      if (at === -1) added.push(element);
      else {
        next = at + 1;
        if (!/^(script|style|noscript|template|link)#/.test(name))
          isFilled ||= shell.body[at]?.html !== element.innerHTML;
      }
    }
    const isStyle = (element: PageElement) => /^(style|link|script)$/.test(element.localName);
    if (isFilled) for (const element of added) if (!isStyle(element)) element.remove();
  }
}
