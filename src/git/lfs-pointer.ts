/** Reads the small files that stand for large ones in Git LFS. */

export type LfsPointer = { readonly oid: string; readonly bytes: number };

/** Pointers are smaller (git-lfs, docs/spec.md, "The Pointer": "less than 1024 bytes in size"). */
export const MAX_POINTER_BYTES = 1024;

/** The pointer that a file's text is, or null (git-lfs, docs/spec.md): version first, then keys in order, sha256 alone. */
export function parsePointer(text: string): LfsPointer | null {
  const [version, ...lines] = text.split("\n");
  if (version !== "version https://git-lfs.github.com/spec/v1") return null;
  const oid = /^oid sha256:([0-9a-f]{64})$/.exec(lines.find((line) => line.startsWith("oid ")) ?? "")?.[1];
  const bytes = /^size (\d{1,15})$/.exec(lines.find((line) => line.startsWith("size ")) ?? "")?.[1];
  return oid === undefined || bytes === undefined ? null : { oid, bytes: Number(bytes) };
}
