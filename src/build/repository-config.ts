/** The repository's own settings, .github/slipway.yml: it may say how it is built, and nothing about who builds it. */
import { parseDocument } from "yaml";
import { z } from "zod";
import { prerenderSettingsOf } from "../config/prerender-settings.ts";
import { ConfigurationError, nearest, type Problem } from "../config/problem.ts";
import { configSchema, prerender } from "../config/schema.ts";
import { describeError } from "../errors.ts";
import { LINK_CHECKS, type SiteBuild } from "../model/build.ts";

/** The file, as messages name it. */
export const REPOSITORY_CONFIG = ".github/slipway.yml";

/** Which file a setting is from, where it is not the operator's. */
export type Origins = Partial<
  Readonly<Record<"install" | "command" | "output" | "node" | "env" | "prerender" | "links", string>>
>;

/**
 * Slipway's own, and those by which a loader or shell runs other code: they would act on the programs that set up the
 * sandbox, outside of it. ld.so(8), bash(1).
 */
const RESERVED =
  /^(PATH|HOME|TMPDIR|CI|ENV|IFS|SHELLOPTS|BASHOPTS|PS4|GCONV_PATH|LOCPATH|NLSPATH|GLIBC_TUNABLES|MALLOC_\w+|(BASH|LD|DYLD|SLIPWAY)_\w*)$/;

const command = z.string().trim().min(1).max(4000);
const build = z.strictObject({
  install: command.optional(),
  command: command.optional(),
  output: z
    .string()
    .min(1)
    .max(1000)
    .refine((path) => !/^[/\\]|\0/.test(path) && !path.split(/[\\/]/).includes(".."), "leads out of the repository")
    .optional(),
  node: z.union([z.string().min(1).max(200), z.number().transform(String)]).optional(),
  env: z
    .record(
      z
        .string()
        .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "is no name of an environment variable")
        .refine((name) => !RESERVED.test(name), "cannot be set by a repository"),
      z.union([z.string(), z.number().transform(String), z.boolean().transform(String)]),
    )
    .optional(),
});
const sections = {
  build: build.optional(),
  prerender: prerender.optional(),
  check: z.strictObject({ links: z.enum(LINK_CHECKS).optional() }).optional(),
};
const fileSchema = z.strictObject({ ...sections, sites: z.record(z.string(), z.strictObject(sections)).optional() });
type RepositoryFile = z.output<typeof fileSchema>;
type Sections = Omit<RepositoryFile, "sites">;

/** How a site is built, with what the repository says where its operator did not. */
export type AppliedConfig = { readonly site: SiteBuild; readonly from: Origins };

/**
 * `text` is the file at the commit that is built; null where there is none. What the operator set wins, key by key (and
 * `prerender` as a whole). Throws ConfigurationError (a PermanentError) with everything that is wrong in the file.
 */
export function applyRepositoryConfig(site: SiteBuild, text: string | null): AppliedConfig {
  if (text === null) return { site, from: {} };
  const file = parse(text);
  const named = file.sites && Object.hasOwn(file.sites, site.name) ? file.sites[site.name] : undefined;
  return apply(site, {
    build: { ...file.build, ...named?.build, env: { ...file.build?.env, ...named?.build?.env } },
    prerender: named?.prerender ?? file.prerender,
    check: { ...file.check, ...named?.check },
  });
}

function apply(site: SiteBuild, { build, prerender, check }: Sections): AppliedConfig {
  const from: { -readonly [Key in keyof Origins]: string } = {};
  const choose = <T>(key: keyof Origins, operators: T | null, theirs: T | undefined): T | null => {
    if (operators !== null || theirs === undefined) return operators;
    from[key] = REPOSITORY_CONFIG;
    return theirs;
  };
  if (Object.keys(build?.env ?? {}).some((name) => !Object.hasOwn(site.env, name))) from.env = REPOSITORY_CONFIG;
  const applied: SiteBuild = {
    ...site,
    install: choose("install", site.install, build?.install),
    command: choose("command", site.command, build?.command),
    output: choose("output", site.output, build?.output),
    node: choose("node", site.node, build?.node),
    env: { ...build?.env, ...site.env },
    prerender: choose("prerender", site.prerender, prerender && prerenderSettingsOf(prerender)),
    links: choose("links", site.links, check?.links),
  };
  return { site: applied, from };
}

function parse(text: string): RepositoryFile {
  const value = parseYaml(text);
  const read = fileSchema.safeParse(value ?? {});
  if (read.success) return read.data;
  throw new ConfigurationError(REPOSITORY_CONFIG, read.error.issues.flatMap(toProblems));
}

function parseYaml(text: string): unknown {
  try {
    const document = parseDocument(text, { prettyErrors: false });
    const [error] = document.errors;
    if (error) throw error;
    return document.toJS();
  } catch (error) {
    throw new ConfigurationError(REPOSITORY_CONFIG, [{ key: "the file", message: describeError(error) }]);
  }
}

const SECTIONS = ["build", "prerender", "check", "sites"];
const OPERATORS_BUILD_KEYS = ["secrets", "timeout", "idleTimeout"];

function toProblems(issue: z.core.$ZodIssue): Problem[] {
  const path = issue.path.map(String);
  if (issue.code !== "unrecognized_keys") {
    const inner = issue.code === "invalid_key" ? (issue.issues[0]?.message ?? issue.message) : issue.message;
    return [{ key: path.join(".") || "the file", message: inner.charAt(0).toLowerCase() + inner.slice(1) }];
  }
  return issue.keys.map((key) => ({ key: [...path, key].join("."), message: unknownKey(path, key) }));
}

/** Whether the key is the operator's, or nobody's. */
function unknownKey(path: readonly string[], key: string): string {
  const isInBuild = path.at(-1) === "build";
  const known = isInBuild ? Object.keys(build.shape) : path.length === 0 || path[0] === "sites" ? SECTIONS : [];
  const operators = isInBuild ? OPERATORS_BUILD_KEYS : path.length <= 2 ? operatorsKeys() : [];
  if (operators.includes(key)) return "can be set by the operator of Slipway only, in slipway.yaml on the server";
  const guess = nearest(key, known);
  return `is not a key of this file${guess ? `; did you mean ${guess}?` : known.length > 0 ? `; known here: ${known.join(", ")}` : ""}`;
}

function operatorsKeys(): string[] {
  const site = configSchema.shape.sites.unwrap().valueType;
  return [...Object.keys(configSchema.shape), ...Object.keys(site.shape), ...OPERATORS_BUILD_KEYS];
}
