/** Commands that are sent ahead of their replies: how many, and what happens where a server cannot cope with them. */

import { Client } from "basic-ftp";
import { describe, expect, it } from "vitest";
import { createHostFacts } from "../../../src/publishers/ftp/facts.ts";
import {
  type CommandGroup,
  deliverWholeLines,
  type OnReplies,
  type PipelineOptions,
  sendCommands,
} from "../../../src/publishers/ftp/pipeline.ts";
import { UNKNOWN_HOST } from "../../../src/publishers/host-profile.ts";
import { describeWith } from "../../servers/available.ts";
import { startProftpd } from "../../servers/debian-ftp.ts";
import { writeForAll } from "../contract.ts";
import { type Script, scriptedFtp } from "./scripted-ftp.ts";
import { daemonForTest, ftpTarget, openForTest } from "./world.ts";

const pairs = (count: number): CommandGroup[] =>
  Array.from({ length: count }, (_, index) => [`RNFR from-${index}`, `RNTO to-${index}`]);

/** Sends the groups to a server with this script, and answers with the codes of their replies. */
async function send(script: Script, groups: readonly CommandGroup[], options: PipelineOptions = {}, timeoutMs = 5000) {
  const { port, clients } = await scriptedFtp(script);
  const client = new Client(timeoutMs);
  const greeting = client.connect("127.0.0.1", port);
  deliverWholeLines(client.ftp.socket);
  await greeting;
  const codes: number[][] = [];
  try {
    const take: OnReplies = (_, replies) => codes.push(replies.map(({ code }) => code));
    await sendCommands(client, groups, take, options);
  } finally {
    client.close();
  }
  return { codes, received: clients[0]?.received ?? [] };
}

describe("commands sent ahead of their replies", () => {
  it("are never more than the window allows, and keep it full", async () => {
    const window = { bytes: 300, commands: 10 };
    let answered = 0;
    let most = 0;
    const reply =
      (code: string): Script[string] =>
      async (client) => {
        // What has arrived by now, and is without an answer.
        await new Promise(setImmediate);
        const waiting = client.received.slice(answered);
        most = Math.max(most, waiting.length);
        expect(waiting.length).toBeLessThanOrEqual(window.commands);
        expect(waiting.join("\r\n").length + 2).toBeLessThanOrEqual(window.bytes);
        answered += 1;
        return code;
      };
    const { codes } = await send({ RNFR: reply("350 On"), RNTO: reply("250 Done") }, pairs(100), { window });
    expect(codes).toEqual(pairs(100).map(() => [350, 250]));
    expect(most).toBeGreaterThan(window.commands / 2);
  });

  it("go on after a nudge where a server answers only when more bytes arrive", async () => {
    let isHeld = true;
    const { codes, received } = await send(
      {
        RNFR: () => "350 On",
        RNTO: async (client) => {
          while (isHeld && !client.received.includes("NOOP")) await new Promise(setImmediate);
          isHeld = false;
          return "250 Done";
        },
      },
      pairs(5),
      { nudgeAfterMs: 50 },
    );
    expect(codes).toEqual(pairs(5).map(() => [350, 250]));
    expect(received.filter((line) => line === "NOOP")).toHaveLength(1);
  });

  it("are given up when the server left some out, and no reply is taken for another's", async () => {
    const facts = createHostFacts();
    const dropsRest: Script = {
      RNFR: () => "350 On",
      RNTO: (client) => (client.received.length > 2 ? undefined : "250"),
    };
    const sent = send(dropsRest, pairs(4), { facts, nudgeAfterMs: 50 });
    await expect(sent).rejects.toThrow("left out replies");
    expect(facts.profile.pipelines).toBe(false);
  });

  it("are given up at once when an answer cannot be the one to its command", async () => {
    // Two commands taken for one: what follows would be counted wrong by one.
    let renames = 0;
    const merges: Script = { RNFR: () => "350 On", RNTO: () => (++renames === 3 ? undefined : "250 Done") };
    await expect(send(merges, pairs(10))).rejects.toThrow("left out replies");
  });

  it("are not blamed for silence at once by who has seen them work", async () => {
    const facts = createHostFacts({ ...UNKNOWN_HOST, pipelines: true });
    const silent: Script = { RNFR: () => undefined, RNTO: () => undefined, NOOP: () => undefined };
    for (const believed of [null, false]) {
      await expect(send(silent, pairs(2), { facts, nudgeAfterMs: 50 }, 200)).rejects.toThrow(/Timeout/);
      expect(facts.profile.pipelines).toBe(believed);
    }
  });

  it("are proven by a batch of some size", async () => {
    const facts = createHostFacts();
    const script: Script = { RNFR: () => "350 On", RNTO: () => "250 Done" };
    await send(script, pairs(2), { facts });
    expect(facts.profile.pipelines).toBeNull();
    await send(script, pairs(200), { facts });
    expect(facts.profile.pipelines).toBe(true);
  });

  it("are none for a host that is known not to take them: one group at a time", async () => {
    let most = 0;
    let answered = 0;
    const reply =
      (code: string): Script[string] =>
      async (client) => {
        await new Promise(setImmediate);
        most = Math.max(most, client.received.length - answered);
        answered += 1;
        return code;
      };
    const facts = createHostFacts({ ...UNKNOWN_HOST, pipelines: false });
    await send({ RNFR: reply("350 On"), RNTO: reply("250 Done") }, pairs(20), { facts });
    expect(most).toBe(2);
    expect(facts.profile.pipelines).toBe(false);
  });
});

describeWith("proftpd", "ProFTPD, which takes two commands for one when a read ends inside a line end", () => {
  it("answers each of a thousand for itself", async () => {
    const { server, folder } = await daemonForTest(startProftpd, {});
    const names = Array.from({ length: 1000 }, (_, index) => `f${index}`);
    for (const [index, name] of names.entries()) await writeForAll(folder, name, "x".repeat(index));
    const session = await openForTest(ftpTarget(server));
    for (let times = 0; times < 5; times += 1) expect(await session.sizes(names)).toEqual([...names.keys()]);
    expect(session.profile().pipelines).toBe(true);
  });
});

describe("a host that takes one command at a time", () => {
  it("is found out at the login, and is worked with", async () => {
    // As a firewall that reads along: of several commands in one packet, only the first is heard.
    const heard = new WeakMap<object, number>();
    const { port } = await scriptedFtp({
      ...Object.fromEntries(
        Object.entries({ OPTS: "200 Yes", TYPE: "200 Binary", FEAT: "211 None", PWD: '257 "/"', SIZE: "213 1" }).map(
          ([verb, answer]) => [
            verb,
            async (client) => {
              await new Promise(setImmediate);
              const seen = heard.get(client) ?? 0;
              heard.set(client, client.received.length);
              return client.received.length > seen && isLast(client.received, verb) ? answer : undefined;
            },
          ],
        ),
      ),
      NOOP: () => "200 Here",
    } satisfies Script);
    const session = await openForTest(ftpTarget({ port }), {}, { stallTimeoutMs: 300, retryDelayMs: 5 });
    expect(await session.sizes(["a", "b", "c"])).toEqual([1, 1, 1]);
    expect(session.profile().pipelines).toBe(false);
  });
});

function isLast(received: readonly string[], verb: string): boolean {
  return received.at(-1)?.split(" ")[0] === verb;
}
