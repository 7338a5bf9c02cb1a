/** `slipway webhooks` as its user meets it. */
import { expect, test } from "vitest";
import { createProgramWorld } from "./slipway-program.ts";

test("Webhooks that were given up are asked for and sent again by number or all together", {
  timeout: 100_000,
}, async () => {
  const { run } = await createProgramWorld();
  expect(await run("webhooks", "dead")).toEqual({ code: 0, out: "None.\n" });
  expect(await run("webhooks", "resend", "--all")).toEqual({ code: 0, out: "0 webhooks are sent again\n" });
  expect(await run("webhooks", "resend", "7")).toEqual({
    code: 1,
    out: "there is no webhook 7 that was given up\n",
  });
  for (const wrong of [[], ["7", "--all"]])
    expect(await run("webhooks", "resend", ...wrong)).toEqual({
      code: 2,
      out: "resend: name one by its number, or all of them by --all\n",
    });
  expect((await run("webhooks", "resend", "x")).code).toBe(2);
});
