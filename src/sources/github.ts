/** GitHub as a source: https://docs.github.com/webhooks/webhook-events-and-payloads#delivery-headers */
import { createSecretKey } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { SenderError } from "../errors.ts";
import type { Secret } from "../secrets/secret.ts";
import { signerOf } from "./hmac.ts";
import { constantAnswer, type Head, type Source } from "./source.ts";

/** GitHub sends nothing above 25 MB (https://docs.github.com/webhooks, "payload cap"). */
const MAX_BYTES = 25 * 1024 * 1024;
/** GUIDs and numbers; anything else would only make trouble in logs and tables. */
const NAME = /^[\w-]{1,100}$/;

/** Where its secrets stand, as they are shown to say which one is in use. */
const SECRETS = ["env:WEBHOOK_SECRET", "env:WEBHOOK_SECRET_PREVIOUS"];

/** Deliveries signed with any of `secrets` (the present one and, while rotating, the previous one). */
export function createGithubSource(secrets: readonly Secret[]) {
  const keys = secrets.map((secret) => createSecretKey(secret.reveal(), "utf8"));
  return {
    name: "github",
    path: "/api/github/webhooks",
    maxBytes: MAX_BYTES,
    answer: constantAnswer('{"ok":true}'),
    readHeaders({ headers }: Pick<Head, "headers">) {
      const type = headers["content-type"] ?? "";
      if (type !== "application/json" && !/^application\/json\s*(;|$)/i.test(type)) {
        throw new SenderError(415, "content type must be application/json");
      }
      const guid = named(headers, "x-github-delivery");
      const event = named(headers, "x-github-event");
      // GitHub's GUID names the event and is shared by all hooks that report it, so the hook is part of the key.
      const hook = headers["x-github-hook-id"] === undefined ? "0" : named(headers, "x-github-hook-id");
      return { key: `${hook}/${guid}`, event };
    },
    couldBeVerified: ({ headers }: Pick<Head, "headers">) =>
      /^sha256=[0-9a-f]{64}$/i.test(String(headers["x-hub-signature-256"])),
    verify({ headers }: Pick<Head, "headers">, body: Buffer) {
      const signature = headers["x-hub-signature-256"];
      const signed = typeof signature === "string" && signature.startsWith("sha256=") ? signature.slice(7) : "";
      const fits = signerOf(keys, body, signed);
      if (fits === null) throw new SenderError(401, "unauthorized");
      return { matched: SECRETS[fits] ?? null, skewMs: null };
    },
  } satisfies Source;
}

function named(headers: IncomingHttpHeaders, name: string): string {
  const value = headers[name];
  if (typeof value !== "string" || !NAME.test(value))
    throw new SenderError(400, "a required header is missing or malformed");
  return value;
}
