/**
 * How a sender of webhooks is verified, how it names its deliveries and what it may send: the keys of a source in
 * slipway.yaml with `kind: custom`. A preset (src/presets) is nothing but these keys, written down for one sender.
 */
import { z } from "zod";
import { isRange } from "../model/address.ts";
import { duration, extractor, size } from "./setting-types.ts";

const headerName = z
  .string()
  .regex(/^[\w-]+$/, "is no name of a header")
  .toLowerCase();

/** What may stand in the template of what is signed; all else in it is signed as it stands. */
export const MESSAGE_PARTS = ["{body}", "{ts}", "{id}", "{form.payload}"] as const;

const hmac = z
  .strictObject({
    header: headerName.describe("The header with the signature."),
    layout: z
      .enum(["raw", "pairs", "list"])
      .default("raw")
      .describe(
        "raw: the signature alone, after `prefix`. pairs: `t=1,v1=abc,v1=def`. list: `v1,abc v1,def`. Default raw.",
      ),
    prefix: z.string().default("").describe("raw: what stands before the signature: `sha256=`."),
    pick: z.string().min(1).optional().describe("pairs, list: which of them are signatures: `v1`."),
    algorithm: z
      .enum(["sha256", "sha512", "sha1", "ed25519"])
      .default("sha256")
      .describe("Never chosen by the request. sha1 only where the sender has nothing better. Default sha256."),
    encoding: z.enum(["hex", "base64", "base64url"]).default("hex").describe("Of the signature. Default hex."),
    message: z
      .string()
      .default("{body}")
      .refine(
        (text) => text.includes("{body}") || text.includes("{form.payload}"),
        "signs neither {body} nor {form.payload}",
      )
      .refine(
        (text) => (text.match(/\{[^}]*\}/g) ?? []).every((part) => MESSAGE_PARTS.some((it) => it === part)),
        `may hold ${MESSAGE_PARTS.join(", ")} and plain text`,
      )
      .describe("What is signed: `{ts}.{body}`. Default `{body}`."),
    id: headerName.optional().describe("The header that `{id}` in `message` stands for."),
    timestamp: z
      .string()
      .regex(/^(header:[\w-]+|pair:\w+)$/, "is neither header:NAME nor, with layout pairs, pair:NAME")
      .optional()
      .describe("Where the time stands that `{ts}` stands for: `header:x-timestamp`, or `pair:t` of the signature."),
    unit: z.enum(["s", "ms"]).default("s").describe("Of the timestamp. Default s."),
    tolerance: duration
      .default(300_000)
      .describe("How far the sender's clock may be from ours, both ways; with a `timestamp`. Default 5m."),
    key: z
      .enum(["utf8", "base64", "hex", "whsec"])
      .default("utf8")
      .describe("How the secret becomes the key. whsec: base64, after `whsec_` if that is there. Default utf8."),
    optionalTimestamp: z
      .boolean()
      .default(false)
      .describe("Accept `{body}` alone, too, where the header of the timestamp is missing."),
  })
  .superRefine((hmac, context) => {
    for (const [key, message] of contradictions(hmac)) context.addIssue({ code: "custom", path: [key], message });
  })
  .describe("A signature: an HMAC (RFC 2104) or Ed25519 over the raw bytes.");

type HmacKeys = Readonly<Record<"layout" | "prefix" | "message", string>> & {
  readonly [key in "pick" | "id" | "timestamp"]?: string | undefined;
};

/** What nothing could ever fit is an error now, not a riddle at the first delivery. */
function contradictions({ layout, prefix, pick, message, id, timestamp }: HmacKeys): Array<[string, string]> {
  const found: ReadonlyArray<readonly [boolean, string, string]> = [
    [layout !== "raw" && !pick, "pick", `is missing; with layout ${layout} it names the signatures: v1`],
    [layout === "raw" && pick !== undefined, "pick", "is of no use without layout: pairs or layout: list"],
    [layout !== "raw" && prefix !== "", "prefix", `is of no use with layout: ${layout}`],
    [
      message.includes("{ts}") && !timestamp,
      "timestamp",
      "is missing; it says where the {ts} of `message` stands: header:x-timestamp",
    ],
    [message.includes("{id}") && !id, "id", "is missing; it names the header of the {id} in `message`"],
    [
      timestamp?.startsWith("pair:") === true && layout !== "pairs",
      "timestamp",
      "is a pair of the signature, which goes with layout: pairs",
    ],
  ];
  return found.filter(([isWrong]) => isWrong).map(([, key, text]) => [key, text]);
}

const token = z
  .strictObject({
    in: extractor
      .refine(({ from }) => from !== "const" && from !== "digest", "is nothing that a sender keeps secret")
      .describe("Where it stands: header:authorization, json:/secret, path …"),
    scheme: z
      .enum(["bearer", "basic"])
      .optional()
      .describe("Of the header Authorization. basic: the secret is `user:password`."),
  })
  .describe("A shared secret that is sent as it is.");

/** Whom an allow-list lets in. */
export const allowedAddress = z
  .string()
  .refine(
    (it) => it === "github" || isRange(it),
    "is no range of addresses; write 192.0.2.0/24, one address, github or unix",
  );

/** One thing that must hold of a request; all that are listed must. */
const verification = z.union(
  [
    z.strictObject({ hmac }),
    z.strictObject({ token }),
    z.strictObject({ contentful: z.strictObject({ tolerance: duration.default(30_000) }) }),
    z.strictObject({ sns: z.strictObject({ topics: z.array(z.string().startsWith("arn:")).min(1) }) }),
    z.strictObject({ netlify: z.strictObject({}) }),
    z.strictObject({ ip: z.array(allowedAddress).min(1) }),
    z.strictObject({
      none: z
        .string()
        .min(10, "has to say why nothing is verified, in a sentence")
        .describe("Nothing is checked, and why."),
    }),
  ],
  {
    error:
      "is no way to verify; write { hmac: … }, { token: … }, { contentful: {} }, { sns: … }, { netlify: {} }, { ip: […] } or { none: why }",
  },
);

/** A way to tell one delivery from another. */
const identity = z.union(
  [
    z.enum(["none", "digest"]).transform((from) => ({ from, bodyMayChange: false, window: 3_600_000 })),
    extractor.transform((from) => ({ from, bodyMayChange: false, window: 3_600_000 })),
    z.strictObject({
      from: z.union([z.enum(["none", "digest"]), extractor]),
      bodyMayChange: z.boolean().default(false).describe("Whether a retry may come with other bytes. Default false."),
      window: duration
        .default(3_600_000)
        .describe("digest: for how long the same bytes are the same delivery. Default 1h."),
    }),
  ],
  {
    error: "names no place in a request; write none, digest, header:NAME, json:/path/to/field, or { from: … }",
  },
);

/** The keys of a definition. */
export const definitionShape = {
  verify: z.array(verification).min(1, "is empty; a source that verifies nothing says so: [{ none: why }]"),
  id: identity.describe(
    "What names a delivery: an extractor, digest (the bytes themselves) or none. Default none: all are new.",
  ),
  event: z
    .array(extractor)
    .describe("What the sender calls the event, its parts joined by a dot: [header:x-topic, json:/action]."),
  accept: z
    .strictObject({
      types: z
        .array(z.string())
        .default(["application/json", "application/*+json"])
        .describe("Media types. Default JSON. An empty list: any."),
      maxBytes: size.default(1024 ** 2).describe("The largest body. Default 1MB."),
      methods: z
        .array(z.enum(["POST", "GET", "PUT"]))
        .default(["POST"])
        .describe("Default POST."),
      field: z
        .string()
        .default("payload")
        .describe("The field of a form that holds the JSON, if there is one. Default payload."),
    })
    .describe("What may be sent."),
  reply: z
    .union(
      [
        z.enum(["json", "empty", "sns"]),
        z.strictObject({ challenge: extractor.describe("Its value is sent back, once the request is verified.") }),
      ],
      { error: "is none of json, empty, sns and { challenge: json:/field }" },
    )
    .describe("How a delivery is answered. Default json: 200 and a small JSON."),
} as const;

/** A definition as it is written, and as it is used. */
export const sourceDefinition = z.strictObject({
  verify: definitionShape.verify,
  id: definitionShape.id.default({ from: "none", bodyMayChange: false, window: 3_600_000 }),
  event: definitionShape.event.default([]),
  accept: definitionShape.accept.prefault({}),
  reply: definitionShape.reply.default("json"),
});
export type DefinitionInput = z.input<typeof sourceDefinition>;
export type SourceDefinition = z.output<typeof sourceDefinition>;
export type Verification = SourceDefinition["verify"][number];
export type HmacVerification = Extract<Verification, { hmac: unknown }>["hmac"];
export type TokenVerification = Extract<Verification, { token: unknown }>["token"];
