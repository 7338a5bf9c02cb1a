/** The name by which a publish knows its own lock on a host again, also after the process that took it was killed. */
import { createHash, randomUUID } from "node:crypto";
import { once } from "node:events";
import { readFile, readlink } from "node:fs/promises";
import { createServer } from "node:net";

export type OwnerId = {
  readonly id: string;
  /** Lets another process have it. */
  release(): void;
};

/**
 * An id that no other running process has for this target. On Linux the next process gets the same one once this one
 * has ended, however it ended: who listens on an abstract socket (unix(7)) is alone in its network namespace, and the
 * kernel takes the name back. Elsewhere, or when somebody listens already, it is a new one, and a lock that was left
 * behind is respected until it runs out.
 */
export async function claimOwnerId(label: string): Promise<OwnerId> {
  const random = { id: randomUUID(), release: () => {} };
  if (process.platform !== "linux") return random;
  try {
    // Both are needed: containers share the boot, and other machines may number their namespaces alike.
    const boot = await readFile("/proc/sys/kernel/random/boot_id", "utf8");
    const namespace = await readlink("/proc/self/ns/net");
    const id = createHash("sha256").update(`${boot}${namespace}${label}`).digest("hex").slice(0, 32);
    const server = createServer((socket) => socket.destroy()).unref();
    server.listen({ path: `\0slipway-publish-${id}` });
    await once(server, "listening");
    return { id, release: () => void server.close() };
  } catch {
    return random;
  }
}
