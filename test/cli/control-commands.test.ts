/** Pauses, locks and cancelling as their user meets them: the whole program, with and without a running service. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { waitUntil } from "../process/processes.ts";
import { createProgramWorld } from "./slipway-program.ts";

const ME = `${userInfo().username} (command line)`;
/** As a pattern. */
const ME_THERE = ME.replace(/[()]/g, "\\$&");

test("Pauses and locks say what they hold, who made them and how they end, also while Slipway is stopped", {
  timeout: 200_000,
}, async () => {
  const { run } = await createProgramWorld();
  expect((await run("deploy", "shop")).out).toMatch(/^d-\S+ +queued +shop/);
  expect(await run("lock", "shop", "--reason", "the host moves")).toEqual({
    code: 0,
    out: expect.stringMatching(
      new RegExp(
        `^shop is locked; \`slipway unlock shop\` ends that\nd-\\S+ +held .* — locked by ${ME_THERE}: the host moves; \`slipway unlock shop\` lets it go on\n$`,
      ),
    ),
  });
  expect(await run("lock", "shop")).toEqual({
    code: 1,
    out: `shop is locked already, by ${ME}: the host moves\n`,
  });
  expect(await run("deploy", "shop")).toEqual({
    code: 1,
    out: `shop is locked by ${ME}: the host moves; unlock ends that\n`,
  });
  expect((await run("pause", "shop")).out).toBe(
    "shop is paused; `slipway resume shop` ends that, and deploys what was pushed meanwhile\n",
  );
  expect((await run("status")).out).toContain(`locked by ${ME}: the host moves, paused by ${ME}\n`);
  expect((await run("resume", "shop")).out).toBe(
    `shop is no longer paused\npushes are held: locked by ${ME}: the host moves; \`slipway unlock shop\` lets it go on\n`,
  );
  const unlocked = JSON.parse((await run("unlock", "shop", "--json")).out);
  expect(unlocked).toMatchObject({ changed: [{ state: "queued", askedBy: ME }], still: null });
  expect(await run("unlock", "shpo")).toEqual({ code: 1, out: "there is no site shpo; did you mean shop?\n" });
  expect((await run("lock")).code).toBe(2);

  const paused = await run("pause", "shop", "--for", "2h", "--reason", "the fair");
  expect(paused.out).toMatch(/^shop is paused until (\S+ )?\d\d:\d\d UTC; `slipway resume shop` ends that, and/);
  expect(await run("lock", "shop", "--for", "soon")).toEqual({
    code: 2,
    out: "--for: is no length of time that Slipway keeps; write 90m, 2h or 1d, from 1 minute to 30 days\n",
  });
  expect((await run("lock", "shop", "--for", "31d")).code).toBe(2);
  expect(await run("audit", "--limit", "x")).toEqual({ code: 2, out: "--limit: is no whole number from 1 to 1000\n" });
  const audit = (await run("audit", "shop")).out.trimEnd().split("\n");
  expect(audit).toHaveLength(8);
  expect(audit[0]).toMatch(
    new RegExp(
      `^[\\d-]+ [\\d:]+  done     shop  ${ME_THERE}  command line  pause until .* UTC: the fair +shop is paused until`,
    ),
  );
  expect(audit[4]).toMatch(/ {2}refused {2}shop .* deploy the head .*; unlock ends that \(data folder\)$/);
  const [refused] = JSON.parse((await run("audit", "--limit", "2", "--json")).out).slice(1);
  expect(refused).toMatchObject({ result: "refused", verb: "unlock", site: null, who: ME });
});

test("A build is cancelled from the command line, which waits for its end and says who did it; a site that is live is not", {
  timeout: 200_000,
}, async () => {
  const world = await createProgramWorld((folder) => {
    const command = `touch ${folder}/began; until [ -e ${folder}/go ]; do sleep 0.02; done; mkdir dist; cp index.html dist/`;
    return `build: { command: "${command}", output: dist }`;
  });
  const { run, folder, host, repository } = world;
  await world.start();
  repository.commit({ "index.html": "one" });
  const queued = JSON.parse((await run("rebuild", "shop", "--json")).out);
  expect(queued).toMatchObject({ cleanCaches: true });
  await waitUntil("it is built", () => existsSync(join(folder, "began")), 60_000);
  const cancelled = await run("cancel", queued.id);
  expect(cancelled.out).toMatch(new RegExp(`cancelled .* — cancelled by ${ME_THERE} during build\n$`));
  expect([cancelled.code, existsSync(join(host, "index.html"))]).toEqual([0, false]);

  writeFileSync(join(folder, "go"), "");
  const live = await run("deploy", "shop", "--wait");
  expect([live.code, readFileSync(join(host, "index.html"), "utf8")]).toEqual([0, "one"]);
  const id = /d-\S+/.exec(live.out)?.[0] ?? "";
  expect(await run("cancel", id)).toEqual({ code: 1, out: `${id} is live already\n` });
  expect((await run("cancel", "d-none")).out).toBe("there is no deployment d-none\n");
});
