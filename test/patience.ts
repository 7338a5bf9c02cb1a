/** How long a test waits for what happens at once on an idle machine; vitest's own second is too short on a busy one. */
export const PATIENCE = { timeout: 30_000 };
