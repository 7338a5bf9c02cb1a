/**
 * Slipway's own folder on a host: where it is and what lies in it. Above the document root, no visitor can see it;
 * where the account sees no such folder it lies inside, behind a rule for the web server.
 */
import { describeError, PermanentError } from "../errors.ts";
import type { PublishSession } from "../publishers/publisher.ts";
import { TOOL_FOLDER } from "../releases/path.ts";
import { uploadOf, uploadVerified } from "./upload-verified.ts";

/** Paths of Slipway's own files, as the session wants them. */
export type Place = {
  readonly folder: string;
  readonly manifest: string;
  /** The manifests before, newest first. */
  readonly earlier: readonly [string, string];
  readonly journal: string;
  readonly lock: string;
  /** What a publish that failed in an orderly way left of its stage, for the next one to use. */
  readonly leftStage: string;
  /** An empty file that is there as long as the named release is the live one. */
  marker(releaseId: string): string;
  stage(owner: string): string;
};

/** Keeps the folder from being served by Apache 2.4 and 2.2 (mod_authz_core, mod_authz_host). */
const DENY_ACCESS = Buffer.from(`<IfModule mod_authz_core.c>
  Require all denied
</IfModule>
<IfModule !mod_authz_core.c>
  Order deny,allow
  Deny from all
</IfModule>
`);

const FETCH_TIMEOUT_MS = 10_000;

/** Slipway's files in a folder of that name. */
export function placeAt(folder: string): Place {
  return {
    folder,
    manifest: `${folder}/manifest.json.gz`,
    earlier: [`${folder}/manifest-1.json.gz`, `${folder}/manifest-2.json.gz`],
    journal: `${folder}/journal.json.gz`,
    lock: `${folder}/lock`,
    leftStage: `${folder}/stage`,
    marker: (releaseId) => `${folder}/live-${releaseId.slice(0, 32)}`,
    // Short: over TLS only 2 KB of commands may wait for their replies, and two names stand in each rename.
    stage: (owner) => `${folder}/s-${owner}`,
  };
}

/**
 * Where Slipway's folder may be on this target, the better place first. `name` is what the target's folder is called:
 * several sites may lie side by side under one folder.
 */
export function possiblePlaces(session: PublishSession, name: string): Place[] {
  const inside = placeAt(TOOL_FOLDER);
  return session.hasFolderAbove && name !== "" ? [placeAt(`../${TOOL_FOLDER}/${name}`), inside] : [inside];
}

/** Makes Slipway's folder, in the first of the places where that works. */
export async function makePlace(
  session: PublishSession,
  places: readonly Place[],
  say: (line: string) => void,
): Promise<Place> {
  for (const place of places) {
    const isInside = place.folder === TOOL_FOLDER;
    try {
      await session.makeFolders(isInside ? [place.folder] : [`../${TOOL_FOLDER}`, place.folder]);
      if (!isInside) await tryRename(session, place);
    } catch (error) {
      if (isInside || !(error instanceof PermanentError)) throw error;
      await session.removeEmptyFolders([place.folder, `../${TOOL_FOLDER}`]);
      continue;
    }
    await denyAccess(session, isInside ? place.folder : `../${TOOL_FOLDER}`, say);
    return place;
  }
  throw new Error("no place for Slipway's own folder");
}

/** The folder above may lie on another disk, from which nothing can be renamed. */
async function tryRename(session: PublishSession, place: Place): Promise<void> {
  const from = `${place.folder}/probe`;
  const to = `${TOOL_FOLDER}-probe`;
  await session.upload([uploadOf(from, Buffer.from("probe"))], () => {});
  try {
    await session.rename([{ from, to, replaces: false }]);
  } finally {
    await session.remove([from, to]);
  }
}

async function denyAccess(session: PublishSession, folder: string, say: (line: string) => void): Promise<void> {
  const path = `${folder}/.htaccess`;
  if ((await session.sizes([path]))[0] === DENY_ACCESS.length) return;
  await uploadVerified(session, [uploadOf(path, DENY_ACCESS)], { say }).catch((error: unknown) => {
    // Some hosts forbid the name (Pure-FTPd with -x). The site itself can do without.
    if (!(error instanceof PermanentError)) throw error;
    say(`The host takes no .htaccess (${describeError(error)}), so its web server has to hide ${folder} by itself.`);
  });
}

/** Says so when visitors can read Slipway's own files. Whatever goes wrong while looking is no reason to fail. */
export async function checkHidden(place: Place, siteUrl: string, say: (line: string) => void): Promise<void> {
  const base = new URL(siteUrl.endsWith("/") ? siteUrl : `${siteUrl}/`);
  if (place.folder !== TOOL_FOLDER && base.pathname === "/") return;
  const address = new URL(place.manifest, base);
  const response = await fetch(address, {
    method: "HEAD",
    redirect: "manual",
    headers: { "user-agent": "Slipway" },
    signal: AbortSignal.timeout(FETCH_TIMEOUT_MS),
  }).catch(() => null);
  const type = response?.headers.get("content-type") ?? "";
  // Apps that answer every unknown address with their entry page do not show the file.
  if (response?.status !== 200 || type.startsWith("text/html")) return;
  say(
    `WARNING: ${address.href} can be read by everybody: it tells which files the site has. Have the web server refuse ${TOOL_FOLDER}.`,
  );
}
