/**
 * Builds the site into dist/ without any dependency: one page for each file in content/, and the theme's files under
 * names that carry a digest of their content. The same sources always give the same bytes.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const root = import.meta.dirname;
const output = join(root, "dist");

/** In the order of the navigation. */
const PAGES = [
  { name: "index", path: "/", label: "Today" },
  { name: "breads", path: "/breads/", label: "Breads" },
  { name: "order", path: "/order/", label: "Order" },
  { name: "about", path: "/about/", label: "About" },
];

rmSync(output, { recursive: true, force: true });
mkdirSync(join(output, "assets"), { recursive: true });
const assets = writeAssets();
for (const page of PAGES) writePage(page);
console.log(`Built ${PAGES.length} pages and ${Object.keys(assets).length} assets`);

/** Copies the theme. Answers with file name → address. */
function writeAssets() {
  const addresses = {};
  for (const name of readdirSync(join(root, "theme")).sort()) {
    const content = readFileSync(join(root, "theme", name));
    const digest = createHash("sha256").update(content).digest("hex").slice(0, 10);
    const [stem, extension] = name.split(".");
    addresses[name] = `/assets/${stem}-${digest}.${extension}`;
    writeFileSync(join(output, addresses[name]), content);
  }
  return addresses;
}

function writePage(page) {
  const source = readFileSync(join(root, "content", `${page.name}.md`), "utf8").replaceAll("\r\n", "\n");
  const cut = source.indexOf("\n---\n");
  if (cut < 0) throw new Error(`content/${page.name}.md: there is no line "---" between the head and the text`);
  const head = Object.fromEntries(source.slice(0, cut).split("\n").map((line) => readHeadLine(page, line)));
  for (const key of ["title", "lead", "image"]) {
    if (!head[key]) throw new Error(`content/${page.name}.md: "${key}" is missing`);
  }
  const image = assets[`${head.image}.svg`];
  if (!image) throw new Error(`content/${page.name}.md: there is no theme/${head.image}.svg`);
  const folder = join(output, page.path);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "index.html"), frame(page, head, image, source.slice(cut + 5)));
}

function readHeadLine(page, line) {
  const [, key, value] = /^(\w+): (.+)$/.exec(line) ?? [];
  if (!key) throw new Error(`content/${page.name}.md: "${line}" is not of the form "key: value"`);
  return [key, value];
}

function frame(page, head, image, text) {
  const links = PAGES.map(({ path, label }) => {
    return `<a href="${path}"${path === page.path ? ' aria-current="page"' : ""}>${label}</a>`;
  });
  return `<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>${escape(head.title)} · Lantern &amp; Loaf</title>
  <meta name="description" content="${escape(head.lead)}">
  <link rel="icon" type="image/svg+xml" href="${assets["lantern.svg"]}">
  <link rel="stylesheet" href="${assets["style.css"]}">
</head>
<body>
  <header class="bar">
    <a class="brand" href="/"><img src="${assets["lantern.svg"]}" alt="">Lantern &amp; Loaf</a>
    <nav aria-label="Main">${links.join("")}</nav>
  </header>
  <div class="hero">
    <div>
      <h1>${escape(head.title)}</h1>
      <p>${inline(head.lead)}</p>
    </div>
    <img src="${image}" alt="">
  </div>
  <main>
${sections(text)}
  </main>
  <footer>Lantern &amp; Loaf · Pier Street 4 · Tuesday to Saturday, six to one</footer>
</body>
</html>
`;
}

/** Each "# heading" begins a card; between blank lines stands a paragraph or a list of "- " lines. */
function sections(text) {
  const cards = text.split(/^# /m).slice(1);
  return cards
    .map((card) => {
      const [heading, ...rest] = card.split("\n");
      const blocks = rest.join("\n").split(/\n\s*\n/).map((block) => block.trim()).filter(Boolean);
      const html = blocks.map((block) => `      ${block.startsWith("- ") ? list(block) : `<p>${inline(block)}</p>`}`);
      return `    <section>\n      <h2>${inline(heading)}</h2>\n${html.join("\n")}\n    </section>`;
    })
    .join("\n");
}

function list(block) {
  const items = block.split("\n").map((line) => `<li>${inline(line.replace(/^- /, ""))}</li>`);
  return `<ul>${items.join("")}</ul>`;
}

function inline(text) {
  return escape(text)
    .replace(/\*\*(.+?)\*\*/g, "<strong>$1</strong>")
    .replace(/\[(.+?)\]\((\/[\w/-]*)\)/g, '<a href="$2">$1</a>');
}

function escape(text) {
  return text.replace(/[&<>"]/g, (sign) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[sign]);
}
