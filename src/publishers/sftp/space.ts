/** Finds out whether a refusal means a full disk, which version 3 of SFTP has no code for. */
import { HostFullError } from "../publisher.ts";
import type { SftpConnection } from "./connection.ts";
import { space } from "./requests.ts";
import { hasCode, STATUS, saysFull } from "./status.ts";

/**
 * A HostFullError when the host's disk has no room for `bytes` more in `folder`, or said so itself; otherwise
 * undefined. A full quota shows in neither way, and stays a plain failure.
 */
export async function explainFull(
  connection: SftpConnection,
  error: unknown,
  folder: string,
  bytes: number,
): Promise<HostFullError | undefined> {
  const full = () => new HostFullError("There is no room left on the host.", { cause: error });
  if (saysFull(error)) return full();
  if (!hasCode(error, STATUS.failure)) return undefined;
  const left = await space(connection, folder).catch(() => undefined);
  if (left === undefined) return undefined;
  // statvfs@openssh.com (OpenSSH's PROTOCOL, 4.4). File systems without a fixed number of files say 0 of both.
  const hasNoFiles = left.f_files > 0 && left.f_favail === 0;
  return left.f_bavail * left.f_frsize < Math.max(bytes, 1) || hasNoFiles ? full() : undefined;
}
