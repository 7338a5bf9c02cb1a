/** Sources in slipway.yaml: what is filled in by presets, and what is refused with advice. */
import { describe, expect, it } from "vitest";
import { parseConfig } from "../../src/config/load-config.ts";
import { hasUnsignedId, resolveSources } from "../../src/presets/resolve-source.ts";
import { problemsOf } from "../config/problems-of.ts";

const yaml = (source: string) => `
channel: C0OPS
sites: { shop: { repo: a/shop, publish: "dir:/srv" } }
sources: { it: { ${source} } }`;
const resolved = (source: string) => {
  const [found] = resolveSources(parseConfig(yaml(source), "the tests").sources);
  if (!found) throw new Error("no source");
  return found;
};
const HMAC = "verify: [{ hmac: { header: x-signature } }], secret: env:S";

describe("a source", () => {
  it.each([
    ["kind: stripe, secret: env:S", "notice"],
    ["kind: sanity, secret: env:S, sites: [shop]", "rebuild"],
    ["kind: alertmanager, secret: env:S", "alert"],
    ["kind: gitlab, secret: env:S", "deploy"],
    ['kind: form, form: { origins: ["https://shop.example.com"] }', "notice"],
  ])("with %s does what its preset is for", (source, action) => {
    expect(resolved(source).routes.map((route) => Object.keys(route).filter((it) => it !== "when"))).toEqual([
      [action],
    ]);
  });

  it("of one's own is verified and routed as it says", () => {
    const source = resolved(`kind: custom, ${HMAC}, id: "header:x-id", routes: [{ store: true }]`);
    expect(source).toMatchObject({ label: "it", preset: null, purpose: "any" });
    expect(source.definition).toMatchObject({ reply: "json", event: [], accept: { maxBytes: 1024 ** 2 } });
  });

  it.each([
    ["kind: strip, secret: env:S", "kind: strip is no sender that Slipway knows; did you mean stripe?"],
    ["kind: stripe", /^secret: is missing; write env:NAME or file:\/path, with what Stripe signs/],
    ["kind: stripe, secret: sk_live_123", /^secret: is /],
    ["kind: stripe, secret: env:S, secrets: [env:T]", "secret: is of no use beside secrets"],
    ["kind: stripe, secret: env:S, sites: [shop]", /^sites: does not go with kind: stripe; what goes is .*channel/],
    ["kind: sanity, secret: env:S", "sites: is missing; name the sites that show its content: [shop]"],
    ["kind: sanity, secret: env:S, sites: [shp]", "sites: names shp, but there is no such site; did you mean shop?"],
    ["kind: custom", "verify: is missing; a custom source says how it is verified"],
    ["kind: custom, verify: []", /^verify: is empty/],
    ["kind: custom, verify: [{ none: why }], routes: [{ store: true }]", /^verify/],
    [
      "kind: custom, verify: [{ hmac: { header: x, layut: raw } }]",
      "verify.0.hmac.layut: is not a key of Slipway's; did you mean layout?",
    ],
    ["kind: custom, verify: [{ hmc: {} }]", /^verify\.0\.hmc: is not a key of Slipway's; did you mean hmac/],
    [`kind: custom, ${HMAC}, id: "foo:bar"`, /^id: names no place in a request; write none, digest/],
    ["kind: stripe, secrets: [{ use: env:A, until: soon }]", "secrets.0.until: is no date; write 2027-01-31"],
    [`kind: custom, ${HMAC}`, /^routes: is missing; say what a delivery does/],
    [`kind: custom, ${HMAC}, routes: [{}]`, /^routes\.0: has to name one of rebuild, deploy/],
    [`kind: custom, ${HMAC}, routes: [{ deploy: {} }]`, /^routes\.0\.deploy\.sites: is missing/],
    [`kind: custom, ${HMAC}, routes: [{ notice: {} }]`, /^routes\.0\.notice\.text: is missing/],
    ["kind: form", /^form: is missing; write the pages that may send it/],
    ["kind: sns", /^topics: is missing/],
    ["kind: sns, topics: [here]", /^topics: /],
  ])("with %s is refused with advice", (source, expected) => {
    const problems = problemsOf(yaml(source)).map((it) => it.replace(/^sources\.it\.?/, ""));
    expect(problems).toEqual([typeof expected === "string" ? expected : expect.stringMatching(expected)]);
  });

  it("of alerts without a preset says where fingerprint, state and title stand", () => {
    const problems = problemsOf(yaml(`kind: custom, ${HMAC}, routes: [{ alert: {} }]`));
    const missing = (key: string) =>
      `sources.it.routes.0.alert.${key}: is missing; say where it stands in the payload, as json:/field`;
    expect(problems).toEqual(["fingerprint", "state", "title"].map(missing));
  });
});

describe("an id", () => {
  it.each([
    ["kind: gitea, secret: env:S", true],
    ["kind: stripe, secret: env:S", false],
    ["kind: standard-webhooks, secret: env:S, sites: [shop]", false],
    ["kind: prismic, secret: env:S, sites: [shop]", false],
    [`kind: custom, ${HMAC}, id: "join(json:/a, query:b)", routes: [{ store: true }]`, true],
  ])("with %s is unsigned: %s", (source, expected) => {
    expect(hasUnsignedId(resolved(source).definition)).toBe(expected);
  });
});
