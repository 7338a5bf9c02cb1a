/** Deployments to be queued, and a claim on them, for the suites that every store passes. */
import type { NewDeployment } from "../../src/store/insert-deployment.ts";

let count = 0;

/** A push to the shop, unlike any other. */
export function newDeployment(given: Partial<NewDeployment> = {}): NewDeployment {
  count++;
  return {
    id: `d-${String(count).padStart(4, "0")}`,
    site: "shop",
    trigger: "push",
    cause: `push ${count}`,
    repoId: 4_000_000_000,
    repoName: "acme/shop",
    installationId: 9,
    branch: "main",
    commit: "a".repeat(40),
    author: "Zoë",
    title: "Fix “quotes” & 🚢",
    ...given,
  };
}

export const claim = { boot: "boot-1", nowMs: 1000, untilMs: 61_000 };
