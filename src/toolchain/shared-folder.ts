/** Folders that every user of the machine may look into: builds may run as another one. */
import { chmod, mkdir } from "node:fs/promises";

/** Makes the folder, and lets others read it whatever the umask is. */
export async function makeShared(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await chmod(folder, 0o755);
}
