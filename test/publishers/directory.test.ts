import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { OperatorError, PermanentError } from "../../src/errors.ts";
import { createPublisher } from "../../src/publishers/create-publisher.ts";
import { createDirectoryPublisher } from "../../src/publishers/directory.ts";
import { testPublisher } from "./contract.ts";

const directory = (folder: string) => createDirectoryPublisher({ protocol: "dir", folder, key: "sites.shop" });

testPublisher("dir:", async () => {
  const folder = await mkdtemp(join(tmpdir(), "slipway-dir-"));
  const publisher = createPublisher({ protocol: "dir", folder, key: "sites.shop" });
  return { publisher, folder, stop: () => rm(folder, { recursive: true }) };
});

describe("dir:", () => {
  it("names the key when the folder is missing or is a file", async () => {
    const folder = await mkdtemp(join(tmpdir(), "slipway-dir-"));
    try {
      await writeFile(join(folder, "file"), "");
      for (const name of ["missing", "file"]) {
        const error = await directory(join(folder, name))
          .open()
          .catch((thrown: unknown) => thrown);
        expect(error).toBeInstanceOf(OperatorError);
        expect(error).toMatchObject({ key: "sites.shop.publish" });
      }
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("refuses a path that leads out of its folder", async () => {
    const folder = await mkdtemp(join(tmpdir(), "slipway-dir-"));
    try {
      const session = await directory(folder).open();
      await expect(session.sizes(["../x"])).rejects.toBeInstanceOf(PermanentError);
      await expect(session.remove(["a/../../x"])).rejects.toBeInstanceOf(PermanentError);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
