/** The list of pages for search engines (https://www.sitemaps.org/protocol.html). No dates: the same pages, the same file. */
import { escapeHtml } from "./redirect-page.ts";

/** "Each Sitemap file that you provide must have no more than 50,000 URLs". */
const MAX_URLS = 50_000;

/** The files, by path: sitemap.xml, and where one is too small for all pages, those that it leads to. */
export function sitemapFiles(urls: readonly string[], siteRoot: string): Map<string, string> {
  const sorted = [...new Set(urls)].sort();
  if (sorted.length <= MAX_URLS) return new Map([["sitemap.xml", listOf("urlset", "url", sorted)]]);
  const files = new Map<string, string>();
  for (let at = 0; at < sorted.length; at += MAX_URLS) {
    files.set(`sitemap-${files.size + 1}.xml`, listOf("urlset", "url", sorted.slice(at, at + MAX_URLS)));
  }
  const parts = [...files.keys()].map((name) => siteRoot + name);
  return files.set("sitemap.xml", listOf("sitemapindex", "sitemap", parts));
}

function listOf(list: string, item: string, urls: readonly string[]): string {
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<${list} xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">`,
    ...urls.map((url) => `  <${item}><loc>${escapeHtml(url)}</loc></${item}>`),
    `</${list}>`,
    "",
  ].join("\n");
}
