/** The one schema of slipway.yaml: every key, what it is for, its default. The JSON Schema is generated from it. */
import { z } from "zod";
import { parseSecretReference } from "../secrets/secret-reference.ts";
import { parseTarget } from "./target.ts";

/** A length of time as people write it: "90s", "15m", "1h 30m", or a number of seconds. Read as milliseconds. */
const duration = z
  .union([z.string(), z.number()])
  .transform((value, context) => {
    const ms = parseDuration(value);
    if (ms !== undefined) return ms;
    context.addIssue({ code: "custom", message: `is no length of time; write it as 30s, 15m or 1h` });
    return z.NEVER;
  })
  .meta({ type: "string", examples: ["90s", "15m", "1h"] });

const secretReference = z
  .string()
  .transform((value, context) => {
    const reference = parseSecretReference(value);
    if (reference) return reference;
    context.addIssue({
      code: "custom",
      message:
        "is not a reference to a secret; secrets never stand in this file: put the value into an environment variable or a file and write env:NAME or file:/path here",
    });
    return z.NEVER;
  })
  .meta({ type: "string", pattern: "^(env|file):", examples: ["env:SHOP_FTP_PASSWORD", "file:/run/secrets/ftp"] });

const slackChannel = z
  .string()
  .regex(/^[A-Za-z0-9#][\w.-]{0,79}$/, "is no Slack channel; use its id (C0123ABCD), which survives renames");

const target = z.string().superRefine((value, context) => {
  const address = parseTarget(value);
  if (typeof address === "string") context.addIssue({ code: "custom", message: address });
});

const folderInRepository = z
  .string()
  .min(1)
  .refine((path) => !path.startsWith("/") && !path.split(/[\\/]/).includes(".."), "leads out of the repository");

const environment = z.record(
  z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "is no name of an environment variable"),
  z.string(),
);

const build = z
  .strictObject({
    install: z
      .string()
      .min(1)
      .optional()
      .describe("Command that installs dependencies. Default: the one the lock file names."),
    command: z.string().min(1).optional().describe("Command that builds. Default: the package's build script."),
    output: folderInRepository.optional().describe("Folder with the built files. Default: found from the framework."),
    env: environment.default({}).describe("Environment variables of install and build, not secret."),
    secrets: z
      .record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "is no name of an environment variable"), secretReference)
      .default({})
      .describe("Environment variables of the build stage alone, by reference. A build can leak what it is given."),
    timeout: duration.default(15 * 60_000).describe("Limit of one stage. Default 15m."),
    idleTimeout: duration.default(5 * 60_000).describe("Limit without a line of output. Default 5m."),
  })
  .describe("How the site is built. Found by itself; every key can be set.");

const siteSchema = z
  .strictObject({
    repo: z
      .string()
      .regex(/^[\w.-]+\/[\w.-]+$/, "is no repository; write owner/name")
      .describe("The GitHub repository whose pushes deploy this site, owner/name."),
    branch: z.string().min(1).default("main").describe("The branch that is deployed."),
    git: z
      .string()
      .min(1)
      .optional()
      .describe("Clone from this URL instead of GitHub: mirrors, other hosts, file:// in tests."),
    folder: folderInRepository.default(".").describe("Folder of the site inside the repository."),
    build: build.prefault({}),
    isolation: z
      .enum(["bubblewrap", "user", "none"])
      .refine((value) => value === "none", "bubblewrap and user are not available in this version; set it to none")
      .default("none")
      .describe("What separates builds from Slipway. This version knows none."),
    prerender: z
      .strictObject({ crawl: z.boolean().default(false), routes: z.array(z.string().startsWith("/")).default([]) })
      .optional()
      .describe("For apps that do not prerender themselves."),
    publish: target.describe("Where the site lives: ftps://user@host/folder, ftp://… or dir:/folder."),
    password: secretReference.optional().describe("The password of the account in `publish`."),
    ca: z.string().min(1).optional().describe("ftps: file with PEM certificates to trust, for a private CA."),
    plain: z.boolean().default(false).describe("ftp: yes, the password may travel unencrypted."),
    adopt: z.boolean().default(false).describe("Let Slipway replace files that stood on the host before it came."),
    keep: z.array(z.string().min(1)).default([]).describe("Patterns of paths on the host that are never touched."),
    confirm: z
      .strictObject({
        url: z.url({ protocol: /^https?$/, error: "is no http or https URL" }).describe("Where visitors see the site."),
        wait: duration.default(30_000).describe("How long the release may take to show. Default 30s."),
      })
      .optional()
      .describe("See the release on the live site before calling it live."),
    channel: slackChannel.optional().describe("The Slack channel that follows this site."),
    deployers: z.array(z.string().min(1)).default([]).describe("Slack users and user groups who may deploy."),
  })
  .refine((site) => Boolean(site.password) || /^dir:/.test(site.publish ?? ""), {
    path: ["password"],
    message: "is missing; write env:NAME or file:/path",
    // Also when another key is wrong: all problems are told at once.
    when: ({ value }) =>
      typeof value === "object" && value !== null && !("password" in value && value.password !== undefined),
  })
  .describe("A repository folder that becomes a website.");

export const configSchema = z.strictObject({
  url: z
    .url({ protocol: /^https?$/, error: "is no http or https URL" })
    .optional()
    .describe("Where people reach Slipway; links in Slack and on GitHub start with it."),
  channel: slackChannel
    .optional()
    .describe("The Slack channel for Slipway's own news, such as a delivery it gave up on."),
  sites: z
    .record(z.string().regex(/^[a-z0-9][a-z0-9-]{0,39}$/, "is no name for a site; use a-z, 0-9 and -"), siteSchema)
    .default({}),
  sources: z
    .record(z.string(), z.looseObject({ kind: z.string() }))
    .default({})
    .describe("Other senders of webhooks."),
});

export type Config = z.output<typeof configSchema>;
export type SiteConfig = Config["sites"][string];

const UNITS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds of "1h 30m", "45s", or of a bare number of seconds; undefined when it is none of these. */
function parseDuration(value: string | number): number | undefined {
  if (typeof value === "number") return Number.isFinite(value) && value > 0 ? value * 1000 : undefined;
  const parts = [...value.trim().matchAll(/(\d+(?:\.\d+)?)\s*(ms|[smhd])\s*/gy)];
  const read = parts.reduce((length, part) => length + part[0].length, 0);
  if (parts.length === 0 || read !== value.trim().length) return undefined;
  const ms = parts.reduce((sum, part) => sum + Number(part[1]) * (UNITS[part[2] ?? ""] ?? 0), 0);
  return ms > 0 ? ms : undefined;
}
