/** Tools come from a registry that misbehaves in all the ways that registries do; npm itself fetches them. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import { PermanentError, RetryLaterError } from "../../src/errors.ts";
import { killGroup } from "../../src/process/run-command.ts";
import { startNpmRegistry } from "./npm-registry.ts";
import { createToolchainWorld, environment, keptIn, managerOf, NODE_PACKAGE, nodeOf, run } from "./toolchain-world.ts";

const TIMEOUT_MS = 120_000;
const wanted = (range: string) => ({ node: { range, because: ".nvmrc" } });

async function start(...versions: string[]) {
  const registry = await startNpmRegistry();
  // For a machine whose own npm is too new for these.
  registry.publish(...versions.map(nodeOf), managerOf("npm", "10.9.0"));
  return { registry, ...createToolchainWorld(registry.url) };
}

describe("A Node that is not here", { timeout: TIMEOUT_MS }, () => {
  test("comes from the registry, the newest of the range, and is asked for once", async () => {
    const { registry, provide, said, folder } = await start("22.9.0", "22.10.3", "23.0.0");
    const tools = await provide(wanted("^22"));
    expect(tools).toMatchObject({ node: "22.10.3" });
    expect(run(tools, "node", "x.js")).toBe("v22.10.3 x.js");
    expect(said).toContain("Fetching Node 22.10.3 from the npm registry");

    const asked = [...registry.documents, ...registry.archives];
    expect(await provide(wanted("^22"))).toEqual(tools);
    expect([...registry.documents, ...registry.archives]).toEqual(asked);
    expect(keptIn(folder)).toEqual({ packages: [`${NODE_PACKAGE}@22.10.3`], leftovers: [] });
  });

  test("and that nobody published, is said to be missing, with who wants it and what there is", async () => {
    const { provide } = await start("22.9.0", "22.10.3", "23.0.0");
    const exact = provide(wanted("22.99.0"));
    await expect(exact).rejects.toThrow(PermanentError);
    await expect(exact).rejects.toThrow(
      "Node 22.99.0, asked for by .nvmrc, cannot be had: the npm registry has none for this machine; the newest 22.x there is 22.10.3",
    );
    await expect(provide(wanted("^19"))).rejects.toThrow("Node ^19, asked for by .nvmrc, cannot be had");
    await expect(provide(wanted("^19"))).rejects.toThrow("the newest there is 23.0.0");
  });

  test("and was published after the versions were asked for last, is found", async () => {
    const { registry, provide } = await start("22.9.0");
    await expect(provide(wanted("^23"))).rejects.toThrow(PermanentError);
    registry.publish(nodeOf("23.4.0"));
    expect(await provide(wanted("^23"))).toMatchObject({ node: "23.4.0" });
  });

  test("of a registry that has no such package at all is said to be missing", async () => {
    const { url } = await startNpmRegistry();
    const { provide } = createToolchainWorld(url);
    for (const range of ["22.9.0", "^22"]) {
      const missing = provide(wanted(range));
      await expect(missing).rejects.toThrow(PermanentError);
      await expect(missing).rejects.toThrow(
        `Node ${range}, asked for by .nvmrc, cannot be had for ${process.platform}`,
      );
    }
  });

  test.each(["other content", "cut off"] as const)(
    "and whose archive comes %s is refused, and named",
    async (fault) => {
      const { registry, provide, folder } = await start("22.9.0");
      registry.setFault(fault);
      const refused = provide(wanted("22.9.0"));
      await expect(refused).rejects.toThrow("Node 22.9.0, asked for by .nvmrc, could not be fetched");
      // The next one may arrive whole.
      await expect(refused).rejects.not.toThrow(PermanentError);
      expect(keptIn(folder)).toEqual({ packages: [], leftovers: [] });
      registry.setFault("none");
      expect(run(await provide(wanted("22.9.0")), "node")).toBe("v22.9.0");
    },
  );
});

describe("A registry that is down", { timeout: TIMEOUT_MS }, () => {
  test("is a matter of time, unless something here will do", async () => {
    const { registry, provide, said } = await start("22.9.0");
    const first = await provide(wanted("22.9.0"));
    await registry.stop();
    for (const range of ["23.1.0", "^23"]) {
      const failed = provide(wanted(range));
      await expect(failed).rejects.toThrow(RetryLaterError);
      await expect(failed).rejects.toThrow(`Node ${range}, asked for by .nvmrc, could not be fetched`);
      await expect(failed).rejects.toThrow("the npm registry was not reached");
    }
    expect(await provide(wanted("^22"))).toEqual(first);
    expect(said.join("\n")).toContain("taking Node 22.9.0, which is here already");
  });
});

describe("Two workers that want the same Node at once", { timeout: TIMEOUT_MS }, () => {
  test("both get it, and one good copy is left", async () => {
    const { registry, provide, folder } = await start("22.9.0");
    const both = await Promise.all([provide(wanted("22.9.0")), provide(wanted("22.9.0"))]);
    expect(both[0]).toEqual(both[1]);
    expect(run(both[0], "node")).toBe("v22.9.0");
    expect(keptIn(folder)).toEqual({ packages: [`${NODE_PACKAGE}@22.9.0`], leftovers: [] });
    const { length } = registry.archives;
    await provide(wanted("22.9.0"));
    expect(registry.archives.length).toBe(length);
  });
});

describe("A worker that is killed while an archive arrives", { timeout: TIMEOUT_MS }, () => {
  test("leaves nothing that counts", async () => {
    const { registry, provide, folder } = await start("22.9.0");
    registry.setFault("stalled");
    const arrives = registry.nextArchive();
    const program = fileURLToPath(new URL("provide-in-process.ts", import.meta.url));
    const options = JSON.stringify({
      folder,
      env: environment(registry.url),
      wanted: { ...wanted("22.9.0"), manager: null },
    });
    const child = spawn(process.execPath, [program, options], { stdio: ["ignore", "pipe", "inherit"] });
    let printed = "";
    child.stdout.on("data", (chunk) => {
      printed += chunk;
    });
    const end = () => {
      child.kill("SIGKILL");
      for (const pid of printed.split("\n")) if (Number(pid) > 1) killGroup(Number(pid), "SIGKILL");
    };
    onTestFinished(end);
    await arrives;
    const ended = once(child, "exit");
    end();
    await ended;
    const left = keptIn(folder);
    expect(left.packages).toEqual([]);
    expect(left.leftovers.length).toBeGreaterThan(0);

    registry.setFault("none");
    const tools = await provide(wanted("22.9.0"));
    expect(run(tools, "node")).toBe("v22.9.0");
  });
});
