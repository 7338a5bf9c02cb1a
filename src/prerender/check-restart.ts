/** Whether the app, started on a page that was written, leaves it as it is. */
import { PageError } from "./prerender-error.ts";
import { type RenderOptions, renderPage } from "./render-page.ts";
import type { Tab } from "./tab.ts";
import { shorten } from "./visit.ts";

/**
 * Opens a page again whose prerendered HTML is answered for its address. `before` is its text from the first time.
 * Throws PageError where the app throws on it, or shows what is there already a second time: some frameworks add to
 * their element and do not replace what it holds.
 */
export async function checkRestart(tab: Tab, route: string, before: string, options: RenderOptions): Promise<void> {
  // An expression would be true at once: the page holds all that it waits for.
  const again = await renderPage(tab, route, { ...options, ready: null });
  if (again.kind === "redirect") return;
  const twice = addedCopies(before, again.snapshot.text);
  if (twice.length === 0) return;
  throw new PageError(
    `shows "${shorten(twice[0] ?? "", 60)}" twice when the app starts on its prerendered page. Have the app empty its ` +
      "element before it renders (element.replaceChildren()), or hydrate it",
  );
}

/** Lines of the first text that the second has more often. */
function addedCopies(first: string, second: string): string[] {
  const count = (text: string) => {
    const counts = new Map<string, number>();
    for (const line of text.split("\n").map((it) => it.trim())) {
      if (line !== "") counts.set(line, (counts.get(line) ?? 0) + 1);
    }
    return counts;
  };
  const before = count(first);
  const after = count(second);
  return [...before].filter(([line, times]) => (after.get(line) ?? 0) > times).map(([line]) => line);
}
