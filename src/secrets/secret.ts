/** A secret value: a type that prints as [secret] wherever it is shown, logged or turned into JSON. */
import { inspect } from "node:util";

export type Secret = {
  /** The value itself. Ask for it at the last moment, where it is used. */
  reveal(): string;
};

const SHOWN = "[secret]";
const redacted = () => SHOWN;
/** As text it is [secret], as a number none. */
const asPrimitive = (hint: string) => (hint === "number" ? Number.NaN : SHOWN);

/**
 * Wraps a value so that it cannot be printed by accident. The value lives in a closure: nothing that walks the
 * properties of an object finds it, and structuredClone, postMessage and v8.serialize refuse functions.
 */
export function secret(value: string): Secret {
  return Object.freeze({
    reveal: () => value,
    toString: redacted,
    toJSON: redacted,
    toLocaleString: redacted,
    [Symbol.toPrimitive]: asPrimitive,
    [inspect.custom]: redacted,
    get [Symbol.toStringTag]() {
      return SHOWN;
    },
  });
}
