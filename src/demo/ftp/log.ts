/** What the demo's FTP server has seen, for tests and for the demo's story. */

type StoredFile = { readonly path: string; readonly bytes: number };

export type FtpLog = {
  /** How often each command came. */
  readonly commands: ReadonlyMap<string, number>;
  /** All commands in the order in which they were carried out, over all connections; passwords are left out. */
  readonly lines: readonly string[];
  /** Uploads that were answered with 226, in that order; `bytes` as they arrived, also of a truncated one. */
  readonly stored: readonly StoredFile[];
  /** Bytes that arrived in uploads, whole ones and others. */
  readonly bytesReceived: number;
  /** Control connections: all so far, those open now, and the most that were open at a time. */
  readonly connections: number;
  readonly openConnections: number;
  readonly peakConnections: number;
  countCommand(verb: string, argument: string): void;
  countStored(path: string, bytes: number): void;
  countBytes(bytes: number): void;
  countConnection(change: 1 | -1): void;
  /** Forgets everything but the connections that are open. */
  reset(): void;
};

export function createFtpLog(): FtpLog {
  const commands = new Map<string, number>();
  const lines: string[] = [];
  const stored: StoredFile[] = [];
  let bytesReceived = 0;
  let connections = 0;
  let openConnections = 0;
  let peakConnections = 0;
  return {
    commands,
    lines,
    stored,
    get bytesReceived() {
      return bytesReceived;
    },
    get connections() {
      return connections;
    },
    get openConnections() {
      return openConnections;
    },
    get peakConnections() {
      return peakConnections;
    },
    countCommand(verb, argument) {
      commands.set(verb, (commands.get(verb) ?? 0) + 1);
      lines.push(argument === "" ? verb : `${verb} ${argument}`);
    },
    countStored(path, bytes) {
      stored.push({ path, bytes });
    },
    countBytes(bytes) {
      bytesReceived += bytes;
    },
    countConnection(change) {
      openConnections += change;
      if (change > 0) connections += 1;
      peakConnections = Math.max(peakConnections, openConnections);
    },
    reset() {
      commands.clear();
      lines.length = 0;
      stored.length = 0;
      bytesReceived = 0;
      connections = openConnections;
      peakConnections = openConnections;
    },
  };
}
