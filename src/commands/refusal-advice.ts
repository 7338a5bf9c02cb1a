/** What to do when requests of a source are refused, by what they were answered. */

const ADVICE: Readonly<Record<number, string>> = {
  400: "The request lacks what names a delivery, or was cut off: compare `id` of the source with what the sender sends.",
  401: "The signature, the token or the time did not fit. Compare the secret on both sides, and check that no proxy changes the body.",
  403: "The address is not in `allow` of the source. Behind a proxy, name the proxy in `trustedProxies`: else all seem to come from it.",
  404: "The name in the address is none under `sources`, or what stands after it does not fit.",
  405: "The sender uses another method than `accept.methods` allows.",
  408: "The body came too slowly, or not at all: look at the network between the sender and here.",
  413: "The body is larger than `accept.maxBytes`.",
  415: "The content type is none of `accept.types`.",
  429: "So many requests from there failed that those without a signature are no longer looked at; that ends a minute after the last one. What is verified is never refused so.",
  503: "There was no room or the store could not be written: the sender was asked to come again. The log says which.",
};

/** Forms prove nothing, so other things are wrong with them. */
const FORM_ADVICE: Readonly<Record<number, string>> = {
  400: "Nothing was filled in, or it could not be read.",
  403: "The page that sent the form is none of `form.origins`, or does not say which it is; or its visitor is not in `allow`.",
  429: "Too many forms came from one address: `limits.formsPerMinute` and `formsPerHour`. Behind a proxy, name the proxy in `trustedProxies`: else all seem to come from it.",
};

/** A sentence for each status that was answered, the most frequent first. */
export function adviceFor(counts: Readonly<Record<string, number>>, { isForm }: { isForm: boolean }): string[] {
  return Object.entries(counts)
    .sort(([, one], [, other]) => other - one)
    .flatMap(([status]) => (isForm ? FORM_ADVICE[Number(status)] : undefined) ?? ADVICE[Number(status)] ?? []);
}
