/** The page that shows what people see in Slack: everything is there, where it belongs, and nothing from outside is markup. */
import fc from "fast-check";
import { parseDocument } from "htmlparser2";
import { describe, expect, test } from "vitest";
import { type Inspected, renderInspector } from "../../../src/demo/slack/inspector.ts";
import { wordDeployment } from "../../../src/notify/wording/slack/deployment-wording.ts";
import { wordModal } from "../../../src/notify/wording/slack/modal-wording.ts";
import { news } from "../../notify/deployment.ts";
import { hostileWord } from "../../notify/wording/hostile-words.ts";

const CHANNELS = [
  { id: "C0A", name: "deploys", messages: [] },
  { id: "C0B", name: "ops", messages: [] },
];
const page = (part: Partial<Inspected> = {}) =>
  renderInspector({ channels: CHANNELS, ephemerals: [], modals: [], selected: "C0A", ...part });
const messages = (...all: Inspected["channels"][number]["messages"]) => [{ id: "C0A", name: "deploys", messages: all }];

/** What a reader sees, without markup. */
function seen(html: string): string {
  const texts: string[] = [];
  const walk = (node: { type: string; name?: string; data?: string; children?: unknown[] }): void => {
    if (node.name === "style" || node.name === "title") return;
    if (node.type === "text") texts.push(node.data ?? "");
    for (const child of node.children ?? []) walk(child as typeof node);
  };
  walk(parseDocument(html, { decodeEntities: true }) as unknown as Parameters<typeof walk>[0]);
  return texts.join(" ").replace(/\s+/g, " ").trim();
}

describe("The inspector", () => {
  test("lists the channels, each with a link, and shows the chosen one, else the first", () => {
    expect(page({ selected: "C0B" })).toContain('<a class="channel shown" href="?channel=C0B">');
    expect(page({ selected: "gone" })).toContain('<a class="channel shown" href="?channel=C0A">');
    expect(seen(page({ channels: [], selected: null }))).toContain("There is no channel.");
  });

  test("shows a message with its blocks: headline, stages with their states, buttons", () => {
    const told = wordDeployment(news({ state: "failed", stage: "build", title: "Fix <b> & footer" }));
    const html = page({ channels: messages({ ts: "1769868120.000100", user: "U0BOT", edited: { ts: "2" }, ...told }) });
    const text = seen(html);
    expect(text).toContain("❌ shop failed · a1b2c3d");
    expect(text).toContain("Fix <b> & footer");
    expect(text).toContain("Failed in step 3 of 6: build");
    expect(html).toContain('<li class="error"><span class="mark" title="error">!</span> Build</li>');
    expect(html).toContain('<li class="complete"><span class="mark" title="complete">✓</span> Install packages</li>');
    expect(html).toContain('<span class="button primary" title="">Retry</span>');
    expect(html).toMatch(/<a href="https:\/\/deploy\.example\.com[^"]*" rel="noreferrer"><span class="button ">Log/);
    expect(text).toContain("14:02");
    expect(text).toContain("(edited)");
  });

  test("shows replies below their message, and in the channel too where they are broadcast", () => {
    const html = page({
      channels: messages(
        { ts: "1.0", text: "the parent" },
        { ts: "3.0", text: "loud reply", thread_ts: "1.0", isBroadcast: true },
        { ts: "2.0", text: "quiet reply", thread_ts: "1.0" },
      ),
    });
    const text = seen(html);
    expect(text).toMatch(
      /the parent.*2 replies.*quiet reply.*also sent to the channel.*loud reply.*replied to a thread.*loud reply/,
    );
    expect(text.match(/quiet reply/g)).toHaveLength(1);
  });

  test("shows what only one person sees, where they see it, among the others by time", () => {
    const ephemerals = [
      { channel: "C0A", user: "U0ALICE", text: "for you", ts: "2.0" },
      { channel: "C0B", user: "U0ALICE", text: "elsewhere", ts: "2.0" },
    ];
    const channels = messages({ ts: "3.0", text: "after" }, { ts: "1.0", text: "before" });
    const text = seen(page({ channels, ephemerals, names: { U0ALICE: "alice" } }));
    expect(text).toMatch(/before.*Only visible to alice.*for you.*after/);
    expect(text).not.toContain("elsewhere");
  });

  test("shows an open dialog with its inputs and choices", () => {
    const release = (id: string) => ({
      id,
      commit: id,
      title: `Title ${id}`,
      author: "A",
      createdAtMs: 0,
      isLive: false,
    });
    const view = wordModal({
      ...{
        modal: "rollback",
        site: "shop",
        from: release("aaaa"),
        choices: [release("bbbb"), release("cccc")],
        chosen: "cccc",
        reason: "it is <i>ugly</i>",
      },
      ...{ hold: null, waiting: 0, needsSecondPerson: false },
      reply: { channel: "C0A", user: "U0ALICE", responseUrl: null, thread: null, isDirect: false },
    });
    const text = seen(page({ modals: [{ user: "U0ALICE", view }] }));
    expect(text).toMatch(
      /dialog that U0ALICE has open.*Roll back.*From what is live on shop.*cccc Title cccc.*bbbb Title bbbb/,
    );
    expect(text).toMatch(/Why \(optional\) it is <i>ugly<\/i> .*Cancel Roll back$/);
  });

  test("shows mrkdwn as Slack does: bold, code, fences, links, people, dates", () => {
    const text =
      "*bold* `a*b*` <https://a.example/?x=1&amp;y=2|the log> <@U0ALICE> <!date^1^{time}|00:00 UTC> 2*3*4\n```\n*x*\n```";
    const html = page({ channels: messages({ ts: "1", text }), names: { U0ALICE: "alice" } });
    expect(html).toContain("<b>bold</b> <code>a*b*</code>");
    expect(html).toContain('<a href="https://a.example/?x=1&amp;y=2" rel="noreferrer">the log</a>');
    expect(html).toContain('<span class="mention">@alice</span>');
    expect(html).toContain("00:00 UTC");
    expect(html).toContain("2*3*4");
    expect(html).toContain("<pre>*x*</pre>");
  });

  test("shows rich text, and what it does not know as it is", () => {
    const section = (type: string, ...elements: object[]) => ({ type, elements });
    const rich = {
      type: "rich_text",
      elements: [
        section(
          "rich_text_section",
          { type: "text", text: "a < b", style: { bold: true } },
          { type: "user", user_id: "U1" },
        ),
        section("rich_text_preformatted", { type: "text", text: "npm\n  error" }),
      ],
    };
    const html = page({
      channels: messages({ ts: "1", text: "t", blocks: [rich, { type: "video", title: "<x>" }, null] }),
    });
    expect(html).toContain("<b>a &lt; b</b>");
    expect(html).toContain("<pre>npm\n  error</pre>");
    expect(html).toContain("&quot;type&quot;: &quot;video&quot;");
  });

  test("has no script, loads nothing, and takes no word for markup", () => {
    const tags = (html: string) => [...html.matchAll(/<\/?([a-z][a-z0-9]*)/gi)].map(([, name]) => name?.toLowerCase());
    const known = new Set(
      tags(
        page({
          channels: messages({ ts: "1", text: "*a* `b` ~c~ _d_\n```e``` <@U1> <https://a.example|f> <!date^1^x|g>" }),
        }),
      ),
    );
    for (const name of ["h3", "hr", "ol", "li", "details", "summary", "section", "footer", "small"]) known.add(name);
    expect(known).not.toContain("script");
    fc.assert(
      fc.property(hostileWord, hostileWord, (a, b) => {
        const blocks = [
          { type: "section", text: { type: "mrkdwn", text: a } },
          { type: "header", text: { type: "plain_text", text: b } },
          { type: "actions", elements: [{ type: "button", text: { type: "plain_text", text: a }, url: b, value: a }] },
          { type: "plan", title: a, tasks: [{ type: "task_card", task_id: "1", title: b, status: "complete" }] },
          {
            type: "context",
            elements: [{ type: "mrkdwn", text: `<javascript:alert(1)|${a}> <https://x.example/"onclick=|${b}>` }],
          },
          { type: a, text: b },
        ];
        const html = page({
          channels: [
            {
              id: a,
              name: b,
              messages: [
                { ts: a, text: b, user: a, blocks },
                { ts: "1", text: a },
              ],
            },
          ],
          selected: a,
          ephemerals: [{ channel: a, user: b, text: a, ts: b }],
          modals: [{ user: a, view: { title: { text: b }, blocks } }],
        });
        for (const name of tags(html)) expect(known).toContain(name);
        expect(html).not.toMatch(/href="(?!https?:|\?channel=|data:,)/);
        expect(html).not.toMatch(/<[^>]*\son\w+=[^>]*>/);
      }),
      { numRuns: 60 },
    );
  });
});
