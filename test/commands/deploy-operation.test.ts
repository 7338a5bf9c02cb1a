/** What may be asked of builds: the head, a commit by name, a clean build, an end; and what is recorded of who asked. */
import { describe, expect, test } from "vitest";
import { cancelsWanted } from "../../src/store/cancel.ts";
import { createOperations } from "./operations-world.ts";

describe("A deployment by command", () => {
  test("is of the head, by all means, and records who asked", async () => {
    const { ask } = await createOperations();
    expect(await ask("deploy", { name: "shop", by: "ada" })).toMatchObject({
      ...{ state: "queued", trigger: "command", commit: "", askedCommit: null, force: true, cleanCaches: false },
      askedBy: "ada (command line)",
    });
    expect(await ask("deploy", { name: "docs" })).toMatchObject({ askedBy: "somebody (command line)" });
  });

  test("with clean caches keeps them clean when a push comes before it begins", async () => {
    const { ask, queue } = await createOperations();
    await ask("deploy", { name: "shop", cleanCaches: true });
    expect(await queue()).toMatchObject({ trigger: "push", cleanCaches: true, force: true });
  });

  test("of a commit takes the beginning of one that was seen, or all of any", async () => {
    const { ask, queue, refusal } = await createOperations();
    await queue({ commit: "c0ffee11".padEnd(40, "0"), title: "Coffee", author: "Bo" });
    await queue({ commit: "c0ffee22".padEnd(40, "0"), title: "More coffee" });
    const commit = "c0ffee11".padEnd(40, "0");
    for (const start of ["c0ffee11", "C0FFEE11", commit]) {
      expect(await ask("deploy", { name: "shop", commit: start })).toMatchObject({
        ...{ askedCommit: commit, commit, title: "Coffee", author: "Bo" },
      });
    }
    const unseen = "d".repeat(40);
    expect(await ask("deploy", { name: "shop", commit: unseen })).toMatchObject({ askedCommit: unseen, title: "" });
    expect(await refusal("deploy", { name: "shop", commit: "c0ffee" })).toBe(
      "c0ffee is the beginning of several commits; write all of its id",
    );
    expect(await refusal("deploy", { name: "shop", commit: "beef" })).toBe(
      "beef is the beginning of no commit that was deployed before; write all of its id",
    );
    expect(await refusal("deploy", { name: "shop", commit: "main" })).toBe("main is no id of a commit");
  });
});

describe("Cancelling", () => {
  test("ends what waits, with who did it", async () => {
    const { ask, queue, refusal } = await createOperations();
    const push = await queue();
    expect(await ask("cancel", { name: push.id, by: "ada" })).toMatchObject({
      ...{ id: push.id, state: "cancelled", reason: "cancelled by ada (command line)" },
    });
    expect(await refusal("cancel", { name: push.id, by: "bo" })).toBe(`${push.id} is cancelled already`);
    expect(await refusal("cancel", { name: "d-none" })).toBe("there is no deployment d-none");
  });

  test("has what runs end, keeps who wanted it first, and answers with it as it is", async () => {
    const { ask, queue, begin, store } = await createOperations();
    const push = await queue();
    await begin();
    for (const by of ["ada", "bo"]) {
      expect(await ask("cancel", { name: push.id, by })).toMatchObject({ id: push.id, state: "building" });
    }
    expect(await store.transact(cancelsWanted)).toEqual(new Map([[push.id, "cancelled by ada (command line)"]]));
  });
});
