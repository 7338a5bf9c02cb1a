/** Whether the service is alive, and whether it can take deliveries. */
import type { HttpAnswer, Route } from "../http/server.ts";
import type { Store } from "../store/store.ts";
import { first, type Tx, type Work } from "../store/work.ts";

const OK: HttpAnswer = { status: 200, type: "application/json", body: '{"ok":true}' };

/** `isStopping` turns /readyz to 503 as soon as the service winds down, so that a balancer looks elsewhere. */
export function healthRoutes(deps: { store: Store; isStopping: () => boolean }): Route[] {
  return [
    { method: "GET", path: "/healthz", handle: async () => OK },
    {
      method: "GET",
      path: "/readyz",
      async handle() {
        if (deps.isStopping()) return notReady("stopping");
        try {
          await deps.store.transact(canWrite);
          return OK;
        } catch {
          return notReady("the store cannot be written");
        }
      },
    },
  ];
}

/** Takes the write lock and asks for a row, without changing anything. */
function* canWrite(tx: Tx): Work<void> {
  yield* first(tx.db.selectFrom("sites").select("name").limit(1));
}

function notReady(error: string): HttpAnswer {
  return {
    status: 503,
    type: "application/json",
    body: JSON.stringify({ ok: false, error }),
    headers: { "retry-after": "5" },
  };
}
