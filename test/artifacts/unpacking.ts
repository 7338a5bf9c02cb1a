/** A place where artifacts are unpacked, and whoever looks what became of it. */
import { lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { unpackArtifact } from "../../src/artifacts/unpack-artifact.ts";
import type { UnpackLimits } from "../../src/artifacts/unpacked-folder.ts";
import { PermanentError } from "../../src/errors.ts";
import { temporaryFolder } from "../git/git-repository.ts";

const LIMITS: UnpackLimits = { outputBytes: 1024 ** 2, outputFiles: 100 };

export type Unpacking = {
  /** Holds the archive, a file that must stay as it is, and the folder. */
  readonly root: string;
  readonly folder: string;
  unpack(signal?: AbortSignal): ReturnType<typeof unpackArtifact>;
  /** The one PermanentError that unpacking ends with, after which nothing else was touched. */
  refusal(): Promise<string>;
};

/** The archive, about to be unpacked. */
export function unpacking(archive: Buffer, limits: Partial<UnpackLimits> = {}): Unpacking {
  const root = temporaryFolder();
  const folder = join(root, "work", "unpacked");
  mkdirSync(join(root, "work"));
  writeFileSync(join(root, "artifact.zip"), archive);
  writeFileSync(join(root, "mine"), "untouched");
  const unpack = (signal = new AbortController().signal) =>
    unpackArtifact(join(root, "artifact.zip"), folder, { ...LIMITS, ...limits }, signal);
  return {
    root,
    folder,
    unpack,
    async refusal() {
      const error = await unpack().then(
        () => new Error("it was unpacked"),
        (thrown: unknown) => thrown,
      );
      expect(error).toBeInstanceOf(PermanentError);
      expect(outside(root)).toEqual(["artifact.zip", "mine"]);
      expect(readFileSync(join(root, "mine"), "utf8")).toBe("untouched");
      return (error as Error).message;
    },
  };
}

/** What lies beside the folder. */
export function outside(root: string): string[] {
  expect(readdirSync(join(root, "work")).filter((name) => name !== "unpacked")).toEqual([]);
  return readdirSync(root)
    .filter((name) => name !== "work")
    .sort();
}

/** Path → content of every file in a folder; `null` for what is none. */
export function tree(folder: string): Record<string, string | null> {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();
  return Object.fromEntries(
    names
      .filter((name) => !lstatSync(join(folder, name)).isDirectory())
      .map((name) => [name, lstatSync(join(folder, name)).isFile() ? readFileSync(join(folder, name), "utf8") : null]),
  );
}
