/** SQLite needs locks and shared memory that network file systems only pretend to have, so these are refused. */
import { statfsSync } from "node:fs";
import { OperatorError } from "../errors.ts";

/** Magic numbers of statfs(2), from the Linux manual page and linux/magic.h. */
const NETWORK_FILE_SYSTEMS: Record<number, string> = {
  26985: "NFS", // 0x6969
  20859: "SMB", // 0x517b
  4283649346: "CIFS", // 0xff534d42
  4266872130: "SMB2", // 0xfe534d42
  1397113167: "AFS", // 0x5346414f
  1799439955: "AFS", // 0x6b414653
  1937076805: "Coda", // 0x73757245
  12805120: "Ceph", // 0x00c36400
  16914839: "9P", // 0x01021997
  198183888: "GlusterFS", // 0x0bd00bd0
};

/** Throws OperatorError when `folder` is on a network file system. `type` is for tests. */
export function refuseNetworkFileSystem(folder: string, type: number = statfsSync(folder).type): void {
  const name = NETWORK_FILE_SYSTEMS[type >>> 0];
  if (!name) return;
  throw new OperatorError(
    "DATA_DIR",
    `${folder} is on ${name}, where SQLite loses data; choose a local disk, or set DATABASE_URL to a Postgres`,
  );
}
