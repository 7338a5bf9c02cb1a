import fc from "fast-check";
import { expect, it } from "vitest";
import { type EndingSecret, endWarnings } from "../../src/secrets/secret-ends.ts";

const DAY_MS = 86_400_000;
const NOW = 100 * DAY_MS;
const aSecret = (part: Partial<EndingSecret>): EndingSecret => ({
  ...{ source: "shop", name: "env:OLD", untilMs: NOW + 5 * DAY_MS, lastAtMs: NOW - 1000, ...part },
});
const lasting = aSecret({ name: "env:NEW", untilMs: null });
const said = (...secrets: EndingSecret[]) => endWarnings(secrets, NOW).map(({ message }) => message);

it("warns for seven days before a secret ends that is in use", () => {
  expect(said(lasting, aSecret({}))).toEqual([
    "the secret env:OLD of the source shop ends in 5 days, and deliveries are still signed with it; give the sender the new one",
  ]);
  expect(said(lasting, aSecret({ untilMs: NOW + 1 }))).toEqual([expect.stringContaining("ends within a day")]);
  expect(said(lasting, aSecret({ untilMs: NOW + 7 * DAY_MS }))).toHaveLength(1);
});

it("says nothing of one that ends later, or that nobody uses any more, or that has ended beside another", () => {
  const quiet = [
    ...[{ untilMs: NOW + 7 * DAY_MS + 1 }, { untilMs: null }, { lastAtMs: null }],
    ...[{ lastAtMs: NOW - 8 * DAY_MS }, { untilMs: NOW }, { untilMs: NOW - DAY_MS }],
  ];
  for (const part of quiet) expect(said(lasting, aSecret(part))).toEqual([]);
});

it("says of a source whose secrets have all ended that it takes nothing", () => {
  const [warning, ...more] = endWarnings(
    [aSecret({ untilMs: NOW }), aSecret({ name: "env:B", untilMs: NOW - 1 })],
    NOW,
  );
  expect(warning).toMatchObject({ isError: true, source: "shop" });
  expect(warning?.message).toBe(
    "every secret of the source shop has ended (env:OLD, env:B), so all its deliveries are refused; set sources.shop.secrets",
  );
  expect(more).toEqual([]);
});

it("says at most one thing of a secret, and each under a name of its own", () => {
  const any = fc.record({
    source: fc.constantFrom("a", "b"),
    name: fc.constantFrom("env:A", "env:B", "env:C"),
    untilMs: fc.option(fc.integer({ min: NOW - 9 * DAY_MS, max: NOW + 9 * DAY_MS })),
    lastAtMs: fc.option(fc.integer({ min: NOW - 9 * DAY_MS, max: NOW })),
  });
  const list = fc.uniqueArray(any, { selector: ({ source, name }) => source + name });
  fc.assert(
    fc.property(list, (secrets) => {
      const ids = endWarnings(secrets, NOW).map(({ id }) => id);
      expect(new Set(ids).size).toBe(ids.length);
      expect(ids.length).toBeLessThanOrEqual(secrets.length);
    }),
  );
});
