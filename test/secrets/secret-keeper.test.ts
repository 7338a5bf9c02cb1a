import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { sourceDefinition } from "../../src/config/source-definition.ts";
import type { Received } from "../../src/model/received.ts";
import { explainSignature } from "../../src/sources/declared/signature-findings.ts";
import { createVerifier } from "../../src/sources/declared/verifier.ts";
import { PATIENCE } from "../patience.ts";
import { createKeeper, messageOf, reference, secretFolder, wanted } from "./keeper-world.ts";

const use = (name: string, until: number | null) => ({ use: reference(`env:${name}`), until });

describe("the keeper of secrets", () => {
  it("opens nothing where something is missing, and names all that is", async () => {
    const folder = secretFolder();
    writeFileSync(join(folder, "empty"), "\n");
    const { keeper } = createKeeper({ env: { THERE: "a value" } });
    const opening = keeper.open([
      wanted("env:THERE", "sources.a.secret"),
      wanted("env:NOPE", "sources.b.secret"),
      wanted(`file:${folder}/empty`, "sites.c.password"),
      wanted("vault:kv/shop#ftp", "sites.d.password"),
      wanted("exec:no-such-program-here", "sites.e.password"),
      wanted("file:$CREDENTIALS_DIRECTORY/x", "sites.f.password"),
    ]);
    expect((await messageOf(opening)).split("\n")).toEqual([
      "What slipway.yaml names as secrets has 5 problems:",
      "  sources.b.secret: the environment variable NOPE is empty or missing; set it, or point sources.b.secret elsewhere",
      `  sites.c.password: the file ${folder}/empty is empty or missing; set it, or point sites.c.password elsewhere`,
      "  sites.d.password: points into Vault, but vault is not set in slipway.yaml",
      "  sites.e.password: no-such-program-here is not to be found in PATH",
      "  sites.f.password: names $CREDENTIALS_DIRECTORY, which is not set; systemd sets it for units with LoadCredential= or SetCredential=",
    ]);
  });

  it("refuses a variable that holds a reference itself, which everybody could guess", async () => {
    const { keeper } = createKeeper({ env: { STRIPE: "vault:kv/stripe#key", FINE: "file: is how it begins" } });
    await keeper.open([wanted("env:FINE")]);
    expect(await messageOf(keeper.open([wanted("env:STRIPE")]))).toMatch(/STRIPE holds a reference itself/);
  });

  it("lists the secrets of a source in their order, as the same list while nothing changes", async () => {
    const { keeper } = createKeeper({ env: { NEW: "new value", OLD: "old value" } });
    await keeper.open([wanted("env:NEW"), wanted("env:OLD")]);
    const list = keeper.list([use("NEW", null), use("OLD", 5000)], "sources.shop.secrets");
    expect(list().map(({ name, untilMs, secret }) => [name, untilMs, secret.reveal()])).toEqual([
      ["env:NEW", null, "new value"],
      ["env:OLD", 5000, "old value"],
    ]);
    expect(list()).toBe(list());
  });

  it("holds secrets that have ended, with which nothing is verified, and which are recognised", async () => {
    let nowMs = 4999;
    const { keeper } = createKeeper({ env: { NEW: "new value", OLD: "old value" } });
    await keeper.open([wanted("env:NEW"), wanted("env:OLD")]);
    const definition = sourceDefinition.parse({ verify: [{ token: { in: "header:x-token" } }] });
    const secrets = keeper.list([use("NEW", null), use("OLD", 5000)], "sources.shop.secrets");
    const deps = { definition, secrets, now: () => nowMs };
    const received: Received = {
      ...{ method: "POST", target: "/hooks/shop", query: new URLSearchParams(), token: "", body: Buffer.from("{}") },
      headers: { "x-token": ["old value"] },
    };
    const verifier = createVerifier(deps);
    expect(await verifier.verify(received, null)).toMatchObject({ matched: "env:OLD" });
    nowMs = 5000;
    await expect(verifier.verify(received, null)).rejects.toMatchObject({ status: 401 });
    expect(await explainSignature(received, { json: {}, form: null }, deps)).toMatchObject([{ code: "old-secret" }]);
  });

  it("lists nothing that was not opened", () => {
    const { keeper } = createKeeper({ env: { NEW: "x" } });
    expect(() => keeper.list([{ use: reference("env:NEW"), until: null }], "sources.shop.secret")).toThrow(
      "the secret env:NEW of sources.shop.secret was not opened",
    );
  });

  it("warns of white space around a value, and does not say the value", async () => {
    const { keeper, logged } = createKeeper({ env: { NEW: "hunter2 " } });
    await keeper.open([wanted("env:NEW")]);
    expect(logged()).toMatch(
      /"key":"sources.shop.secret","reference":"env:NEW","msg":"the value begins or ends with white space/,
    );
    expect(logged()).not.toContain("hunter2");
  });
});

describe("a secret in a file", () => {
  it("is read again when Kubernetes exchanges the link beside it", async () => {
    const folder = secretFolder();
    for (const [version, value] of [
      ["..one", "first\n"],
      ["..two", "second\r\n"],
    ] as const) {
      mkdirSync(join(folder, version));
      writeFileSync(join(folder, version, "hook"), value);
    }
    symlinkSync("..one", join(folder, "..data"));
    symlinkSync("..data/hook", join(folder, "hook"));
    const { keeper, values, logged } = createKeeper();
    await keeper.open([wanted(`file:${folder}/hook`)]);
    const now = values(`file:${folder}/hook`);
    expect(now()).toEqual(["first"]);
    symlinkSync("..two", join(folder, "..data_tmp"));
    renameSync(join(folder, "..data_tmp"), join(folder, "..data"));
    await vi.waitFor(() => expect(now()).toEqual(["second"]), PATIENCE);
    expect(logged()).toContain(`the secret file:${folder}/hook changed`);
    expect(logged()).not.toMatch(/first|second/);
  });

  it("keeps its last value while the file is gone or empty, and says so once", async () => {
    const folder = secretFolder();
    const path = join(folder, "hook");
    writeFileSync(path, "first");
    const { keeper, values, count } = createKeeper({ lookEveryMs: 20 });
    await keeper.open([wanted(`file:${path}`)]);
    const now = values(`file:${path}`);
    rmSync(path);
    await vi.waitFor(() => expect(count("is not there; its last value stays in use")).toBe(1), PATIENCE);
    writeFileSync(path, "");
    expect(now()).toEqual(["first"]);
    renameSync(path, `${path}.old`);
    writeFileSync(`${path}.new`, "second");
    renameSync(`${path}.new`, path);
    await vi.waitFor(() => expect(now()).toEqual(["second"]), PATIENCE);
    expect([count("is not there"), count("is there again"), count("changed")]).toEqual([1, 1, 1]);
  });

  it("is found where nobody says that it changed, and where systemd put it", async () => {
    const folder = secretFolder();
    const real = secretFolder();
    writeFileSync(join(real, "value"), "first");
    // What changes is in another folder than the one that is watched.
    symlinkSync(join(real, "value"), join(folder, "hook"));
    const { keeper, values } = createKeeper({ env: { CREDENTIALS_DIRECTORY: folder }, lookEveryMs: 20 });
    await keeper.open([wanted("file:$CREDENTIALS_DIRECTORY/hook")]);
    const now = values("file:$CREDENTIALS_DIRECTORY/hook");
    writeFileSync(join(real, "value"), "second");
    await vi.waitFor(() => expect(now()).toEqual(["second"]), PATIENCE);
  });

  it("is no folder, no pipe and nothing large", async () => {
    const folder = secretFolder();
    writeFileSync(join(folder, "large"), "x".repeat(70_000));
    const { keeper } = createKeeper();
    const ask = (path: string) => messageOf(keeper.resolve(reference(`file:${path}`), "k"));
    expect(await ask(folder)).toBe(`k: ${folder} is no file`);
    expect(await ask("/dev/zero")).toBe("k: /dev/zero is no file");
    expect(await ask(join(folder, "large"))).toMatch(/larger than 64 KB/);
    expect(await ask(join(folder, "nope"))).toMatch(/cannot be read \(ENOENT\)/);
  });
});
