/** Which command builds a site: the operator's, else the package's script, else the framework's own. */
import type { SiteBuild } from "../model/build.ts";
import type { FolderListing } from "./folder-listing.ts";
import type { FoundFramework } from "./frameworks.ts";
import { ownText, type Package } from "./package-json.ts";
import { type PlannedManager, programCommand, scriptCommand } from "./package-manager.ts";
import type { Origins } from "./repository-config.ts";

/** A command, where it runs (relative to the repository), and where the decision came from. */
export type PlannedCommand = { readonly command: string; readonly folder: string; readonly because: string };

/** Where a setting is from that no file of the repository set. */
export const OPERATORS_FILE = "slipway.yaml";

export type BuildQuestion = {
  readonly site: SiteBuild;
  /** The site's folder, or the Angular workspace that it is a project of. */
  readonly base: FolderListing;
  readonly pack: Package | null;
  readonly manager: PlannedManager | null;
  readonly found: FoundFramework | null;
  /** The project of the Angular workspace, where the site is one of several. */
  readonly project: string | null;
  readonly from: Origins;
};

export type ChosenBuild = {
  readonly build: PlannedCommand | null;
  /** What runs in the end, as far as it can be read: it may name options. */
  readonly text: string;
  readonly remarks: readonly string[];
};

export function chooseBuild({ site, base, pack, manager, found, project, from }: BuildQuestion): ChosenBuild {
  const planned = (command: string, because: string, text = command, remarks: readonly string[] = []): ChosenBuild => ({
    ...{ build: { command, folder: base.folder, because }, text, remarks },
  });
  if (site.command !== null) return planned(site.command, `build.command of ${from.command ?? OPERATORS_FILE}`);
  // A program that no package brings is the machine's.
  const run = (command: string) => (manager && found?.version !== null ? programCommand(manager, command) : command);
  if (project !== null) return planned(run(`ng build ${quoted(project)}`), "the project of angular.json");

  const framework = found?.framework;
  const scripts = framework?.scripts ?? ["build"];
  const script = scripts.find((name) => ownText(pack?.scripts, name) !== undefined);
  const text = (script && ownText(pack?.scripts, script)) ?? "";
  const isReplaced = framework?.insteadOf?.test(text) === true;
  if (script !== undefined && manager && !isReplaced)
    return planned(scriptCommand(manager, script), `the ${script} script of package.json`, text);
  if (!framework)
    return {
      build: null,
      text: "",
      remarks: ["There is no build script and no build.command, so the files are published as they are"],
    };
  const command = framework.command({ own: base, pack, script: text });
  const remark = `The ${script} script is not run, since it makes a server: ${command} makes static files. Set build.command for another way.`;
  return planned(run(command), `the default of ${framework.name}`, command, isReplaced ? [remark] : []);
}

/** For /bin/sh: the names of projects come from the repository. */
function quoted(text: string): string {
  return /^[\w@./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
