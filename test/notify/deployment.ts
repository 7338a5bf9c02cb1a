/** Deployments and outbox rows for tests of telling. */
import type { Deployment } from "../../src/model/deployment.ts";
import type { DeploymentNews } from "../../src/notify/announce.ts";
import type { OutboxRow } from "../../src/store/outbox.ts";

/** A deployment that waits, with `part` changed. */
export function aDeployment(part: Partial<Deployment>): Deployment {
  return {
    id: "d-mf2k9x1c-4f7a",
    site: "shop",
    state: "queued",
    stage: null,
    trigger: "push",
    cause: "push:1",
    repoId: 1,
    repoName: "acme/shop",
    installationId: 100,
    branch: "main",
    commit: "a1b2c3d4e5f60718293a4b5c6d7e8f9001122334",
    author: "Alice",
    title: "Fix footer",
    askedRelease: null,
    askedCommit: null,
    force: false,
    cleanCaches: false,
    content: null,
    runId: null,
    adopt: false,
    allowRemovals: false,
    askedBy: null,
    consent: null,
    releaseId: null,
    stats: null,
    reason: null,
    supersededBy: null,
    remarks: [],
    attempts: 1,
    isInterrupted: false,
    notBeforeMs: 0,
    createdAtMs: 0,
    startedAtMs: null,
    finishedAtMs: null,
    ...part,
  };
}

/** What is told about it. */
export function news(part: Partial<Deployment>): DeploymentNews {
  return {
    deployment: aDeployment(part),
    siteUrl: "https://shop.example.com",
    logUrl: "https://deploy.example.com/deployments/d-1/log?key=a&b=c",
    hasButtons: true,
  };
}

/** A row as the outbox hands it to a performer. */
export function aRow(part: Partial<OutboxRow> & Pick<OutboxRow, "kind" | "desired">): OutboxRow {
  return {
    id: 1,
    key: "key:1",
    deploymentId: "d-mf2k9x1c-4f7a",
    desiredVersion: 1,
    remote: null,
    inDoubt: false,
    attempts: 1,
    isUrgent: false,
    createdAtMs: Date.now(),
    notAfterMs: null,
    late: null,
    ...part,
  };
}
