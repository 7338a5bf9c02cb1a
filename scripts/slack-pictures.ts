/**
 * Takes pictures of everything that Slipway says in Slack, as the demo's inspector shows it: `npm run pictures [FOLDER]`.
 * Needs the system's Chromium; without a font with emoji the pictures lack them.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { type Browser, chromium } from "playwright-core";
import { renderInspector } from "../src/demo/slack/inspector.ts";
import { describeError } from "../src/errors.ts";
import { findChromium } from "../src/prerender/find-chromium.ts";
import { alertSamples } from "./slack-samples/alerts.ts";
import { answerSamples } from "./slack-samples/answers.ts";
import type { Sample } from "./slack-samples/data.ts";
import { deploymentSamples } from "./slack-samples/deployments.ts";
import { noteSamples } from "./slack-samples/notes.ts";
import { noticeSamples } from "./slack-samples/notices.ts";

const folder = resolve(process.argv[2] ?? "pictures");
const NAMES = { U0SLIPWAY: "slipway", U0ALICE: "alice", U0BOB: "bob", S0OPS: "ops" };
const CHANNEL = "C0DEPLOYS";

const executablePath = await findChromium(null, process.env.PATH ?? "").catch((error: unknown) => {
  console.error(describeError(error).replace("Prerendering needs", "Pictures need"));
  process.exit(1);
});
await mkdir(folder, { recursive: true });
const browser = await chromium.launch({ executablePath });
try {
  if (!(await showsEmoji(browser))) {
    console.error(
      "No font here has emoji, so the pictures lack them: apt-get install fonts-noto-color-emoji (Debian),",
    );
    console.error("apk add font-noto-emoji (Alpine), dnf install google-noto-color-emoji-fonts (Fedora).");
  }
  const samples = [...deploymentSamples(), ...answerSamples(), ...noticeSamples(), ...alertSamples(), ...noteSamples()];
  for (const [index, sample] of samples.entries()) {
    const file = join(folder, `${String(index + 1).padStart(2, "0")}-${sample.name}`);
    const page = pageOf(sample);
    await writeFile(`${file}.html`, page);
    // In the dark as well where there is something of every colour.
    const schemes = sample.name === "thread-of-a-failure" ? (["light", "dark"] as const) : (["light"] as const);
    for (const scheme of schemes)
      await takePicture(browser, page, scheme, `${file}${scheme === "dark" ? "-dark" : ""}.png`);
    console.log(`${index + 1} of ${samples.length}: ${file}.png`);
  }
} finally {
  await browser.close();
}

function pageOf({ messages = [], ephemerals = [], modals = [] }: Sample): string {
  return renderInspector({
    channels: [
      { id: CHANNEL, name: "deploys", messages },
      { id: "C0GENERAL", name: "general", messages: [] },
    ],
    ephemerals: ephemerals.map((told, n) => ({
      channel: CHANNEL,
      user: "U0ALICE",
      ts: `${1769868120 + n}.000000`,
      ...told,
    })),
    modals: modals.map((view) => ({ user: "U0ALICE", view })),
    selected: CHANNEL,
    names: NAMES,
  });
}

/** Whatever no font has looks the same: an emoji, and a character that there is not. */
async function showsEmoji(from: Browser): Promise<boolean> {
  const tab = await from.newPage({ viewport: { width: 60, height: 60 } });
  const shown: string[] = [];
  for (const character of ["\u{1f528}", "\u{1f8ff}"]) {
    await tab.setContent(`<p style="font-size: 40px; margin: 0">${character}</p>`);
    shown.push((await tab.screenshot()).toString("base64"));
  }
  await tab.close();
  return shown[0] !== shown[1];
}

async function takePicture(from: Browser, page: string, colorScheme: "light" | "dark", file: string): Promise<void> {
  const tab = await from.newPage({ colorScheme, viewport: { width: 980, height: 400 }, deviceScaleFactor: 1 });
  await tab.setContent(page);
  await tab.screenshot({ path: file, fullPage: true });
  await tab.close();
}
