/**
 * A plain HTML form of a site, which sends to Slipway itself. A page cannot keep a secret, so nothing is signed: where the
 * form stands is checked (sources/forms), robots are told from people by what they fill in, and how fast.
 */
import type { FormSettings } from "../../config/form-settings.ts";
import { headerOf, type Payload } from "../../model/received.ts";
import type { Preset, Reading, Verified } from "../preset.ts";
import { answers, textOf } from "./note-fields.ts";

/** The hidden field with the moment at which the page was shown, in seconds or milliseconds since 1970. */
const SHOWN_AT = "_t";
/** Later than that the moment is no hint of anything: pages are kept open, and kept by caches. */
const MAX_AGE_MS = 24 * 3_600_000;

/** What was filled in, as pairs; empty for what is neither a form nor a flat object. */
export function filledIn({ form, json }: Payload): ReadonlyArray<readonly [string, unknown]> {
  if (form !== null) return [...form];
  return typeof json === "object" && json !== null && !Array.isArray(json) ? Object.entries(json) : [];
}

/** Why it was a robot that filled in the form; null where nothing says so. */
export function robotSign(
  payload: Payload,
  { honeypot, fastest }: Pick<FormSettings, "honeypot" | "fastest">,
  nowMs: number,
): "honeypot" | "too_fast" | null {
  const filled = new Map(filledIn(payload));
  if (textOf(filled.get(honeypot)) !== "") return "honeypot";
  const shown = textOf(filled.get(SHOWN_AT));
  if (!/^\d{9,13}$/.test(shown)) return null;
  const ageMs = nowMs - Number(shown) * (shown.length <= 11 ? 1000 : 1);
  // A clock may be wrong by a lot, and says nothing then.
  return ageMs >= 0 && ageMs < Math.min(fastest, MAX_AGE_MS) ? "too_fast" : null;
}

const USUAL = { honeypot: "website", fastest: 2000 } as const;

function read({ received, payload, receivedAtMs, settings }: Verified): Reading {
  const form = settings?.form ?? USUAL;
  const sign = robotSign(payload, form, receivedAtMs);
  if (sign !== null) return { ignored: `a robot filled in the form (${sign})` };
  const fields = answers(filledIn(payload).filter(([name]) => name !== form.honeypot));
  if (fields.length === 0) return { ignored: "nothing was filled in" };
  return {
    note: { title: "📝 A form was filled in", fields, url: pageOf(headerOf(received, "origin")), tone: "neutral" },
  };
}

/** The site that the form stands on; its origin was checked when it came. */
function pageOf(origin: string | null): string | null {
  return origin !== null && URL.canParse(origin) && /^https?:/.test(origin) ? new URL(origin).origin : null;
}

export const form: Preset = {
  kind: "form",
  label: "A form",
  purpose: "notes",
  docs: "https://html.spec.whatwg.org/multipage/form-control-infrastructure.html#form-submission-2",
  provenBy: "the encoders of fetch and FormData in Node",
  headers: ["origin"],
  keys: ["form"],
  secret: "none",
  events: [],
  definition: () => ({
    verify: [
      { none: "a page cannot keep a secret; the form's origin, a honeypot and limits for each address stand in" },
    ],
    id: "none",
    event: ["const:submission"],
    accept: {
      types: ["application/x-www-form-urlencoded", "multipart/form-data", "application/json"],
      maxBytes: "256KB",
      // No field of a form is JSON here.
      field: "",
    },
  }),
  read,
};
