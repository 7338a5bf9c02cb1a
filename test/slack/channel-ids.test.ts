/** The ids of channels that are called by name. */
import { expect, it } from "vitest";
import { createChannelIds } from "../../src/slack/channel-ids.ts";

it("An id stands for itself, a name is looked up once, with or without its sign, and none is made up", async () => {
  const asked: string[] = [];
  const list = async (cursor: string) => {
    asked.push(cursor);
    if (cursor === "") return { channels: [{ id: "C1", name: "general" }], next: "more" };
    return { channels: [{ id: "C2", name: "shop" }] };
  };
  const ids = createChannelIds();
  expect(await ids.idOf("C0123ABCD", list)).toBe("C0123ABCD");
  expect(asked).toEqual([]);
  expect([await ids.idOf("#shop", list), await ids.idOf("shop", list)]).toEqual(["C2", "C2"]);
  expect(asked).toEqual(["", "more"]);
  ids.learn("#alerts", "C3");
  expect(await ids.idOf("alerts", list)).toBe("C3");
  expect(await ids.idOf("nowhere", list)).toBeNull();
});
