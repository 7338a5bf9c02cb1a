/** Publishes over FTP and FTPS (RFC 959, RFC 4217). */
import { OperatorError } from "../../errors.ts";
import type { FtpTarget, OpenOptions, Publisher } from "../publisher.ts";
import { connectFtp } from "./connection.ts";
import { createHostFacts } from "./facts.ts";
import { openFtpPool } from "./pool.ts";
import { createFtpSession } from "./session.ts";
import { keyOf } from "./setting.ts";
import { trustFor } from "./trust.ts";

export type FtpOptions = {
  /** Connections at the same time, where the target does not say. Shared hosts commonly allow 8 per address, some 3. */
  readonly maxConnections: number;
  /** How long a connection may be silent while something is under way. Logins of some hosts take 20 s under load. */
  readonly stallTimeoutMs: number;
  /** How often one file or one batch of commands is tried. */
  readonly maxTries: number;
  /** Wait before the second try; doubles from then on, up to a minute. */
  readonly retryDelayMs: number;
  /** Age at which a connection is replaced between two files. Hosts end sessions after 30 to 60 minutes. */
  readonly maxAgeMs: number;
};

const DEFAULTS: FtpOptions = {
  maxConnections: 6,
  stallTimeoutMs: 30_000,
  maxTries: 8,
  retryDelayMs: 1000,
  maxAgeMs: 25 * 60_000,
};

export function createFtpPublisher(target: FtpTarget, options: Partial<FtpOptions> = {}): Publisher {
  const { maxConnections, stallTimeoutMs, ...rest } = { ...DEFAULTS, ...options };
  const isChosen = target.connections !== null;
  const settings = { ...rest, maxConnections: target.connections ?? maxConnections, isChosen };
  const port = target.port === (target.implicit ? 990 : 21) ? "" : `:${target.port}`;
  const host = target.host.includes(":") ? `[${target.host}]` : target.host;
  return {
    label: `${target.protocol}://${target.user}@${host}${port}${target.folder}`,
    async open({ say = () => {}, profile }: OpenOptions = {}) {
      const facts = createHostFacts(profile);
      const trust = trustFor(target, facts.profile);
      const pool = await openFtpPool({
        connect: () => connectFtp(target, { trust, stallTimeoutMs, facts }),
        isLoginRefused: (error) => error instanceof OperatorError && error.key === keyOf(target, "password"),
        facts,
        settings,
        say,
      });
      return createFtpSession(pool, facts, settings.maxTries).catch((error: unknown) => {
        pool.close();
        throw error;
      });
    },
  };
}
