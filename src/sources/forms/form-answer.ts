/**
 * Forms that browsers send: whether what came is to be taken, and what whoever sent it sees then. The answers do not tell
 * a robot from a person, and nothing of what was filled in stands in them.
 */
import type { FormSettings } from "../../config/form-settings.ts";
import { headerOf, type Payload, type Received } from "../../model/received.ts";
import { filledIn, robotSign } from "../../presets/notes/form.ts";
import { formPage } from "./form-page.ts";
import type { FormRefusal } from "./form-refusal.ts";

export type FormVerdict =
  | { readonly kind: "accepted" }
  /** Answered like one that is accepted, recorded, and told nobody. */
  | { readonly kind: "robot"; readonly code: "honeypot" | "too_fast" }
  | { readonly kind: "refused"; readonly code: FormRefusal };

/** Whether a request is from a page that may send it, filled in by a person. `nowMs`: milliseconds since 1970. */
export function formVerdict(received: Received, payload: Payload, settings: FormSettings, nowMs: number): FormVerdict {
  const place = placeOf(received);
  if (place === null) return refused("no_origin");
  if (place === "null") return refused("null_origin");
  if (!settings.origins.includes(place)) return refused("foreign_origin");
  if (payload.form === null && payload.json === undefined) return refused("unreadable");
  if (filledIn(payload).length === 0) return refused("empty");
  const sign = robotSign(payload, settings, nowMs);
  return sign === null ? { kind: "accepted" } : { kind: "robot", code: sign };
}

const refused = (code: FormRefusal): FormVerdict => ({ kind: "refused", code });

/**
 * Where the page stands that made the request: its Origin, which browsers send with every POST (Fetch, section 3.2), or
 * its Referer's where a browser is older than that. A header that came twice says nothing.
 */
function placeOf({ headers }: Received): string | null {
  if (headers.origin !== undefined) {
    const origin = headerOf({ headers }, "origin");
    return origin === "null" ? "null" : originOf(origin);
  }
  return originOf(headerOf({ headers }, "referer"));
}

function originOf(url: string | null): string | null {
  if (url === null || !URL.canParse(url)) return null;
  const { origin, protocol } = new URL(url);
  return protocol === "https:" || protocol === "http:" ? origin : null;
}

export type FormAnswer = {
  readonly status: number;
  readonly type: "application/json" | "text/html; charset=utf-8";
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

const STATUS: Readonly<Record<FormRefusal, number>> = {
  ...{ no_origin: 403, null_origin: 403, foreign_origin: 403 },
  ...{ unreadable: 400, empty: 400, too_many: 429, unavailable: 503 },
};
const RETRY_AFTER_S: Partial<Record<FormRefusal, number>> = { too_many: 60, unavailable: 30 };

/** What whoever sent the form sees: a page, the one that the settings name, or JSON where a script sent it. */
export function formAnswer(verdict: FormVerdict, received: Received, settings: FormSettings): FormAnswer {
  const place = placeOf(received);
  const isOurs = place !== null && settings.origins.includes(place);
  const code = verdict.kind === "refused" ? verdict.code : null;
  const status = code === null ? 200 : STATUS[code];
  const wait = code === null ? undefined : RETRY_AFTER_S[code];
  const headers = {
    ...(isOurs && { "access-control-allow-origin": place }),
    // Caches must not give one site's answer to another.
    vary: "origin, accept",
    ...(wait !== undefined && { "retry-after": String(wait) }),
  };
  if (wantsJson(received)) {
    const body = JSON.stringify(code === null ? { status: "ok" } : { error: code });
    return { status, type: "application/json", headers, body };
  }
  if (code === null && settings.thanks !== undefined)
    return {
      status: 303,
      type: "text/html; charset=utf-8",
      headers: { ...headers, location: settings.thanks },
      body: "",
    };
  const page = formPage(code, isOurs ? place : null);
  return { status, type: "text/html; charset=utf-8", headers: { ...headers, ...page.headers }, body: page.body };
}

/** Scripts that use fetch say what they want, or at least do not say that they want a page. */
function wantsJson(received: Received): boolean {
  const accept = (headerOf(received, "accept") ?? "").toLowerCase();
  if (accept.includes("text/html")) return false;
  if (accept.includes("application/json")) return true;
  return headerOf(received, "content-type")?.toLowerCase().startsWith("application/json") ?? false;
}

/**
 * The answer to OPTIONS, with which browsers ask before a script sends JSON (Fetch, section 3.2.2). A page that may not
 * send gets none of the headers, and its browser refuses.
 */
export function formPreflight(
  received: Pick<Received, "headers">,
  { origins }: Pick<FormSettings, "origins">,
): FormAnswer {
  const origin = headerOf(received, "origin");
  const isOurs = origin !== null && origins.includes(origin);
  return {
    status: 204,
    type: "application/json",
    headers: {
      vary: "origin",
      ...(isOurs && {
        "access-control-allow-origin": origin,
        "access-control-allow-methods": "POST",
        "access-control-allow-headers": "content-type, accept",
        "access-control-max-age": "600",
      }),
    },
    body: "",
  };
}
