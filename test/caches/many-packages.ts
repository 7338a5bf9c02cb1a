/** A repository of many packages, each with dependencies of its own, so that keeping and putting back take many steps. */
import type { CachedWorkspace } from "../../src/caches/installed-files.ts";
import { type Files, SHOP, writeFiles } from "./cache-world.ts";

const NAMES = Array.from({ length: 60 }, (_, index) => `p${index}`);
const each = (content: (name: string) => readonly [path: string, content: string | object]): Files =>
  Object.fromEntries(NAMES.map(content));

export const MANY: Files = {
  ...SHOP,
  "package.json": { workspaces: ["sites/*"] },
  ...each((name) => [`sites/${name}/package.json`, { name }]),
};

export function installMany({ source }: CachedWorkspace): void {
  writeFiles(
    source,
    each((name) => [`sites/${name}/node_modules/left/index.js`, name]),
  );
}
