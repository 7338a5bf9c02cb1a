/** Picks the publisher for a target. A new protocol is one file and one line here. */
import { createDirectoryPublisher } from "./directory/directory.ts";
import { createFtpPublisher } from "./ftp/ftp.ts";
import type { Publisher, Target } from "./publisher.ts";
import { createSftpPublisher } from "./sftp/sftp.ts";

type Kinds = { readonly [Protocol in Target["protocol"]]: (target: TargetOf<Protocol>) => Publisher };
type TargetOf<Protocol> = Target extends infer One
  ? One extends { protocol: infer P }
    ? Protocol extends P
      ? One
      : never
    : never
  : never;

const KINDS: Kinds = {
  ftp: (target) => createFtpPublisher(target),
  ftps: (target) => createFtpPublisher(target),
  sftp: (target) => createSftpPublisher(target),
  dir: createDirectoryPublisher,
};

export function createPublisher(target: Target): Publisher {
  // The table's type ties each line to its protocol; that the line found belongs to this target cannot be expressed.
  const create = KINDS[target.protocol] as (target: Target) => Publisher;
  return create(target);
}
