/** The GitHub Action: its metadata, how it starts, and what it makes of the inputs of FTP-Deploy-Action. */
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { parse } from "yaml";
import { ACTION_INPUTS, readActionInputs } from "../../src/cli/action-inputs.ts";
import { UsageError } from "../../src/cli/usage-error.ts";
import { runPublishProcess } from "./publish-process.ts";

const at = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

const metadata = parse(await readFile(at("action.yml"), "utf8")) as {
  inputs: Record<string, { description: string; default?: string }>;
  outputs: Record<string, unknown>;
  runs: { using: string; main: string };
};

/** The inputs as a runner hands them over: every declared one, with its default. */
function inputs(given: Readonly<Record<string, string>>): Record<string, string> {
  for (const name of Object.keys(given)) if (!(name in metadata.inputs)) throw new Error(`no input ${name}`);
  const all = Object.entries(metadata.inputs).map(
    ([name, input]) => [name, given[name] ?? input.default ?? ""] as const,
  );
  return Object.fromEntries(all.map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value]));
}

const read = (given: Readonly<Record<string, string>>) => readActionInputs(inputs(given));

/** What a workflow for FTP-Deploy-Action has. */
const DROP_IN = { server: "ftp.example.com", username: "me@example.com", password: "a-secret-word" };

describe("action.yml", () => {
  it("declares every input that is read, and none besides", () => {
    expect(Object.keys(metadata.inputs).sort()).toEqual([...ACTION_INPUTS].sort());
  });

  it("has a description and a text as default for every input", () => {
    for (const [name, input] of Object.entries(metadata.inputs)) {
      expect(input.description, name).toMatch(/\.$|…$/);
      expect(["string", "undefined"], name).toContain(typeof input.default);
    }
  });

  it("declares the outputs that are set, and starts what is there without a build", () => {
    expect(Object.keys(metadata.outputs)).toEqual(["added", "changed", "removed", "bytes"]);
    expect(metadata.runs).toEqual({ using: "node24", main: "src/action.ts" });
  });
});

describe("inputs", () => {
  it("understands a workflow for FTP-Deploy-Action, over TLS", () => {
    const { given, env, warnings } = read({ ...DROP_IN, "local-dir": "./dist/", "server-dir": "./public_html/ä b/" });
    expect(given).toMatchObject({
      folder: "./dist/",
      to: "ftps://me%40example.com@ftp.example.com/public_html/%C3%A4%20b",
      ...{ plain: false, insecure: false, dryRun: false, adopt: false, quiet: false, timeoutMs: 7_200_000 },
      exclude: ["**/.git*", "**/.git*/**", "**/node_modules/**"],
    });
    expect(env.SLIPWAY_PASSWORD).toBe("a-secret-word");
    expect(warnings).toEqual([]);
  });

  it.each([
    [{ protocol: "ftps-legacy", port: "990" }, "ftps://me%40example.com@ftp.example.com:990/?implicit"],
    [{ protocol: "sftp", "server-dir": "/var/www/" }, "sftp://me%40example.com@ftp.example.com/var/www"],
    [{ protocol: "ftp", port: "2121" }, "ftp://me%40example.com@ftp.example.com:2121/"],
  ])("makes an address of %j", (given, to) => {
    expect(read({ ...DROP_IN, ...given }).given.to).toBe(to);
  });

  it("takes a plain password transfer only where it is asked for by name, and warns of it", () => {
    const { given, warnings } = read({ ...DROP_IN, protocol: "ftp" });
    expect([given.plain, warnings]).toEqual([true, [expect.stringContaining("unencrypted")]]);
  });

  it("says which inputs of FTP-Deploy-Action have no effect here", () => {
    const { given, warnings } = read({ ...DROP_IN, timeout: "30000", "state-name": "state.json", security: "loose" });
    expect(warnings).toEqual([expect.stringContaining("state-name"), expect.stringContaining("timeout")]);
    expect(given).toMatchObject({ timeoutMs: 7_200_000, insecure: true });
  });

  it("reads lists, one pattern a line, and the inputs of its own", () => {
    const { given } = read({
      ...{ to: "sftp://u@h/x", keep: "a/**\n\n  b.txt \n", adopt: "true", "keep-assets": "0", "log-level": "minimal" },
      ...{ "host-key": `SHA256:${"a".repeat(43)}`, timeout: "30m", strategy: "swap" },
    });
    expect(given).toMatchObject({
      ...{ to: "sftp://u@h/x", keep: ["a/**", "b.txt"], adopt: true, keepAssets: 0, quiet: true },
      ...{ hostKey: `SHA256:${"a".repeat(43)}`, timeoutMs: 1_800_000, strategy: "swap" },
    });
  });

  it.each([
    [{}, /^to: is missing/],
    [{ to: "ftps://u@h/", server: "h" }, /^to and server: /],
    [{ ...DROP_IN, server: "h/../x" }, /^server: is no host name/],
    [{ ...DROP_IN, server: "evil@h" }, /^server: is no host name/],
    [{ ...DROP_IN, port: "21; id" }, /^port: /],
    [{ ...DROP_IN, protocol: "http" }, /^protocol: /],
    [{ ...DROP_IN, "dry-run": "yes please" }, /^dry-run: is neither true nor false/],
    [{ ...DROP_IN, "dangerous-clean-slate": "true" }, /^dangerous-clean-slate: /],
  ])("refuses %j", (given, message) => {
    expect(() => read(given)).toThrow(UsageError);
    expect(() => read(given)).toThrow(message);
  });
});

describe("the action", () => {
  async function run(given: Readonly<Record<string, string>>, { root = at(""), path = "" } = {}) {
    const place = await mkdtemp(join(tmpdir(), "slipway-run-"));
    onTestFinished(() => rm(place, { recursive: true, force: true }));
    await mkdir(join(place, "work", "dist"), { recursive: true });
    await mkdir(join(place, "host", "site"), { recursive: true });
    await writeFile(join(place, "work", "dist", "index.html"), "page");
    await writeFile(join(place, "work", "dist", ".gitignore"), "*");
    const output = join(place, "output");
    const ended = await runPublishProcess([], {
      command: [process.execPath, join(root, metadata.runs.main)],
      cwd: join(place, "work"),
      env: {
        ...inputs({ to: `dir:${join(place, "host", "site")}`, "local-dir": "dist", ...given }),
        ...{ GITHUB_ACTIONS: "true", GITHUB_OUTPUT: output, GITHUB_REPOSITORY: "acme/shop", GITHUB_RUN_ID: "7" },
        ...(path && { PATH: `${path}:${process.env.PATH}` }),
      },
    });
    const site = await readdir(join(place, "host", "site"));
    return { ...ended, site, outputs: await readFile(output, "utf8").catch(() => "") };
  }

  it("publishes, and sets its outputs", async () => {
    const { code, out, site, outputs } = await run({});
    expect([code, out]).toEqual([0, expect.stringContaining("Live: 0 changed, 1 new")]);
    expect(site).toContain("index.html");
    expect(site).not.toContain(".gitignore");
    expect(outputs).toBe("added=1\nchanged=0\nremoved=0\nbytes=4\n");
  });

  it("changes nothing in a dry run", async () => {
    const { code, site, outputs } = await run({ "dry-run": "true" });
    expect([code, site, outputs]).toEqual([0, [], "added=1\nchanged=0\nremoved=0\nbytes=4\n"]);
  });

  it("fails with an annotation, and shows a shell nothing to carry out", async () => {
    const { code, out, site } = await run({ "local-dir": '$(touch x)"; touch y' });
    expect([code, site]).toEqual([1, []]);
    expect(out).toMatch(/^::error title=slipway publish::There is no folder \$\(touch x\)"; touch y\.$/m);
    expect(await run({ to: "nonsense" })).toMatchObject({ code: 2, out: expect.stringMatching(/^::error .*--to: /m) });
  });

  it("installs what the lock file names when it runs for the first time, and shows npm no secret", async () => {
    const root = await mkdtemp(join(tmpdir(), "slipway-action-"));
    onTestFinished(() => rm(root, { recursive: true, force: true }));
    for (const name of ["src", "package.json", "package-lock.json"]) {
      await cp(at(name), join(root, name), { recursive: true });
    }
    // In npm's place stands a program that notes how it was called, and brings what is installed here.
    await mkdir(join(root, "bin"));
    const npm = `#!/bin/sh\nenv > "${root}/npm-env"\necho "$PWD $*" > "${root}/npm-args"\nln -s "${at("node_modules")}" node_modules\n`;
    await writeFile(join(root, "bin", "npm"), npm, { mode: 0o755 });
    const { code, out } = await run({ password: "a-secret-word" }, { root, path: join(root, "bin") });
    expect([code, out]).toEqual([0, expect.stringContaining("Live: 0 changed, 1 new")]);
    expect(await readFile(join(root, "npm-args"), "utf8")).toMatch(/^\S+ ci --omit=dev --ignore-scripts /);
    expect(await readFile(join(root, "npm-env"), "utf8")).not.toContain("a-secret-word");
  });
});
