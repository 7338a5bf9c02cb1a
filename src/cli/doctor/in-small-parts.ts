/** Asks for many things, a few at a time. */

/** A few, so that no limit of Slack's (some 20 a minute for the strictest method, in bursts) is reached at once. */
const AT_A_TIME = 8;

/** What `work` makes of each, in their order. */
export async function inSmallParts<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const worker = async () => {
    for (let index = next++; index < items.length; index = next++) results[index] = await work(items[index] as T);
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, worker));
  return results;
}
