/** Looks for the reading of keys, algorithms, messages and bodies under which a signature fits, the least odd one first. */
import type { KeyObject } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import type { HmacVerification } from "../../config/source-definition.ts";
import type { Reading, SignatureFinding } from "./finding.ts";
import { fits } from "./verify-hmac.ts";

type Algorithm = HmacVerification["algorithm"];

export type Readings = {
  readonly keys: ReadonlyArray<Reading<KeyObject>>;
  readonly algorithms: ReadonlyArray<Reading<Algorithm>>;
  readonly messages: ReadonlyArray<Reading<(body: Buffer) => ReadonlyArray<string | Buffer>>>;
  readonly bodies: ReadonlyArray<Reading<Buffer>>;
  readonly signatures: ReadonlyArray<Reading<Buffer>>;
};

/** How many things may be wrong at once. */
const MAX_ODD = 3;
const MAX_TRIES = 5000;
/** How much is hashed in all, and between two pauses in which requests are taken. In bytes. */
const MAX_BYTES = 64 * 1024 ** 2;
const PAUSE_BYTES = 1024 ** 2;

/** What is to be said about the reading that fits; null where none does, or none was found in what may be tried. */
export async function searchReading(readings: Readings): Promise<readonly SignatureFinding[] | null> {
  let [tries, bytes, paused] = [0, 0, 0];
  const signatures = Array.from({ length: MAX_ODD + 1 }, (_, odd) =>
    readings.signatures.filter(({ findings }) => findings.length === odd),
  );
  for (let odd = 0; odd <= MAX_ODD; odd++) {
    for (const { key, algorithm, message, body } of combine(readings, odd)) {
      const findings = [algorithm, message, key, body].flatMap((it) => it.findings);
      const candidates = signatures[odd - findings.length] ?? [];
      if (candidates.length === 0) continue;
      tries++;
      // A try costs something however short the body is.
      bytes += body.value.length + 1024;
      if (tries > MAX_TRIES || bytes > MAX_BYTES) return null;
      if (bytes - paused > PAUSE_BYTES) {
        paused = bytes;
        await setImmediate();
      }
      const parts = message.value(body.value);
      const fitting = candidates.find((it) => fits(algorithm.value, key.value, parts, [it.value]));
      if (fitting) return unique([...fitting.findings, ...findings]);
    }
  }
  return null;
}

/** All ways to read the request in which at most `odd` things are not as they should be. */
function* combine({ keys, algorithms, messages, bodies }: Readings, odd: number) {
  const within = <T>(all: ReadonlyArray<Reading<T>>, left: number) =>
    all.filter(({ findings }) => findings.length <= left);
  for (const key of within(keys, odd)) {
    const afterKey = odd - key.findings.length;
    for (const algorithm of within(algorithms, afterKey)) {
      const afterAlgorithm = afterKey - algorithm.findings.length;
      for (const message of within(messages, afterAlgorithm)) {
        for (const body of within(bodies, afterAlgorithm - message.findings.length))
          yield { key, algorithm, message, body };
      }
    }
  }
}

const unique = (findings: readonly SignatureFinding[]) =>
  findings.filter((it, at) => findings.findIndex(({ code }) => code === it.code) === at);
