/** The payloads that GitHub publishes as examples, and what ours lack of them. */

type Json = Record<string, unknown>;

/** The first example of an event that fits. */
export async function readExample(event: string, fits: (example: Json) => boolean): Promise<Json> {
  const { default: examples } = await import("@octokit/webhooks-examples");
  const all = examples as unknown as ReadonlyArray<{ name: string; examples: Json[] }>;
  const found = all.find((one) => one.name === event)?.examples.find(fits);
  if (!found) throw new Error(`there is no such example of ${event}`);
  return found;
}

/** Paths of the keys that the example has and ours lacks. */
export function missingKeys(example: unknown, ours: unknown, path = ""): string[] {
  if (example === null || typeof example !== "object" || Array.isArray(example)) return [];
  return Object.entries(example).flatMap(([key, value]) => {
    const own = (ours as Json | null | undefined)?.[key];
    const here = `${path}.${key}`;
    // Permissions differ from App to App.
    if (key === "permissions") return [];
    return own === undefined ? [here] : missingKeys(value, own, here);
  });
}
