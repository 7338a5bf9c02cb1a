/** Reads what another program sends, no further than a limit: whatever comes, memory stays bounded. */

/** All of it; null where it is more than `maxBytes`, of which the rest is not read: the transfer is ended. Throws where it breaks off. */
export async function readAtMost(body: AsyncIterable<Uint8Array> | null, maxBytes: number): Promise<Buffer | null> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body ?? []) {
    length += chunk.length;
    // Leaving the loop cancels the rest.
    if (length > maxBytes) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
