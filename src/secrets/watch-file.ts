/** Tells when a file may have changed, also where it is reached through links that are exchanged. */
import { type FSWatcher, watch } from "node:fs";
import { dirname } from "node:path";

/**
 * Calls `onChange` whenever something happens in the file's folder. The folder is watched, not the file: Kubernetes
 * exchanges a link beside it (https://kubernetes.io/docs/concepts/storage/volumes/#configmap, `..data`), and others
 * rename a new file over the old one. Where a folder cannot be watched nothing is said: whoever calls looks now and then as well.
 */
export function watchFile(path: string, onChange: () => void): { close(): void } {
  let watcher: FSWatcher | undefined;
  try {
    watcher = watch(dirname(path), { persistent: false }, onChange);
    watcher.on("error", () => watcher?.close());
  } catch {
    // The folder is not there, or the machine's watches are used up.
  }
  return { close: () => watcher?.close() };
}
