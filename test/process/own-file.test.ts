/** The files of Slipway itself, as its sources lie there and as `npm run build` leaves them. */
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { ownFile, ownProgram } from "../../src/process/own-file.ts";
import { slipwayVersion } from "../../src/process/version.ts";
import { BUILT_PROGRAM } from "../built-program.ts";
import { temporaryFolder } from "../git/git-repository.ts";

const PROGRAMS = ["main", "pipeline/worker", "prerender/prerender-process", "sandbox/listen-inside"] as const;
const built = (path: string) => join(dirname(BUILT_PROGRAM), path);

test.each(PROGRAMS)("The program %s is a file of its own, compiled and not", (name) => {
  expect(existsSync(ownProgram(name))).toBe(true);
  expect(existsSync(built(`${name}.js`))).toBe(true);
});

test("Both know their version and bring the example sites", () => {
  const { version } = JSON.parse(readFileSync(ownFile("../package.json"), "utf8")) as { version: string };
  expect(slipwayVersion()).toBe(version);
  expect(execFileSync(process.execPath, [BUILT_PROGRAM, "--version"]).toString().trim()).toBe(version);
  for (const site of ["plain", "angular"]) {
    expect(existsSync(ownFile(`demo/sites/${site}/package.json`))).toBe(true);
    expect(existsSync(built(`demo/sites/${site}/package.json`))).toBe(true);
  }
});

test("What runs inside of a build's sandbox needs no other file of Slipway's", () => {
  const file = join(temporaryFolder(), "listen-inside.mjs");
  cpSync(built("sandbox/listen-inside.js"), file);
  execFileSync(process.execPath, [file]);
  const imports = readFileSync(built("prerender/prerender-process.js"), "utf8").match(/(?<=from ")[^"]+/g);
  expect(imports?.filter((from) => !from.startsWith("node:"))).toEqual(["playwright-core"]);
});
