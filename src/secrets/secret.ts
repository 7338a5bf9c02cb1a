/** A secret value: a type that prints as [secret] wherever it is shown, logged or turned into JSON. */
import { inspect } from "node:util";

export type Secret = {
  /** The value itself. Ask for it at the last moment, where it is used. */
  reveal(): string;
};

/** Wraps a value so that it cannot be printed by accident. */
export function secret(value: string): Secret {
  const redacted = () => "[secret]";
  return Object.freeze({
    reveal: () => value,
    toString: redacted,
    toJSON: redacted,
    [inspect.custom]: redacted,
  });
}
