/** References to secrets as they stand in slipway.yaml, `env:NAME` and `file:PATH`, and how they are resolved. */
import { readFileSync } from "node:fs";
import { OperatorError } from "../errors.ts";
import { type Secret, secret } from "./secret.ts";

export type SecretReference = { readonly kind: "env" | "file"; readonly name: string };

/** Reads `env:NAME` or `file:PATH`; undefined for anything else, most of all a literal secret. */
export function parseSecretReference(text: string): SecretReference | undefined {
  const match = /^(env|file):(.+)$/s.exec(text);
  if (match?.[1] === "env" && match[2] && /^[A-Za-z_][A-Za-z0-9_]*$/.test(match[2]))
    return { kind: "env", name: match[2] };
  if (match?.[1] === "file" && match[2]) return { kind: "file", name: match[2] };
  return undefined;
}

/**
 * The value a reference points at. A file is read anew each time, so a changed secret needs no restart, and one
 * trailing line break is dropped. `key` is the configuration key to name when the value is missing.
 *
 * Throws OperatorError when the variable or file is missing, unreadable or empty.
 */
export function resolveSecret(reference: SecretReference, key: string, env: NodeJS.ProcessEnv): Secret {
  const value = reference.kind === "env" ? env[reference.name] : readSecretFile(reference.name, key);
  if (value === undefined || value === "") {
    const place =
      reference.kind === "env" ? `the environment variable ${reference.name}` : `the file ${reference.name}`;
    throw new OperatorError(key, `${place} is empty or missing; set it, or point ${key} elsewhere`);
  }
  return secret(value);
}

function readSecretFile(path: string, key: string): string {
  try {
    return readFileSync(path, "utf8").replace(/\r?\n$/, "");
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? "unreadable";
    throw new OperatorError(key, `the file ${path} cannot be read (${code})`, { cause });
  }
}
