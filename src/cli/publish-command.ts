/** `slipway publish`: its options. Only what reads them is loaded here; the work is loaded when the command runs. */
import { type Command, Option } from "commander";
import {
  DEFAULT_TIMEOUT_MS,
  type PublishArguments,
  readCount,
  readDuration,
  readFingerprint,
  readHostKey,
  readSiteUrl,
  readStrategy,
  STRATEGIES,
} from "./publish-arguments.ts";

type Given = {
  to: string;
  keep: string[];
  exclude: string[];
  dryRun?: true;
  json?: true;
  quiet?: true;
  connections?: string;
  keepAssets?: string;
  plain?: true;
  insecure?: true;
  ca?: string;
  fingerprint?: string;
  key?: string;
  agent?: true;
  hostKey?: string;
  acceptNewHostKey?: true;
  adopt?: true;
  allowRemovals?: true;
  strategy: string;
  siteUrl?: string;
  state?: string;
  passwordFile?: string;
  timeout?: string;
};

const HELP = `
The password comes from SLIPWAY_PASSWORD, from --password-file, or is asked for. A private key may also stand in
SLIPWAY_PRIVATE_KEY; its passphrase comes from SLIPWAY_KEY_PASSPHRASE or is asked for. Examples:
  slipway publish dist --to ftps://deploy@ftp.example.com/httpdocs
  slipway publish dist --to sftp://deploy@example.com/var/www/site --key ~/.ssh/id_ed25519 --host-key SHA256:…
  slipway publish dist --to dir:/var/www/site --dry-run`;

/** Adds the command. `env` is the environment that it is run with. */
export function addPublishCommand(program: Command, env: NodeJS.ProcessEnv): void {
  const several = (value: string, before: string[]) => [...before, value];
  program
    .command("publish")
    .description("publish a folder to an FTP, FTPS or SFTP host; needs no service and no configuration")
    .argument("<dir>", "the folder to publish")
    .requiredOption("--to <url>", "ftps://user@host/folder, sftp://…, ftp://… or dir:/folder")
    .option("--dry-run", "say what would change, and change nothing")
    .option("--keep <glob>", "never touch these paths on the host (repeatable)", several, [])
    .option("--exclude <glob>", "do not publish these paths (repeatable)", several, [])
    .option("--adopt", "replace files that others put under names of this site")
    .option("--allow-removals", "allow to remove more than half of the files on the host")
    .option("--keep-assets <releases>", "how many releases old assets with a hash in their name stay; 0 removes them")
    .addOption(new Option("--strategy <how>", "how the site changes over").choices(STRATEGIES).default("rename"))
    .option("--site-url <url>", "where visitors see the site, to check that Slipway's own folder does not show there")
    .option("--state <dir>", "remember here what was published and what was learned of the host")
    .option("--connections <number>", "connections at the same time, at most")
    .option("--timeout <duration>", "limit for the whole: 30s, 15m, 2h (default: 2h)")
    .option("--password-file <file>", "read the password from this file, or from standard input with -")
    .option("--plain", "ftp: accept that password and files travel unencrypted")
    .option("--ca <file>", "ftps: trust these certificates too (PEM)")
    .option("--fingerprint <sha256>", "ftps: accept this one certificate only, whoever signed it")
    .option("--insecure", "ftps: accept any certificate, so anybody in between may listen")
    .option("--key <file>", "sftp: log in with this private key")
    .option("--agent", "sftp: log in with the keys of the SSH agent (SSH_AUTH_SOCK)")
    .option("--host-key <fingerprint>", "sftp: the host's key, SHA256:…")
    .option("--accept-new-host-key", "sftp: trust the key that the host shows the first time")
    .option("--json", "print the outcome as JSON; everything else goes to standard error")
    .option("--quiet", "say only how it ended")
    .addHelpText("after", HELP)
    .action(async (folder: string, given: Given) => {
      const { runPublish } = await import("./run-publish.ts");
      process.exitCode = await runPublish(toArguments(folder, given), { env, process });
    });
}

function toArguments(folder: string, given: Given): PublishArguments {
  const read = <T>(text: string | undefined, how: (text: string) => T): T | null =>
    text === undefined ? null : how(text);
  return {
    folder,
    to: given.to,
    keep: given.keep,
    exclude: given.exclude,
    dryRun: given.dryRun ?? false,
    json: given.json ?? false,
    quiet: given.quiet ?? false,
    connections: read(given.connections, (text) => readCount("--connections", text, 1)),
    keepAssets: read(given.keepAssets, (text) => readCount("--keep-assets", text, 0)),
    plain: given.plain ?? false,
    insecure: given.insecure ?? false,
    ca: given.ca ?? null,
    fingerprint: read(given.fingerprint, (text) => readFingerprint("--fingerprint", text)),
    key: given.key ?? null,
    agent: given.agent ?? false,
    hostKey: read(given.hostKey, (text) => readHostKey("--host-key", text)),
    acceptNewHostKey: given.acceptNewHostKey ?? false,
    adopt: given.adopt ?? false,
    allowRemovals: given.allowRemovals ?? false,
    strategy: readStrategy("--strategy", given.strategy),
    siteUrl: read(given.siteUrl, (text) => readSiteUrl("--site-url", text)),
    state: given.state ?? null,
    passwordFile: given.passwordFile ?? null,
    timeoutMs: read(given.timeout, (text) => readDuration("--timeout", text)) ?? DEFAULT_TIMEOUT_MS,
  };
}
