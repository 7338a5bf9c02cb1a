/** The npm of this machine: it fetches tools, with the operator's registry, and builds use it where it suits their Node. */
import { readFile, realpath } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { z } from "zod";
import { type Environment, safePath } from "../process/environment.ts";

export type SystemNpm = {
  /** The real folder of the package, wherever links lead: `/usr/lib/node_modules/npm`, or below a home for nvm. */
  readonly folder: string;
  readonly version: string;
  /** Range of Node that it runs on. */
  readonly engines: string;
};

const packageSchema = z.object({
  name: z.literal("npm"),
  version: z.string(),
  engines: z.object({ node: z.string() }),
});

/** The npm beside the Node that runs Slipway, else the first in PATH; null where there is none of its own package. */
export async function findSystemNpm(env: Environment, nodePath: string): Promise<SystemNpm | null> {
  const inPath = safePath(env.PATH).split(delimiter);
  for (const folder of [dirname(nodePath), ...inPath]) {
    // A shim of a version manager leads elsewhere, and is no npm that another Node can run.
    const program = await realpath(join(folder, "npm")).catch(() => null);
    const found = program?.endsWith("/bin/npm-cli.js") ? await readNpm(dirname(dirname(program))) : null;
    if (found) return found;
  }
  return null;
}

async function readNpm(folder: string): Promise<SystemNpm | null> {
  try {
    const { version, engines } = packageSchema.parse(JSON.parse(await readFile(join(folder, "package.json"), "utf8")));
    return { folder, version, engines: engines.node };
  } catch {
    return null;
  }
}
