import { expect, it } from "vitest";
import { parseConfig } from "../../src/config/load-config.ts";

it("The guards have defaults that need no words, and trust no proxy", () => {
  const { trustedProxies, limits } = parseConfig("sites: {}", "the tests");
  expect({ trustedProxies, limits }).toEqual({
    trustedProxies: [],
    limits: { refused: 60, refusedInAll: 600, formsPerMinute: 5, formsPerHour: 60, buffered: 64 * 1024 ** 2 },
  });
});

it("Proxies are ranges, addresses or a socket, and a buffer holds what the largest sender sends", () => {
  const text = 'trustedProxies: [10.0.0.0/8, "::1", unix]\nlimits: { buffered: 128MB, refused: 10 }';
  expect(parseConfig(text, "the tests")).toMatchObject({
    trustedProxies: ["10.0.0.0/8", "::1", "unix"],
    limits: { refused: 10, buffered: 128 * 1024 ** 2 },
  });
  expect(() => parseConfig("trustedProxies: [10.0.0/8]", "the tests")).toThrow(
    /trustedProxies.0.*is no range of addresses/,
  );
  expect(() => parseConfig("limits: { buffered: 1MB }", "the tests")).toThrow(/limits.buffered.*write 64MB or more/);
});
