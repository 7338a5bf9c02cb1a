/** Downloads an artifact's archive to a file, within limits, and proves that it is whole. */
import { createHash } from "node:crypto";
import { open, rm } from "node:fs/promises";
import { PermanentError } from "../errors.ts";
import { sizeLimitText, timeLimitText } from "../model/quantities.ts";
import type { Artifact } from "./find-artifact.ts";
import { classified, type GithubAccess, openDownload } from "./github-api.ts";

export type DownloadOptions = {
  readonly access: GithubAccess;
  readonly artifact: Artifact;
  /** Gets the archive; made anew. */
  readonly zipPath: string;
  /** An archive of more bytes than this is refused. */
  readonly maxBytes: number;
  readonly signal: AbortSignal;
  /** Limit of the whole download. */
  readonly timeoutMs: number;
  /** Limit without a byte. Default 30 s. */
  readonly idleTimeoutMs?: number;
  /** Told how much has come, for a progress line. */
  readonly onProgress?: (bytes: number) => void;
};

const IDLE_MS = 30_000;

/**
 * Downloads it. Throws PermanentError when it is too large, gone or forbidden; everything that may be better another
 * time (network, time limits, a digest that does not fit) is a plain Error or RetryLaterError. No part of it is left
 * behind then.
 */
export async function downloadArtifact(options: DownloadOptions): Promise<{ zipPath: string; sizeBytes: number }> {
  const { access, artifact, zipPath, maxBytes, signal, timeoutMs, idleTimeoutMs = IDLE_MS } = options;
  if (artifact.sizeBytes > maxBytes) tooLarge(artifact, maxBytes);
  const ended = new AbortController();
  const endAfter = (ms: number, what: string) => setTimeout(() => ended.abort(new Error(what)), ms);
  const idle = endAfter(idleTimeoutMs, `nothing came for ${timeLimitText(idleTimeoutMs)}`);
  const whole = endAfter(timeoutMs, `it was not there after ${timeLimitText(timeoutMs)}`);
  const limit = AbortSignal.any([signal, ended.signal]);
  await rm(zipPath, { force: true });
  try {
    const response = await openDownload(access, `/actions/artifacts/${artifact.id}/zip`, limit);
    const sizeBytes = await classified(signal, `the artifact ${JSON.stringify(artifact.name)}`, () =>
      store(response, options, () => idle.refresh()),
    );
    return { zipPath, sizeBytes };
  } catch (error) {
    await rm(zipPath, { force: true });
    if (signal.aborted) throw signal.reason;
    throw error;
  } finally {
    clearTimeout(idle);
    clearTimeout(whole);
  }
}

/** Writes the bytes as they come; answers with how many there were. */
async function store(response: Response, options: DownloadOptions, onBytes: () => void): Promise<number> {
  const { artifact, zipPath, maxBytes, onProgress } = options;
  const hash = createHash("sha256");
  const file = await open(zipPath, "wx", 0o600);
  let bytes = 0;
  try {
    for await (const chunk of response.body ?? []) {
      onBytes();
      bytes += chunk.length;
      if (bytes > maxBytes) tooLarge(artifact, maxBytes);
      hash.update(chunk);
      await file.writeFile(chunk);
      onProgress?.(bytes);
    }
  } finally {
    await file.close();
  }
  const announced = Number(response.headers.get("content-length") ?? bytes);
  if (announced !== bytes) throw new Error(`it ended after ${bytes} of ${announced} bytes`);
  const sha256 = hash.digest("hex");
  if (artifact.sha256 !== null && artifact.sha256 !== sha256) {
    throw new Error(`its SHA-256 is ${sha256}, and GitHub has it as ${artifact.sha256}`);
  }
  return bytes;
}

function tooLarge({ name }: Artifact, maxBytes: number): never {
  throw new PermanentError(
    `The artifact ${JSON.stringify(name)} is larger than limits.output of the site allows (${sizeLimitText(maxBytes)}).`,
  );
}
