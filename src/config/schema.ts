/** The one schema of slipway.yaml: every key, what it is for, its default. The JSON Schema is generated from it. */
import { z } from "zod";
import { ISOLATIONS, LINK_CHECKS } from "../model/build.ts";
import { CI_FAILURES } from "../model/ci.ts";
import { gitAccess } from "./git-access-settings.ts";
import { guardLimits, trustedProxies } from "./guard-settings.ts";
import { outgoingSettings } from "./outgoing-settings.ts";
import { duration, secretReference, size, slackChannel, webUrl } from "./setting-types.ts";
import { sourceSettings } from "./source-settings.ts";
import { parseTarget } from "./target.ts";
import { vaultSettings } from "./vault-settings.ts";

const target = z.string().superRefine((value, context) => {
  const address = parseTarget(value);
  if (typeof address === "string") context.addIssue({ code: "custom", message: address });
});

/** SHA-256 of a certificate, as `openssl x509 -fingerprint -sha256` prints it or without colons. Read as lower-case hex. */
const fingerprint = z
  .string()
  .transform((value) =>
    value
      .replace(/^sha256[:=]/i, "")
      .replaceAll(":", "")
      .toLowerCase(),
  )
  .refine((value) => /^[0-9a-f]{64}$/.test(value), "is no SHA-256 fingerprint; write 64 hex digits, colons allowed");

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
    from: z
      .literal("workflow", { error: "is neither left out nor workflow" })
      .optional()
      .describe("workflow: publish what GitHub Actions built. Default: Slipway builds the site."),
    workflow: z
      .string()
      .min(1)
      .optional()
      .describe("from: workflow: its name, or its file: ci.yml. Each run of it that succeeds for a push deploys."),
    artifact: z.string().min(1).optional().describe("from: workflow: the artifact. Default: the only one of the run."),
    install: z
      .string()
      .min(1)
      .optional()
      .describe("Command that installs dependencies. Default: the one the lock file names."),
    command: z.string().min(1).optional().describe("Command that builds. Default: the package's build script."),
    output: folderInRepository
      .optional()
      .describe(
        "Folder with the built files. Default: found from the framework; with from: workflow, the whole artifact.",
      ),
    node: z
      .string()
      .min(1)
      .optional()
      .describe('Version or range of Node: "22", "^20.11". Default: what the repository says, else Slipway\'s own.'),
    env: environment.default({}).describe("Environment variables of install and build, not secret."),
    secrets: z
      .record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "is no name of an environment variable"), secretReference)
      .default({})
      .describe("Environment variables of the build stage alone, by reference. A build can leak what it is given."),
    timeout: duration.default(15 * 60_000).describe("Limit of one stage. Default 15m."),
    idleTimeout: duration.default(5 * 60_000).describe("Limit without a line of output. Default 5m."),
  })
  .describe("How the site is built. Found by itself; every key can be set.");

const limits = z
  .strictObject({
    memory: size.default(4 * 1024 ** 3).describe("Resident memory of all processes together. Default 4GB."),
    processes: z.int().min(8).default(2048).describe("Processes and threads at the same time. Default 2048."),
    disk: size.default(10 * 1024 ** 3).describe("What a build may write. Default 10GB."),
    printed: size.default(64 * 1024 ** 2).describe("What one stage may print. Default 64MB."),
    output: size.default(2 * 1024 ** 3).describe("The built files. Default 2GB."),
    files: z.int().min(1).default(100_000).describe("How many built files. Default 100000."),
  })
  .describe("What a build may use; reaching a limit ends it and names the limit.");

/** Also read from a repository's own .github/slipway.yml. */
export const prerender = z
  .strictObject({
    routes: z
      .array(z.string().startsWith("/", "is no path; begin with /"))
      .default(["/"])
      .describe("Paths to start from."),
    crawl: z.boolean().default(true).describe("Follow links between pages. Default true."),
    parallel: z.int().min(1).max(16).default(4).describe("Pages at the same time. Default 4."),
    timeout: duration.default(30_000).describe("Longest time for one page. Default 30s."),
    allow: z.array(webUrl).default([]).describe("Origins that pages may load from besides their own, such as an API."),
    ready: z
      .string()
      .min(1)
      .optional()
      .describe("JavaScript that is true when a page is ready. Default: a quiet network."),
    maxPages: z.int().min(1).max(100_000).default(5000).describe("At most so many pages. Default 5000."),
  })
  .describe("For apps that do not prerender themselves: pages are rendered with Chromium and written as HTML.");

const check = z
  .strictObject({
    links: z
      .enum(LINK_CHECKS)
      .optional()
      .describe(
        "What links that lead nowhere do: warn, fail or off. Default: warn, and fail where the live release had none.",
      ),
  })
  .describe("What a release is checked for before it is published.");

/** `advice` says what to write. Names are refused: everybody can change them. */
const slackId = (kind: string, form: RegExp, advice: string) =>
  z.string().regex(form, `is no id of a Slack ${kind}; write ${advice}`);
const userId = slackId("user", /^[UW][A-Z0-9]{2,40}$/, 'U0123ABCD, which "Copy member ID" in their profile gives');
const channelId = slackId("channel", /^[CG][A-Z0-9]{2,40}$/, "C0123ABCD, the last line of the channel's details");

/** Somebody who has a role: a Slack user or group, by id, or a GitHub login for what is clicked on GitHub. */
const member = z.string().regex(/^([UW][A-Z0-9]{2,40}|S[A-Z0-9]{2,40}|github:[A-Za-z0-9][A-Za-z0-9_-]{0,59})$/, {
  error: ({ input }) =>
    input === "members"
      ? "goes with viewers alone, and without a list: viewers: members"
      : "is nobody; write the id of a Slack user (U0123ABCD) or user group (S0123ABCD), or github:login",
});
const members = z.array(member, { error: "is no list of people; write [U0123ABCD, S0123ABCD]" });

/** Who may do what; those of `slack` hold for every site, beside those of the site. */
const roles = {
  viewers: z
    .union([z.literal("members"), members], {
      error: "is neither members (everybody in the workspace) nor a list such as [U0123ABCD, S0123ABCD]",
    })
    .default([])
    .describe("Who may look: status, logs, releases, diff. members: every full member of the workspace."),
  deployers: members
    .default([])
    .describe(
      "Who may deploy: deploy, redeploy, rebuild, pause, lock, cancel what they asked for, answer a refused deployment.",
    ),
  operators: members
    .default([])
    .describe("Who may do everything: rollback, resume, unlock, cancel any, --force, audit."),
};

const follow = z
  .strictObject({
    channel: slackChannel.optional().describe("Default: the channel of each site."),
    sites: z.array(z.string()).optional().describe("Only the repositories of these sites. Default: all."),
    branches: z
      .array(z.string().min(1))
      .optional()
      .describe('Patterns of branches: [main, "release/*"]. Default: the branch of each site.'),
    workflows: z.array(z.string().min(1)).default([]).describe("Workflows, by name or file. Default: all."),
    conclusions: z
      .array(z.enum(CI_FAILURES))
      .default([...CI_FAILURES])
      .describe("What counts as a failure. Default: all of them."),
    actors: z
      .array(z.string().min(1))
      .default([])
      .describe('Patterns of GitHub logins that started the run: ["!dependabot[bot]"]. Default: everybody.'),
    environments: z
      .array(z.string().min(1))
      .default([])
      .describe("Only runs that deploy to one of these environments of GitHub's. Default: all runs."),
  })
  .describe("A channel that hears when a workflow begins to fail, and when it succeeds again.");

const siteSchema = z
  .strictObject({
    repo: z
      .string()
      .regex(/^[\w.-]+(\/[\w.-]+)+$/, "is no repository; write owner/name")
      .describe(
        "The GitHub repository whose pushes deploy this site, owner/name; with `git`, its name there: group/sub/name.",
      ),
    branch: z.string().min(1).default("main").describe("The branch that is deployed."),
    ...gitAccess,
    folder: folderInRepository.default(".").describe("Folder of the site inside the repository."),
    paths: z
      .array(z.string().min(1))
      .default([])
      .describe(
        'Patterns of paths whose changes deploy: ["src/**", "!**/*.md"]. Default: with `folder`, what lies there.',
      ),
    build: build.prefault({}),
    isolation: z
      .enum(ISOLATIONS)
      .optional()
      .describe(
        "What separates builds from Slipway. Default: bubblewrap where it works, else user; none must be said, since a build can then read what Slipway's user can.",
      ),
    allowHosts: z
      .array(
        z
          .string()
          .regex(/^[A-Za-z0-9.:-]+(\/\d{1,2})?$/, "is no host, address or range; write 10.1.2.3 or 10.1.0.0/16"),
      )
      .default([])
      .describe("Private addresses that builds may reach: a host, an address or a range (10.1.0.0/16)."),
    limits: limits.prefault({}),
    prerender: prerender.optional(),
    check: check.prefault({}),
    publish: target.describe("Where the site lives: ftps://user@host/folder, sftp://…, ftp://… or dir:/folder."),
    password: secretReference.optional().describe("The password of the account in `publish`."),
    plain: z.boolean().default(false).describe("ftp: yes, the password may travel unencrypted."),
    ca: z.string().min(1).optional().describe("ftps: file with PEM certificates to trust, for a private CA."),
    fingerprint: fingerprint
      .optional()
      .describe("ftps: SHA-256 of the host's certificate; with it this certificate alone is accepted."),
    privateKey: secretReference.optional().describe("sftp: the private key, as env:NAME or file:/path."),
    passphrase: secretReference.optional().describe("sftp: the passphrase of `privateKey`."),
    agent: z.string().startsWith("/", "is no absolute path").optional().describe("sftp: socket of an SSH agent."),
    hostKey: z
      .string()
      .regex(/^SHA256:[A-Za-z0-9+/]{43}$/, "is no key's fingerprint; write SHA256: and 43 characters, as ssh-keygen -l")
      .optional()
      .describe("sftp: fingerprint of the host's key, as `ssh-keygen -l` prints it. A host with another is refused."),
    connections: z
      .int()
      .min(1)
      .max(16)
      .optional()
      .describe("Connections to the host at the same time, at most. Default 6."),
    strategy: z
      .enum(["rename", "swap", "symlink"])
      .default("rename")
      .describe(
        "How a release goes live: file by file in one burst of renames, or (for a folder that holds nothing else) by exchanging the whole folder, or by a symbolic link (sftp and dir).",
      ),
    adopt: z.boolean().default(false).describe("Let Slipway replace files that stood on the host before it came."),
    keep: z
      .array(z.string().min(1))
      .default([])
      .describe('Patterns of paths on the host that are never touched: "uploads/**".'),
    keepAssets: z
      .int()
      .min(0)
      .default(3)
      .describe(
        "For how many releases assets with a hash in their name stay on the host, for tabs that are open. 0 ends it.",
      ),
    keepAssetsFor: duration.default(7 * 86_400_000).describe("And for how long at least. Default 7d."),
    releases: z.int().min(1).max(1000).default(20).describe("How many releases are kept for a rollback. Default 20."),
    confirm: z
      .strictObject({
        url: webUrl.describe("Where visitors see the site."),
        wait: duration.default(30_000).describe("How long the release may take to show. Default 30s."),
        rollback: z
          .boolean()
          .default(false)
          .describe("Publish the release before again when pages are missing or the server fails. Default false."),
      })
      .optional()
      .describe("See the release on the live site before calling it live."),
    channel: slackChannel.optional().describe("The Slack channel that follows this site."),
    ...roles,
    secondPerson: z
      .boolean()
      .default(false)
      .describe("rollback, unlock and whatever replaces or removes files of others need another operator's click."),
    githubWrite: z
      .boolean()
      .default(false)
      .describe(
        "Whoever commands the site needs write access to its repository too, under the login that `people` names.",
      ),
    after: z
      .array(z.string().min(1))
      .default([])
      .describe('Workflows, by name or file, that have to succeed for a pushed commit before it is deployed: ["CI"].'),
  })
  .describe("A repository folder that becomes a website.");

export const configSchema = z.strictObject({
  trustedProxies,
  limits: guardLimits.prefault({}),
  url: webUrl.optional().describe("Where people reach Slipway; links in Slack and on GitHub start with it."),
  channel: slackChannel
    .optional()
    .describe("The Slack channel for Slipway's own news, such as a delivery it gave up on."),
  sites: z
    .record(z.string().regex(/^[a-z0-9][a-z0-9-]{0,39}$/, "is no name for a site; use a-z, 0-9 and -"), siteSchema)
    .default({}),
  builds: z
    .strictObject({
      parallel: z
        .int()
        .min(1)
        .max(64)
        .optional()
        .describe("Deployments, of different sites, at the same time. Default: half as many as there are cores."),
      cache: size.default(10 * 1024 ** 3).describe("What the caches of all sites may hold on disk. Default 10GB."),
    })
    .prefault({})
    .describe("What builds of all sites share."),
  slack: z
    .strictObject({
      team: slackId("workspace", /^T[A-Z0-9]{2,40}$/, "T0123ABCD, which stands in the address of Slack in a browser")
        .optional()
        .describe("The workspace whose people may ask for something. Default: the one that the bot is installed in."),
      ...roles,
      channels: z
        .array(channelId)
        .default([])
        .describe("Channels in which every site can be commanded, besides the site's own and `channel`."),
      directMessages: z.boolean().default(false).describe("Whether sites can be commanded in direct messages."),
      sharedChannels: z
        .array(channelId)
        .default([])
        .describe(
          "Channels shared with other workspaces (Slack Connect) in which members of ours may ask all the same.",
        ),
      summary: z
        .strictObject({
          at: z
            .string()
            .regex(/^([01]\d|2[0-3]):[0-5]\d$/, "is no time of day; write 09:00")
            .describe("When, each day."),
          timeZone: z
            .string()
            .default("UTC")
            .refine(isTimeZone, "is no time zone; write Europe/Berlin")
            .describe("Default UTC."),
        })
        .optional()
        .describe("A summary of the day, in each site's channel. Default: none."),
    })
    .prefault({})
    .describe("Slack as the control room: who may ask for what, and where."),
  people: z
    .record(
      userId,
      z.strictObject({
        github: z
          .string()
          .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,59}$/, "is no GitHub login; write it without @")
          .optional()
          .describe("Their login on GitHub."),
        authors: z
          .array(z.string().min(1))
          .default([])
          .describe("How they are called as the author of commits, so that a failure can mention them."),
      }),
    )
    .default({})
    .describe("Who is who: Slack's id → names elsewhere."),
  ci: z
    .array(follow)
    .prefault([{}])
    .describe("Which channels hear of CI. Default: each site's channel, of its branch. []: none."),
  sources: z
    .record(
      z
        .string()
        .regex(/^[a-z0-9][a-z0-9-]{0,39}$/, "is no name for a source; use a-z, 0-9 and -")
        .refine(
          (name) => name !== "github" && name !== "slack",
          "is the name of a source of Slipway's own; take another",
        ),
      sourceSettings,
    )
    .default({})
    .describe("Other senders of webhooks (docs/sources.md)."),
  vault: vaultSettings.optional(),
  webhooks: z
    .array(outgoingSettings)
    .default([])
    .describe("Other programs that are told what happens (docs/webhooks-out.md)."),
});

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

export type Config = z.output<typeof configSchema>;
export type SiteConfig = Config["sites"][string];
