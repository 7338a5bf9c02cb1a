/** What channels hear of payments, orders and forms: each once, and many at once in one message. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { handleNote } from "../../src/handlers/note.ts";
import type { NoteEffect } from "../../src/model/effect.ts";
import type { NoteEvent } from "../../src/model/event.ts";
import { tellNote } from "../../src/notify/tell-note.ts";
import { emptyCi } from "../store/ci-contract.ts";
import { openToldWorld, type ToldWorld } from "./outbox-rows.ts";

let world: ToldWorld;
beforeAll(async () => {
  world = await openToldWorld();
});
afterEach(() => world.store.transact(emptyCi));
afterAll(() => world.stop());

const EVENT: Omit<NoteEvent, "cause"> = {
  type: "note",
  source: "contact",
  label: "A form",
  channel: null,
  note: {
    title: "📝 A form was filled in",
    fields: [{ label: "email", value: "jan@example.com", isPersonal: true }],
    url: null,
    tone: "neutral",
  },
};

function effectOf(cause: string, channel: string | null = "C0FORMS"): NoteEffect {
  const [effect] = handleNote({ ...EVENT, cause }, { channel, setting: "sources.contact.channel" });
  if (effect?.do !== "note") throw new Error("no note");
  return effect;
}
const tell = (effect: NoteEffect, nowMs = 1000, hasSlack = true) =>
  world.store.transact((tx) => tellNote(tx, { hasSlack }, effect, { nowMs }));

describe("A note", () => {
  it("is told once, and neither what is recorded of it nor the message says who it was", async () => {
    expect(await tell(effectOf("7.0"))).toBe("told C0FORMS what contact sent");
    await tell(effectOf("7.0"));
    const told = await world.notices();
    expect(told).toMatchObject([
      {
        ...{ key: "notice:7.0:C0FORMS", channel: "C0FORMS" },
        notice: { about: "note", label: "A form", note: { fields: [{ label: "email", value: "j…@e….com" }] } },
      },
    ]);
    expect(JSON.stringify(told)).not.toContain("jan@");
  });

  it("is told nobody where no channel is named, and the record says what to set", async () => {
    const sentence = "skipped: nobody is told of what contact sends; set sources.contact.channel";
    expect(await tell(effectOf("1.0", null))).toBe(sentence);
    const noSlack = "skipped: nobody is told of what contact sends, since Slack is not set up: SLACK_BOT_TOKEN";
    expect(await tell(effectOf("1.0"), 1, false)).toBe(noSlack);
    expect(await world.notices()).toEqual([]);
  });

  it("among many at once is told in one message with them", async () => {
    for (let n = 0; n < 20; n++) await tell(effectOf(`${n}.0`), 1000 + n);
    const about = (await world.notices()).map(({ notice }) => notice.about);
    expect(about.filter((it) => it === "digest")).toHaveLength(1);
    expect(about.length).toBeLessThanOrEqual(6);
  });
});
