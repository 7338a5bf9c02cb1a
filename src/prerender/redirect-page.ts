/** The page of a route that leads elsewhere: for web servers that were never told of the redirect. */

/** `target` is a path of the site or an http(s) address. */
export function redirectPage(target: string): string {
  const url = escapeHtml(target);
  return [
    "<!doctype html>",
    '<html lang="en">',
    '<meta charset="utf-8">',
    "<title>Redirecting</title>",
    `<meta http-equiv="refresh" content="0; url=${url}">`,
    `<link rel="canonical" href="${url}">`,
    `<p>This page is now at <a href="${url}">${url}</a>.</p>`,
    "</html>",
    "",
  ].join("\n");
}

/** Fit for text and for attributes in double quotes, of HTML and of XML. */
export function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
