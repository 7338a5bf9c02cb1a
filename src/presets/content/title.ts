/** How a changed thing is called in a deployment, by the names that editors know: "Post: About us (de)". */
import { valueAt } from "../../model/extractor.ts";
import type { Reading } from "../preset.ts";

/** Fields by which editors know a thing, the best first. */
const NAMES = ["title", "name", "headline", "heading", "label", "internalName", "internal_name", "slug"];

/** A value, or one for each locale. `name` is text; a slug of Sanity's is an object with its text in `current`. */
type Named = { readonly name: string; readonly locale: string | null };

/** The name of a thing among its fields, and its locale where the field has one value for each; null where none is known. */
export function nameIn(fields: object | null | undefined): Named | null {
  for (const field of NAMES) {
    const value = valueAt(fields, [field]);
    const text = textOf(value) ?? textOf(valueAt(value, ["current"]));
    if (text !== null) return { name: text, locale: null };
    const localized = firstLocale(value);
    if (localized) return localized;
  }
  return null;
}

/** `{ "de": "Über uns" }`. Contentful and DatoCMS send all locales of a field. */
function firstLocale(value: unknown): Named | null {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
  const locales = Object.keys(value).filter((key) => LOCALE.test(key));
  for (const locale of locales) {
    const name = textOf(valueAt(value, [locale]));
    // One of several says nothing of which was changed.
    if (name !== null) return { name, locale: locales.length === 1 ? locale : null };
  }
  return null;
}

/** BCP 47, as far as CMSs go: "de", "pt-BR", "zh-Hans-CN", "en_US". */
const LOCALE = /^[a-z]{2,3}([-_][A-Za-z0-9]{2,8}){0,3}$/;

export function textOf(value: unknown): string | null {
  return typeof value === "string" && value.trim() !== "" ? value.trim() : null;
}

type Thing = {
  /** As the sender calls it: "blogPost", "api::article.article", "shop.Product". */
  readonly type?: string | null | undefined;
  readonly name?: string | null | undefined;
  readonly locale?: string | null | undefined;
};

/** "Blog post: About us (de)"; what is not known is left out, and null is nothing at all. */
export function titleOf({ type, name, locale }: Thing): string | null {
  const kind = type ? readableType(type) : null;
  const what = kind !== null && name ? `${kind}: ${name}` : (name ?? kind);
  return what && locale ? `${what} (${locale})` : what || null;
}

/** "blogPost" → "Blog post"; null for a generated id, which nobody knows. */
function readableType(type: string): string | null {
  const last = type.split(/[.:/\\]/).findLast(Boolean) ?? "";
  if (/^(?=.*\d)[A-Za-z0-9_-]{20,}$/.test(last)) return null;
  const words = last
    .replace(/([a-z\d])([A-Z])/g, "$1 $2")
    .replace(/[_-]+/g, " ")
    .trim()
    .toLowerCase();
  return words === "" ? null : words.charAt(0).toUpperCase() + words.slice(1);
}

/** The reading of a change of one thing. */
export function changed(thing: Thing, by: string | null = null): Reading {
  const title = titleOf(thing);
  return { content: { titles: title === null ? [] : [title], by } };
}
