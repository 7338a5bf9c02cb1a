/** Slipway's token at Vault: logging in, renewing the lease, logging in anew where that is refused. */
import { z } from "zod";
import type { VaultSettings } from "../config/vault-settings.ts";
import { describeError, OperatorError } from "../errors.ts";
import type { Log } from "../log.ts";
import { readSecretFile } from "./read-secret-file.ts";
import { type Repeated, repeat } from "./repeat.ts";
import { type Secret, secret } from "./secret.ts";
import { resolveSecret } from "./secret-reference.ts";
import type { VaultRequest } from "./vault-request.ts";

export type VaultLogin = {
  /** A token that is valid, as far as is known. Throws OperatorError where Vault refuses, RetryLaterError where it is away. */
  token(): Promise<Secret>;
  /** Vault did not take this token: the next one is got by a new login. */
  forget(token: Secret): void;
  /** Gives a token back that a login made. */
  close(): Promise<void>;
};

type Lease = {
  readonly token: Secret;
  /** 0: no end. `firstMs` is what it was before it was ever renewed. */
  readonly leaseMs: number;
  readonly firstMs: number;
  readonly isRenewable: boolean;
  /** Whether a login of ours made it, so that we may revoke it. */
  readonly isOurs: boolean;
};

/** https://openbao.org/api-docs/auth/approle/#login-with-approle, /auth/kubernetes/#login, /auth/token/#renew-a-token-self */
const authAnswer = z.object({
  auth: z.object({ client_token: z.string().min(1), lease_duration: z.number().min(0), renewable: z.boolean() }),
});
/** https://openbao.org/api-docs/auth/token/#lookup-a-token-self */
const lookupAnswer = z.object({ data: z.object({ ttl: z.number().min(0), renewable: z.boolean().default(false) }) });

/** A lease is renewed after this part of it, and where that fails tried again after a part of what is left. */
const RENEW_AFTER = 2 / 3;
const RETRY_AFTER = 1 / 4;
const MIN_WAIT_MS = 500;
/** setTimeout counts in 32 bits. */
const MAX_WAIT_MS = 2 ** 31 - 1;
/** Near the end of a token's longest life Vault renews for less and less. */
const WORTH_KEEPING = 1 / 2;

export type VaultLoginDeps = {
  readonly settings: VaultSettings;
  readonly ask: VaultRequest;
  /** For giving the token back, when `ask` has ended. */
  readonly askLast: VaultRequest;
  /** Where the references of the settings point into. */
  readonly env: NodeJS.ProcessEnv;
  readonly log: Pick<Log, "info" | "warn">;
  /** Milliseconds since 1970. */
  readonly now: () => number;
};

/** Logs in when a token is asked for the first time. */
export function createVaultLogin({ settings, ask, askLast, env, log, now }: VaultLoginDeps): VaultLogin {
  let lease: Lease | null = null;
  let endsAtMs = Number.POSITIVE_INFINITY;
  let pending: Promise<Lease> | null = null;
  let renewal: Repeated | null = null;
  let isClosed = false;

  function login(): Promise<Lease> {
    pending ??= logIn({ settings, ask, env })
      .then(adopt)
      .finally(() => {
        pending = null;
      });
    return pending;
  }

  function adopt(next: Lease): Lease {
    lease = next;
    endsAtMs = next.leaseMs === 0 ? Number.POSITIVE_INFINITY : now() + next.leaseMs;
    if (next.leaseMs === 0 || isClosed) return next;
    if (renewal) renewal.again(waitFor(next.leaseMs));
    else renewal = repeat(waitFor(next.leaseMs), keepAlive);
    return next;
  }

  /** Answers with how long to wait until the next time. */
  async function keepAlive(): Promise<number> {
    try {
      const next = lease && ((await renew(ask, lease)) ?? (await login()));
      if (next && next !== lease) adopt(next);
      return next && next.leaseMs > 0 ? waitFor(next.leaseMs) : MAX_WAIT_MS;
    } catch (error) {
      const leftMs = endsAtMs - now();
      if (!isClosed)
        log.warn({ error: describeError(error) }, "the token of Vault could not be renewed; it is tried again");
      if (leftMs <= 0) lease = null;
      return Math.max(MIN_WAIT_MS, Math.min(leftMs * RETRY_AFTER, 30_000));
    }
  }

  return {
    async token() {
      return (lease ?? (await login())).token;
    },
    forget(token) {
      if (lease?.token === token) lease = null;
    },
    async close() {
      isClosed = true;
      await renewal?.stop();
      const last = lease;
      lease = null;
      if (!last?.isOurs) return;
      // Where it fails the token ends with its lease.
      await askLast({ method: "POST", path: "auth/token/revoke-self", token: last.token, body: {} }).catch(() => {});
    },
  };
}

const waitFor = (leaseMs: number) => Math.min(MAX_WAIT_MS, Math.max(MIN_WAIT_MS, leaseMs * RENEW_AFTER));

/** The lease for another while; null where only a new login helps. Throws what `ask` throws. */
async function renew(ask: VaultRequest, lease: Lease): Promise<Lease | null> {
  if (!lease.isRenewable) return null;
  const answer = await ask({ method: "POST", path: "auth/token/renew-self", token: lease.token, body: {} });
  const parsed = authAnswer.safeParse(answer.json);
  if (answer.status !== 200 || !parsed.success) return null;
  const { lease_duration, renewable } = parsed.data.auth;
  const leaseMs = lease_duration * 1000;
  if (lease.isOurs && leaseMs < lease.firstMs * WORTH_KEEPING) return null;
  return { ...lease, leaseMs, isRenewable: renewable };
}

type LogInDeps = Pick<VaultLoginDeps, "settings" | "ask" | "env">;

async function logIn({ settings, ask, env }: LogInDeps): Promise<Lease> {
  const { token, appRole, kubernetes } = settings;
  if (appRole) {
    const secretId = resolveSecret(appRole.secretId, "vault.appRole.secretId", env).reveal();
    const body = { role_id: appRole.roleId, secret_id: secretId };
    return logInAt(ask, "vault.appRole", appRole.mount, body);
  }
  if (kubernetes) {
    // Read each time: Kubernetes exchanges it every hour.
    const jwt = await readSecretFile(kubernetes.jwt, "vault.kubernetes.jwt");
    return logInAt(ask, "vault.kubernetes", kubernetes.mount, { role: kubernetes.role, jwt });
  }
  if (!token) throw new OperatorError("vault", "has to name one of token, appRole and kubernetes");
  return lookUp(ask, resolveSecret(token, "vault.token", env));
}

async function logInAt(ask: VaultRequest, key: string, mount: string, body: Record<string, string>): Promise<Lease> {
  const answer = await ask({ method: "POST", path: `auth/${mount}/login`, token: null, body });
  const parsed = authAnswer.safeParse(answer.json);
  if (answer.status !== 200 || !parsed.success) {
    const why =
      answer.status === 404
        ? `nothing is mounted at auth/${mount}`
        : "the role or its credential is wrong or has ended";
    throw new OperatorError(key, `Vault refuses the login (${answer.status}): ${why}`);
  }
  const { client_token, lease_duration, renewable } = parsed.data.auth;
  const leaseMs = lease_duration * 1000;
  return { token: secret(client_token), leaseMs, firstMs: leaseMs, isRenewable: renewable, isOurs: true };
}

async function lookUp(ask: VaultRequest, token: Secret): Promise<Lease> {
  if (!/^[\x21-\x7e]+$/.test(token.reveal()))
    throw new OperatorError("vault.token", "holds characters that no token has");
  const answer = await ask({ method: "GET", path: "auth/token/lookup-self", token });
  const parsed = lookupAnswer.safeParse(answer.json);
  if (answer.status !== 200 || !parsed.success) {
    const why = "it has ended, was revoked, or belongs to another namespace";
    throw new OperatorError("vault.token", `Vault does not take the token (${answer.status}): ${why}`);
  }
  const { ttl, renewable } = parsed.data.data;
  return { token, leaseMs: ttl * 1000, firstMs: ttl * 1000, isRenewable: renewable, isOurs: false };
}
