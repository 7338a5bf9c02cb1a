/** What `slipway publish --state DIR` remembers of a target: the manifest that it published and the host's profile. */
import { createHash, randomUUID } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describeError, OperatorError } from "../errors.ts";
import { type Manifest, manifestFromJson, manifestToJson, type Release, releaseOf } from "../model/release.ts";
import { type HostProfile, readProfile } from "../publishers/host-profile.ts";
import { pathProblem } from "../releases/path.ts";

type PublishState = {
  readonly manifest: Manifest | null;
  readonly profile: HostProfile | null;
};

export type StateFile = {
  /** What was saved. A file that is damaged or of another kind counts as none, and `say` gets a line about it. */
  read(say: (line: string) => void): Promise<PublishState>;
  /** Replaces what was saved, whole or not at all. Throws OperatorError when the folder cannot be written to. */
  write(release: Release, profile: HostProfile): Promise<void>;
};

const SCHEMA = 1;
const NOTHING: PublishState = { manifest: null, profile: null };

/** The file for the target with this label. Its name is a digest: labels have slashes in them. */
export function stateFile(folder: string, label: string): StateFile {
  const path = join(folder, `${createHash("sha256").update(label).digest("hex")}.json`);
  return {
    async read(say) {
      const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
        if (error.code === "ENOENT") return undefined;
        throw new OperatorError("--state", `cannot be read (${describeError(error)})`, { cause: error });
      });
      if (text === undefined) return NOTHING;
      const state = parse(text, label);
      if (state === null) say(`The state in ${path} is damaged and not used; the host's own record is enough.`);
      return state ?? NOTHING;
    },

    async write({ id, files }, profile) {
      const text = JSON.stringify({
        schema: SCHEMA,
        target: label,
        releaseId: id,
        profile,
        files: manifestToJson(files),
      });
      const temporary = `${path}.${randomUUID()}`;
      try {
        await mkdir(folder, { recursive: true, mode: 0o700 });
        // It tells nothing secret, but who publishes what to where is nobody's business.
        await writeFile(temporary, text, { mode: 0o600, flag: "wx", flush: true });
        await rename(temporary, path);
      } catch (cause) {
        await rm(temporary, { force: true }).catch(() => {});
        throw new OperatorError("--state", `cannot be written (${describeError(cause)})`, { cause });
      }
    },
  };
}

function parse(text: string, label: string): PublishState | null {
  let saved: unknown;
  try {
    saved = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof saved !== "object" || saved === null) return null;
  const { schema, target, releaseId, profile, files } = saved as Record<string, unknown>;
  if (schema !== SCHEMA || target !== label || !Array.isArray(files) || !files.every(isRow)) return null;
  const manifest = manifestFromJson(files);
  // The id is the digest of the rows, so a change to any of them shows.
  return releaseOf(manifest).id === releaseId ? { manifest, profile: readProfile(profile) } : null;
}

function isRow(row: unknown): row is [string, string, number] {
  if (!Array.isArray(row) || row.length !== 3) return false;
  const [path, sha256, size] = row as unknown[];
  if (typeof path !== "string" || pathProblem(path) !== null) return false;
  return typeof sha256 === "string" && /^[0-9a-f]{64}$/.test(sha256) && Number.isSafeInteger(size) && Number(size) >= 0;
}
