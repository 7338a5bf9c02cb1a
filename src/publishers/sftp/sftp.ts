/** Publishes over SFTP (draft-ietf-secsh-filexfer-02, over SSH: RFC 4251 to 4254). */
import { UNKNOWN_HOST } from "../host-profile.ts";
import type { Publisher, SftpTarget } from "../publisher.ts";
import { connectSftp } from "./connection.ts";
import { createHostTrust } from "./host-key.ts";
import { createSftpLine } from "./line.ts";
import { prepareLogin } from "./login.ts";
import { createSftpSession } from "./session.ts";
import { createSftpUploader } from "./upload.ts";

export type SftpOptions = {
  /** How long the host may leave everything unanswered. */
  readonly stallTimeoutMs: number;
  /** How often a lost connection is made again in a row, and one file is tried. */
  readonly maxTries: number;
  /** Wait before the second try; doubles from then on, up to a minute. */
  readonly retryDelayMs: number;
  /** Files under way at the same time. Servers limit open files; OpenSSH to what the system allows, mostly 1024. */
  readonly maxFiles: number;
  /** Bytes that are sent and not confirmed, over all files. */
  readonly maxBytes: number;
};

const DEFAULTS: SftpOptions = {
  stallTimeoutMs: 30_000,
  maxTries: 5,
  retryDelayMs: 1000,
  maxFiles: 64,
  maxBytes: 16 * 1024 * 1024,
};

/** The port of RFC 4253 section 4. */
const SSH_PORT = 22;

export function createSftpPublisher(target: SftpTarget, options: Partial<SftpOptions> = {}): Publisher {
  const settings = { ...DEFAULTS, ...options };
  const port = target.port === SSH_PORT ? "" : `:${target.port}`;
  const host = target.host.includes(":") ? `[${target.host}]` : target.host;
  return {
    label: `sftp://${target.user}@${host}${port}${target.folder}`,
    async open({ say = () => {}, profile: known = UNKNOWN_HOST } = {}) {
      // Only here, for those who publish over FTP never need it.
      const { default: ssh2 } = await import("ssh2");
      const trust = createHostTrust(target, known.hostKey);
      const login = prepareLogin(ssh2, target);
      const { stallTimeoutMs } = settings;
      const connect = (signal?: AbortSignal) => connectSftp(target, { ssh2, trust, login, stallTimeoutMs, signal });
      const first = await connect();
      const line = createSftpLine({ first, connect, settings, say });
      const uploader = createSftpUploader(line, { ...settings, say });
      const profile = () => ({
        ...known,
        replaces: first.renamesOver ? ("rename" as const) : ("remove-and-rename" as const),
        hostKey: trust.trusted(),
      });
      return createSftpSession({ line, uploader, first, profile });
    },
  };
}
