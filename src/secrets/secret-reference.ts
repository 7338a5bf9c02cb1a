/** References to secrets as they stand in slipway.yaml: `env:NAME`, `file:PATH`, `vault:MOUNT/PATH#FIELD`, `exec:PROGRAM …`. */
import { hash } from "node:crypto";
import { OperatorError } from "../errors.ts";
import { splitWords } from "./exec-words.ts";
import { expandPath, readSecretFileNow } from "./read-secret-file.ts";
import { type Secret, secret } from "./secret.ts";

/** `name` is everything after the first colon. */
export type SecretReference =
  | { readonly kind: "env" | "file"; readonly name: string }
  | {
      readonly kind: "vault";
      readonly name: string;
      /** Where the KV engine is mounted, and the path and the field of the secret in it. */
      readonly mount: string;
      readonly path: string;
      readonly field: string;
    }
  | { readonly kind: "exec"; readonly name: string; readonly words: readonly [string, ...string[]] };

export type VaultReference = Extract<SecretReference, { kind: "vault" }>;
export type ExecReference = Extract<SecretReference, { kind: "exec" }>;

/** Resolves a reference; `key` is the setting to name in errors. Throws OperatorError, or RetryLaterError where Vault is away. */
export type ResolveSecret = (reference: SecretReference, key: string) => Promise<Secret>;

/** How references are written, for messages of errors. */
const REFERENCE_FORMS = "env:NAME, file:/path, vault:mount/path#field or exec:program arguments";

const LITERAL = `is not a reference to a secret; secrets never stand in this file: keep the value elsewhere and write ${REFERENCE_FORMS} here`;

/** Reads a reference; undefined for anything else, most of all a literal secret. */
export function parseSecretReference(text: string): SecretReference | undefined {
  const read = readSecretReference(text);
  return typeof read === "string" ? undefined : read;
}

/** Reads a reference, or says what is wrong with it, after the name of a key. Never quotes it: it may be a secret. */
export function readSecretReference(text: string): SecretReference | string {
  const [, kind, name = ""] = /^(env|file|vault|exec):(.*)$/s.exec(text) ?? [];
  switch (kind) {
    case "env":
      if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return "names no environment variable after env:";
      return { kind, name };
    case "file":
      return name === "" || name.includes("\0") ? "names no file after file:" : { kind, name };
    case "vault":
      return readVault(name);
    case "exec":
      return readExec(name);
    default:
      return LITERAL;
  }
}

const VAULT_FORM = "write vault:mount/path#field";

function readVault(name: string): SecretReference | string {
  const [place = "", field = "", ...more] = name.split("#");
  if (field === "" || more.length > 0) return `names no field of a secret in Vault; ${VAULT_FORM}`;
  const [first = "", ...rest] = place.split("/");
  // A mount with a slash in its name is written with %2F.
  const mount = first.replaceAll(/%2f/gi, "/");
  if (first === "" || rest.length === 0) return `names no mount and path in Vault; ${VAULT_FORM}`;
  if (![...mount.split("/"), ...rest].every(isSegment)) return `holds no path of Vault's; ${VAULT_FORM}`;
  if (hasControl(field)) return `names no field of a secret in Vault; ${VAULT_FORM}`;
  return { kind: "vault", name, mount, path: rest.join("/"), field };
}

/** Vault's parameters of paths do not end in periods: https://openbao.org/api-docs/#parameter-restrictions */
const isSegment = (segment: string) =>
  segment !== "" && !segment.endsWith(".") && !/[?\\]/.test(segment) && !hasControl(segment);
const hasControl = (text: string) => /\p{Cc}/u.test(text) || !text.isWellFormed();

function readExec(name: string): SecretReference | string {
  if (name.includes("\0")) return "holds a character that no program takes";
  const words = splitWords(name);
  if (typeof words === "string") return `${words}; write exec:program and its arguments`;
  const [program] = words;
  if (program.includes("/") && !program.startsWith("/")) {
    return "names its program by a relative path; write a name that is looked up in PATH, or the whole path";
  }
  return { kind: "exec", name, words };
}

/** As it is written in slipway.yaml. */
export const printSecretReference = ({ kind, name }: SecretReference): string => `${kind}:${name}`;

/**
 * What people are shown of it. Of `exec:` the program alone, since nobody can know what its arguments say, with a mark
 * that tells two of them apart.
 */
export function secretName(reference: SecretReference): string {
  if (reference.kind !== "exec") return printSecretReference(reference);
  return `exec:${reference.words[0]} (${hash("sha256", reference.name, "hex").slice(0, 6)})`;
}

/**
 * The value that `env:` or `file:` points at. A file is read anew each time, so a changed secret needs no restart, and
 * one trailing line break is dropped. `key` is the configuration key to name when the value is missing.
 *
 * Throws OperatorError when the variable or file is missing, unreadable or empty, and for `vault:` and `exec:`, which
 * take time: the keeper of secrets resolves those.
 */
export function resolveSecret(reference: SecretReference, key: string, env: NodeJS.ProcessEnv): Secret {
  if (reference.kind === "env") return secret(readVariable(reference.name, key, env));
  if (reference.kind === "file") return secret(readSecretFileNow(expandPath(reference.name, key, env), key));
  throw new OperatorError(key, `cannot be ${reference.kind}: here; write env:NAME or file:/path`);
}

/** Throws OperatorError. */
function readVariable(name: string, key: string, env: NodeJS.ProcessEnv): string {
  const value = env[name];
  if (value === undefined || value === "") {
    const message = `the environment variable ${name} is empty or missing; set it, or point ${key} elsewhere`;
    throw new OperatorError(key, message);
  }
  // Taken as it stands, it would be a secret that everybody can guess who knows slipway.yaml.
  if (isReferenceElsewhere(value)) {
    throw new OperatorError(key, `the environment variable ${name} holds a reference itself; write that one here`);
  }
  return value;
}

/** Whether a text is meant to be a reference: of a form that no secret has by chance. */
function isReferenceElsewhere(text: string): boolean {
  const reference = parseSecretReference(text);
  if (reference === undefined || reference.kind === "env") return false;
  return reference.kind !== "file" || /^[/$]/.test(reference.name);
}
