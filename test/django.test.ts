import { execFile, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { filesIn, writeFiles } from "./django/extract-files.ts";
import { BASE_SETTINGS, DRIVER, PAGES } from "./django/project.ts";
import { read, usual } from "./presets/content/receive-case.ts";

const PYTHON = "/usr/bin/python3";
const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

const isThere = spawnSync(PYTHON, ["-c", "import django"]).status === 0;
const title = "The Django app of docs/django.md";

type Sent = { headers: Record<string, string>; body: string; status: number };

/** The server that Django talks to: it takes what is signed, but is not there yet for what has to be tried again. */
async function startReceiver(sent: Sent[]): Promise<{ server: Server; url: string }> {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString("utf8");
    const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
    const isTooEarly = body.includes("Try again") && sent.every((it) => !it.body.includes("Try again"));
    const status = isTooEarly ? 503 : 200;
    sent.push({ headers, body, status });
    response.writeHead(status).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks/cms` };
}

function tests(): void {
  const folder = mkdtempSync(join(tmpdir(), "slipway-django-"));
  const sent: Sent[] = [];
  let server: Server;
  let said: { before: unknown; wrong: string; outbox: unknown[]; lines: string[] };

  beforeAll(async () => {
    const files = filesIn("docs/django.md");
    writeFiles(folder, files);
    writeFiles(
      folder,
      new Map([
        ["settings.py", `${BASE_SETTINGS}${files.get("settings.py")}`],
        ["pages/__init__.py", ""],
        ["pages/models.py", PAGES],
        ["drive.py", DRIVER],
      ]),
    );
    const receiver = await startReceiver(sent);
    server = receiver.server;
    const env = {
      PATH: process.env.PATH,
      SLIPWAY_URL: receiver.url,
      SLIPWAY_SECRET: SECRET,
      PYTHONDONTWRITEBYTECODE: "1",
    };
    const { stdout } = await promisify(execFile)(PYTHON, ["drive.py"], { cwd: folder, env });
    const lines = stdout.trim().split("\n");
    said = { ...JSON.parse(lines.at(-1) ?? ""), lines };
  });
  afterAll(() => {
    server?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const typesSent = () => sent.map(({ body }) => (JSON.parse(body) as { type: string }).type);

  it("sends what was committed, and nothing of what was rolled back, in whole or in part", () => {
    expect(typesSent()).toEqual([
      "page.saved",
      "prices.imported",
      "page.deleted",
      "page.saved",
      "page.saved",
      "page.saved",
    ]);
    expect(sent.filter(({ body }) => body.includes("Rolled back"))).toEqual([]);
  });

  it("signs each message as the package standardwebhooks verifies it", () => {
    const webhook = new Webhook(SECRET);
    for (const { body, headers } of sent) expect(webhook.verify(body, headers)).toEqual(JSON.parse(body));
    expect(() => webhook.verify(`${sent[0]?.body} `, sent[0]?.headers ?? {})).toThrow();
  });

  it("sends what was refused again, under the same id and with another signature", () => {
    const [first, second] = sent.filter(({ body }) => body.includes("Try again"));
    expect([first?.status, second?.status]).toEqual([503, 200]);
    expect(second?.headers["webhook-id"]).toBe(first?.headers["webhook-id"]);
    expect(second?.body).toBe(first?.body);
    expect(said.before).toEqual({ tries: 1, error: "HTTP 503" });
    // Its time has not come a moment later, unless somebody says so.
    expect(said.lines.slice(1, 3)).toEqual(["sent 0, not sent 0", "sent 1, not sent 0"]);
    expect(new Set(sent.map(({ headers }) => headers["webhook-id"])).size).toBe(5);
  });

  it("lets editors save where the secret is none, and sends it once that is mended", () => {
    expect(said.wrong).toMatch(/^not sent: /);
    expect(said.wrong).not.toContain("whsec");
    expect(sent.filter(({ body }) => body.includes("Wrong secret"))).toHaveLength(1);
  });

  it("has nothing left to send at the end", () => {
    expect(said.outbox).toHaveLength(5);
    expect(said.outbox.every((it) => (it as { sent: boolean }).sent)).toBe(true);
  });

  it("is read by the preset as what was changed, and by whom", async () => {
    const readings = sent.map(
      async ({ headers, body }) => (await read(usual("standard-webhooks"), { headers, body })).reading,
    );
    expect((await Promise.all(readings)).slice(0, 3)).toEqual([
      { content: { titles: ["Page: Über uns (de)"], by: "Ada" } },
      { content: { titles: ["Prices"], by: null } },
      { content: { titles: ["Page: Über uns (de)"], by: "Ada" } },
    ]);
  });
}

if (isThere) describe(title, tests);
else if (process.env.CI) {
  it(`${title} has Django`, () => {
    throw new Error("Django is missing: apt-get install python3-django");
  });
} else describe.skip(`${title} (Django is missing: apt-get install python3-django)`, tests);
