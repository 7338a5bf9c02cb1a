/** Where frameworks write to: an option of the script comes before a literal setting, that before the usual folder. */
import { posix } from "node:path";
import { codeConfig, type FolderListing } from "./folder-listing.ts";
import type { FrameworkFacts, Outputs } from "./framework.ts";
import { folderBelow, literalSetting, optionOf } from "./literal-setting.ts";

export type OutputRule = {
  readonly usual: string;
  /** Options of the command line that set the folder. */
  readonly options?: readonly string[];
  /** The configuration as code, and the setting in it. */
  readonly setting?: { readonly tool: string; readonly key: string };
};

/** Only folders below the site's own: the site's folder itself holds its sources. */
export function outputsOf({ own, script }: FrameworkFacts, framework: string, rule: OutputRule): Outputs {
  const { usual, options = [], setting } = rule;
  const option = below([optionOf(script, options)]);
  if (option.length > 0) return { paths: option, because: "the build script of package.json" };
  const config = setting && codeConfig(own, setting.tool);
  const literal = config && setting && literalSetting(config.text, setting.key);
  // Vite and Nuxt write below their root, which is code as well.
  const root = config && literalSetting(config.text, "root");
  const rooted = root && posix.join(root, literal ?? usual);
  const set = below([rooted, literal]);
  if (config && set.length > 0) return { paths: [...new Set([...set, usual])], because: config.name };
  return { paths: [usual], because: `the default of ${framework}` };
}

function below(paths: ReadonlyArray<string | null | undefined>): string[] {
  return paths.flatMap((path) => (path ? (folderBelow(path) ?? []) : []));
}

/** A setting of a TOML, YAML or JSON file by its line: `publishDir = "web"`. Names are read in either case. */
export function lineSetting(text: string, key: string): string | null {
  const match = new RegExp(`^[ \\t]*["']?${key}["']?[ \\t]*[:=][ \\t]*["']?([^"'#,\\r\\n]{1,200})`, "im").exec(text);
  return match?.[1] ? folderBelow(match[1].trim()) : null;
}

/** Whether the folder has configuration of this tool as code that mentions `word`; null where there is none. */
export function configMentions(own: FolderListing, tool: string, word: RegExp): { name: string; does: boolean } | null {
  const config = codeConfig(own, tool);
  return config && { name: config.name, does: word.test(config.text) };
}
