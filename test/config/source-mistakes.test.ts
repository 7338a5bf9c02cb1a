/** The mistakes that people make in `sources` are named with their keys and with what to write. */
import { expect, it } from "vitest";
import { problemsOf } from "./problems-of.ts";

const SITE = 'sites: { shop: { repo: acme/shop, publish: "dir:/srv/shop" } }\n';
const KEPT = "routes: [{ store: true }]";
const custom = (verify: string, rest = "") =>
  `{ kind: custom, secret: env:A, ${KEPT}, verify: [${verify}]${rest === "" ? "" : `, ${rest}`} }`;
const hmac = (keys: string) => custom(`{ hmac: { header: x-signature, ${keys} } }`);
const token = (rest: string) => custom("{ token: { in: header:x-token } }", rest);

it.each([
  [
    "a misspelt kind",
    "{ kind: strippe, secret: env:A }",
    "kind: strippe is no sender that Slipway knows; did you mean stripe?",
  ],
  [
    "no secret",
    "{ kind: stripe }",
    "secret: is missing; write env:NAME or file:/path, with what Stripe signs or sends",
  ],
  ["a secret itself", "{ kind: stripe, secret: whsec_abc }", "secret: is not a reference to a secret"],
  [
    "a secret itself among several",
    "{ kind: stripe, secrets: [whsec_abc] }",
    "secrets.0: is not a reference to a secret",
  ],
  ["one with an end", "{ kind: stripe, secrets: [{ use: whsec_abc }] }", "secrets.0.use: is not a reference"],
  [
    "no such key of a secret",
    "{ kind: stripe, secrets: [{ use: env:A, til: 2027-01-31 }] }",
    "secrets.0.til: is not a key of Slipway's; did you mean until?",
  ],
  [
    "a site that is not there",
    "{ kind: sanity, secret: env:A, sites: [shp] }",
    "sites: names shp, but there is no such site; did you mean shop?",
  ],
  ["no site", "{ kind: sanity, secret: env:A, sites: [] }", "sites: is empty; name the sites"],
  [
    "a condition on nothing",
    "{ kind: stripe, secret: env:A, routes: [{ when: { is: { data.status: [paid] } }, notice: {} }] }",
    "routes.0.when.is.data.status: names no place in a request",
  ],
  [
    "a channel with a space",
    '{ kind: stripe, secret: env:A, channel: "#the sales" }',
    "channel: is no Slack channel; use its id",
  ],
  [
    "none without a reason",
    `{ kind: custom, ${KEPT}, verify: [{ none: "" }] }`,
    "verify.0.none: has to say why nothing is verified",
  ],
  ["no verification", `{ kind: custom, ${KEPT} }`, "verify: is missing"],
  [
    "an extractor that is none",
    custom("{ token: { in: headers:x } }"),
    "verify.0.token.in: names no place in a request; write header:NAME",
  ],
  [
    "a token that nobody sends",
    custom("{ token: { in: digest } }"),
    "verify.0.token.in: is nothing that a sender keeps secret",
  ],
  ["an id that is none", token("id: body.id"), "id: names no place in a request"],
  [
    "a misspelt key of an id",
    token("id: { from: json:/id, windw: 1h }"),
    "id.windw: is not a key of Slipway's; did you mean window?",
  ],
  [
    "a misspelt way to verify",
    custom("{ hmca: { header: x } }"),
    "verify.0.hmca: is not a key of Slipway's; did you mean hmac?",
  ],
  [
    "a misspelt key of a signature",
    hmac("encodng: hex"),
    "verify.0.hmac.encodng: is not a key of Slipway's; did you mean encoding?",
  ],
  ["no header", custom("{ hmac: { algorithm: sha256 } }"), "verify.0.hmac.header: is missing"],
  [
    "two ways in one entry",
    custom("{ token: { in: header:x }, ip: [10.0.0.0/8] }"),
    "verify.0.token: is one of hmac, token, contentful, sns, netlify, ip, none, of which only one can be here",
  ],
  ["a time from nowhere", hmac('message: "{ts}.{body}"'), "verify.0.hmac.timestamp: is missing"],
  ["an id from nowhere", hmac('message: "{id}.{body}"'), "verify.0.hmac.id: is missing"],
  [
    "a pair of a bare signature",
    hmac('message: "{ts}.{body}", timestamp: pair:t'),
    "verify.0.hmac.timestamp: is a pair of the signature, which goes with layout: pairs",
  ],
  ["pairs of which none is picked", hmac("layout: pairs"), "verify.0.hmac.pick: is missing"],
  ["a pick of a bare signature", hmac("pick: v1"), "verify.0.hmac.pick: is of no use"],
  [
    "a part of the message that there is not",
    hmac('message: "{time}.{body}"'),
    "verify.0.hmac.message: may hold {body}, {ts}",
  ],
  ["a reply that there is not", token("reply: jsn"), "reply: is none of json, empty, sns and"],
  [
    "a misspelt challenge",
    token("reply: { chalenge: json:/c }"),
    "reply.chalenge: is not a key of Slipway's; did you mean challenge?",
  ],
  [
    "a filter that there is not",
    '{ kind: stripe, secret: env:A, text: "{json:/amount|mony:EUR}" }',
    "text: has the filter mony:EUR, which there is not; there are money:CURRENCY",
  ],
  [
    "two actions of one route",
    "{ kind: stripe, secret: env:A, routes: [{ notice: {}, store: true }] }",
    "routes.0: has to name one of rebuild, deploy, alert, notice and store",
  ],
])("A source with %s is refused, with the key", (_what, source, problem) => {
  const found = problemsOf(`${SITE}sources: { a: ${source} }`);
  expect(
    found.some((it) => it.startsWith(`sources.a.${problem}`)),
    found.join("\n"),
  ).toBe(true);
  expect(found.join("\n")).not.toContain("whsec_abc");
  expect(found.join("\n")).not.toMatch(/: invalid input$/m);
});

it.each(["github", "slack"])("A source cannot be called %s, whose deliveries Slipway reads itself", (name) => {
  const [problem] = problemsOf(`sources: { ${name}: { kind: stripe, secret: env:A } }`);
  expect(problem).toBe(`sources.${name}: is the name of a source of Slipway's own; take another`);
});
