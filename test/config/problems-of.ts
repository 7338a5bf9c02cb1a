/** What slipway.yaml is refused for, as its reader is told. */
import { expect } from "vitest";
import { parseConfig } from "../../src/config/load-config.ts";
import { ConfigurationError } from "../../src/config/problem.ts";

/** "key: what is wrong with it", each; none where the text is in order. */
export function problemsOf(text: string): string[] {
  try {
    parseConfig(text, "slipway.yaml");
    return [];
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigurationError);
    return (error as ConfigurationError).problems.map(({ key, message }) => `${key}: ${message}`);
  }
}
