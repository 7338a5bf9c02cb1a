/** A single-page application over the history API, with pages of all kinds that prerendering meets. */
const app = document.getElementById("app");

const pages = {
  "/": () =>
    show(
      "Shop",
      '<a href="/about">About</a> <a href="/products?sort=price#top">Products</a> <a href="/old">Old</a> ' +
        '<a href="https://elsewhere.example/">Elsewhere</a> <a href="/data/products.json">Data</a>',
    ),
  "/about": () => {
    show("About", '<p id="count">0</p><button>More</button><a href="/">Home</a>');
    let count = 0;
    app.querySelector("button").addEventListener("click", () => {
      app.querySelector("#count").textContent = String(++count);
    });
  },
  "/products": async () => {
    show("Products", "<p>Loading</p>");
    const names = await (await fetch("/data/products.json")).json();
    show("Products", names.map((name) => `<a href="/products/${name.toLowerCase()}">${name}</a>`).join(" "));
  },
  "/products/kettle": () => show("Kettle", '<a href="/gone">Spare parts</a>'),
  "/products/teapot": () => {
    show("Teapot", "<p>The same as the kettle</p>");
    const canonical = document.createElement("link");
    canonical.rel = "canonical";
    canonical.href = "/products/kettle";
    document.head.append(canonical);
  },
  "/old": () => {
    history.replaceState(null, "", "/about");
    return start();
  },
  "/leaves": () => {
    location.href = "https://elsewhere.example/landing?a=1&b=2";
  },
  "/circle": () => location.reload(),
  "/throws": () => {
    throw new Error("no price for this one");
  },
  "/rejects": async () => {
    show("Rejects", "<p>Loading</p>");
    await (await fetch("/data/none.json")).json();
  },
  "/hangs": () => {
    show("Hangs", "<p>Loading</p>");
    for (;;);
  },
  "/late": async () => {
    show("Late", "<p>Loading</p>");
    await new Promise((resolve) => setTimeout(resolve, 1500));
    show("Late", "<p>Here at last</p>");
    document.documentElement.dataset.ready = "";
  },
  "/empty": () => show("", ""),
  "/tracked": async () => {
    show("Tracked", "<p>Nobody counts</p>");
    await fetch("https://tracker.example/hello")
      .then((response) => response.text())
      .then((text) => show("Tracked", `<p>${text}</p>`))
      .catch(() => {});
  },
};

function show(title, html) {
  document.title = title;
  app.innerHTML = title && `<h1>${title}</h1>${html}`;
}

function start() {
  const page = pages[location.pathname.replace(/(.)\/$/, "$1")];
  return page ? page() : show("Not found", "<p>There is no such page.</p>");
}

await start();
