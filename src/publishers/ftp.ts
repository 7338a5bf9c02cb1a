/** Publishes over FTP and FTPS (RFC 959, RFC 4217). */
import { connectFtp, trustFor } from "./ftp-connection.ts";
import { createFtpPool } from "./ftp-pool.ts";
import { createFtpSession } from "./ftp-session.ts";
import type { FtpTarget, Publisher } from "./publisher.ts";

export type FtpOptions = {
  /** Connections at the same time. Shared hosts commonly allow 8 per address, some only 3. */
  readonly maxConnections: number;
  /** How long a connection may be silent while something is under way. Logins of some hosts take 20 s under load. */
  readonly stallTimeoutMs: number;
  /** How often one file or one batch of commands is tried. */
  readonly maxTries: number;
  /** Wait before the second try; doubles from then on, up to a minute. */
  readonly retryDelayMs: number;
};

const DEFAULTS: FtpOptions = { maxConnections: 4, stallTimeoutMs: 30_000, maxTries: 5, retryDelayMs: 1000 };

export function createFtpPublisher(target: FtpTarget, options: Partial<FtpOptions> = {}): Publisher {
  const settings = { ...DEFAULTS, ...options };
  const port = target.port === (target.implicit ? 990 : 21) ? "" : `:${target.port}`;
  const host = target.host.includes(":") ? `[${target.host}]` : target.host;
  return {
    label: `${target.protocol}://${target.user}@${host}${port}${target.folder}`,
    async open(say = () => {}) {
      const secureContext = trustFor(target);
      const connect = () => connectFtp(target, { secureContext, stallTimeoutMs: settings.stallTimeoutMs });
      const pool = createFtpPool({ first: await connect(), connect, settings, say });
      return createFtpSession(pool, settings.maxTries);
    },
  };
}
