import { expect, it } from "vitest";
import { adviceFor } from "../../src/commands/refusal-advice.ts";

it("What was refused most is advised on first, and what a form was refused for has other reasons", () => {
  const counts = { "401": 2, "403": 5, "418": 9 };
  const [first = "", ...others] = adviceFor(counts, { isForm: false });
  expect(first).toContain("`allow`");
  expect(others).toHaveLength(1);
  expect(adviceFor(counts, { isForm: true })[0]).toContain("`form.origins`");
});
