/** What docs/secrets.md says is what the program does. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { parseConfig } from "../../src/config/load-config.ts";
import { SECRET_VARIABLES } from "../../src/config/resolve-environment.ts";
import { helperEnvironment } from "../../src/secrets/run-helper.ts";

const TEXT = readFileSync("docs/secrets.md", "utf8");

/** The part below that heading. */
const section = (heading: string) => TEXT.split(`## ${heading}\n`)[1]?.split("\n## ", 1)[0] ?? "";
const namedIn = (text: string) => [...text.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name);

it("shows configurations that are in order", () => {
  const blocks = [...TEXT.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text = ""]) => text);
  expect(blocks).toHaveLength(4);
  const site = 'sites: { shop: { repo: acme/shop, publish: "dir:/srv/shop" } }';
  for (const text of blocks) parseConfig(text.includes("sites:\n") ? text : `${text}\n${site}`, "docs/secrets.md");
});

it("names the variables that may hold references", () => {
  const [list = ""] = section("Slipway's own secrets").split("hold a value");
  expect(namedIn(list)).toEqual([...SECRET_VARIABLES]);
});

it("names the variables that programs get", () => {
  const names = namedIn(section("Programs").split("and no others:")[1] ?? "").map((name) =>
    /[_…]$/.test(name) ? `${name.replace(/…$/, "")}SOMETHING` : name,
  );
  const env = Object.fromEntries(names.map((name) => [name, "given"]));
  const { SLIPWAY_EXEC_ENV: _, ...handed } = env;
  expect(names).toContain("SLIPWAY_EXEC_ENV");
  expect(helperEnvironment({ ...env, OTHER: "not given" })).toEqual(handed);
});
