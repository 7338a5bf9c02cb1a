import { format, inspect } from "node:util";
import { serialize } from "node:v8";
import { MessageChannel } from "node:worker_threads";
import { pino } from "pino";
import { expect, it } from "vitest";
import { secret } from "../../src/secrets/secret.ts";

const hidden = secret("hunter2");

it("prints as [secret] wherever a secret is shown", () => {
  const lines: string[] = [];
  const log = pino({ base: null }, { write: (line: string) => void lines.push(line) });
  log.info({ hidden, list: [hidden], deep: { at: { last: hidden } } }, `the value ${hidden}`);
  log.error(new Error(`failed with ${hidden}`, { cause: { hidden } }));
  const shown = [
    `${hidden}`,
    String(hidden),
    ["", hidden].join(""),
    hidden.toLocaleString(),
    JSON.stringify({ hidden }),
    JSON.stringify({ ...hidden }),
    inspect({ hidden }, { depth: 9, showHidden: true, getters: true }),
    inspect(Object.assign(new Error("broken"), { hidden })),
    format("%s %o %O %j", hidden, hidden, hidden, hidden),
    Object.prototype.toString.call(hidden),
    String(new Error(`failed with ${hidden}`)),
    lines.join(""),
  ];
  for (const text of shown) {
    expect(text).toContain("[secret]");
    expect(text).not.toContain("hunter2");
  }
  expect(inspect(hidden, { customInspect: false, showHidden: true, depth: 9 })).not.toContain("hunter2");
  expect(Number(hidden)).toBeNaN();
});

it("cannot be copied out of the process, nor changed", () => {
  expect(() => structuredClone(hidden)).toThrow(/could not be cloned/);
  const { port1 } = new MessageChannel();
  expect(() => port1.postMessage({ hidden })).toThrow(/could not be cloned/);
  port1.close();
  expect(() => serialize(hidden)).toThrow(/could not be cloned/);
  expect(() => Object.assign(hidden, { reveal: () => "other" })).toThrow(TypeError);
  expect(hidden.reveal()).toBe("hunter2");
});
