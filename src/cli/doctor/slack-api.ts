/** Slack's Web API as the doctor asks it: methods that only look, each once, and no error is thrown. */
import { z } from "zod";
import type { Secret } from "../../secrets/secret.ts";
import { reach } from "./reach.ts";

export type SlackAnswer =
  | { readonly kind: "ok"; readonly json: unknown; readonly headers: Headers }
  /** `error` is Slack's code; `needed` the scope that is missing, where Slack says so. */
  | { readonly kind: "refused"; readonly error: string; readonly needed: string | null; readonly headers: Headers }
  /** Nobody knows: no answer came, or one that is not Slack's. `says` continues "Slack …". */
  | { readonly kind: "unknown"; readonly says: string };

/** Asks with one token. Fields travel as a form, which every method takes. */
export type SlackApi = (method: string, fields?: Readonly<Record<string, string>>) => Promise<SlackAnswer>;

/** So many may be asked side by side that no limit of Slack's (some 20 a minute for the strictest method, in bursts) is reached at once. */
export const ASKED_AT_ONCE = 8;

const answerSchema = z.looseObject({ ok: z.boolean(), error: z.string().nullish(), needed: z.string().nullish() });

/** `apiUrl` ends in "/". */
export function createSlackApi(apiUrl: string, token: Secret): SlackApi {
  return async (method, fields = {}) => {
    const headers = { authorization: `Bearer ${token.reveal()}` };
    const answer = await reach(`${apiUrl}${method}`, { method: "POST", headers, body: new URLSearchParams(fields) });
    if (typeof answer === "string") return { kind: "unknown", says: `cannot be asked: ${answer}` };
    if (answer.status !== 200) return { kind: "unknown", says: `answers ${answer.status} to ${method}` };
    const json = parseJson(answer.text);
    const read = answerSchema.safeParse(json);
    if (!read.success)
      return { kind: "unknown", says: `answers ${method} with something that is no answer of Slack's` };
    if (read.data.ok) return { kind: "ok", json, headers: answer.headers };
    const { error, needed } = read.data;
    return {
      kind: "refused",
      error: shown(error ?? ""),
      needed: needed ? shown(needed) : null,
      headers: answer.headers,
    };
  };
}

/** Codes and scopes; anything else would be a proxy's. */
function shown(word: string): string {
  return /^[\w:.,-]{1,100}$/.test(word) ? word : "no reason given";
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
