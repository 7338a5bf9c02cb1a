/** To read the audit log, from the command line. */
import { z } from "zod";
import type { AuditEntry } from "../model/answer.ts";
import { listAudit } from "../store/audit.ts";
import { requireSite } from "./deed-context.ts";
import type { OperationDeps } from "./operation.ts";

const input = z.strictObject({
  name: z.string().min(1).max(300).optional(),
  limit: z.int().min(1).max(1000).default(20),
});

/** The newest entries, newest first, of one site or of all. */
export async function audit(deps: OperationDeps, given: unknown): Promise<AuditEntry[]> {
  const { name, limit } = input.parse(given);
  if (name !== undefined) requireSite(deps, name);
  return deps.store.transact((tx) => listAudit(tx, name === undefined ? { limit } : { site: name, limit }));
}
