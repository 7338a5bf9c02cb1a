/** What the app's page holds before the app runs, so that what the app added can be told apart. */
import type { Page } from "playwright-core";
import type { PageDocument } from "./in-page.ts";

declare const DOMParser: new () => { parseFromString(html: string, type: "text/html"): PageDocument };

export type Shell = {
  /** One key for each script that browsers run. */
  readonly scripts: readonly string[];
  /** The elements in its body, in order: by name and id, and with their content. */
  readonly body: readonly { readonly name: string; readonly html: string }[];
  /** The value of its `<base href>`. */
  readonly base: string | null;
  /** A script or style, as written, that is looked for in the page's own folder; null where pages can be anywhere. */
  readonly needsItsFolder: string | null;
};

/** Read by the browser itself, in a page where nothing of the app runs. */
export function readShell(page: Page, html: string): Promise<Shell> {
  return page.evaluate(describeShell, html);
}

function describeShell(html: string): Shell {
  const shell = new DOMParser().parseFromString(html, "text/html");
  const named = Array.from(shell.querySelectorAll("script[src], link[rel~=stylesheet][href], link[rel=modulepreload]"));
  // Neither "/a.js", "//host/a.js" nor "https://host/a.js".
  const isAbsolute = (address: string) => /^(\/|[a-z][a-z0-9+.-]*:)/i.test(address);
  const base = shell.querySelector("base[href]")?.getAttribute("href") ?? null;
  const addresses = named.map((element) => element.getAttribute("src") ?? element.getAttribute("href") ?? "");
  return {
    scripts: Array.from(shell.querySelectorAll("script")).map(
      (script) => script.getAttribute("src") ?? `inline ${script.textContent}`,
    ),
    body: Array.from(shell.body.children).map((element) => ({
      name: `${element.localName}#${element.id}`,
      html: element.innerHTML,
    })),
    base,
    needsItsFolder: isAbsolute(base ?? "") ? null : (addresses.find((it) => it !== "" && !isAbsolute(it)) ?? null),
  };
}
