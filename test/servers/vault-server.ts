/**
 * A small server of the HTTP API of HashiCorp Vault 1.x and OpenBao 2.x, version v1, as far as Slipway uses it, written
 * after its documents: no registry that this project uses has the real program. Each answer has the shape of the sample
 * in the document named beside it. It is strict about headers, methods and bodies, and counts what it was asked.
 */
import { randomUUID } from "node:crypto";
import { createServer as createHttp, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createHttps } from "node:https";
import type { AddressInfo } from "node:net";

type TokenInfo = { ttl: number; renewable: boolean; endsAtMs: number };

export type VaultServer = {
  readonly address: string;
  /** The token that is valid until it is revoked, where one logs in with a token. */
  readonly token: string;
  /** "POST auth/approle/login", in order. */
  readonly asked: string[];
  /** The tokens that logins made, oldest first. */
  readonly made: string[];
  /** Of KV version 2 at `kv/`: fields by path; null: its newest version was deleted. */
  readonly secrets: Map<string, Record<string, unknown> | null>;
  /** Every request is answered with this status, as a node that is sealed or a standby does. */
  answerAll(status: number | null): void;
  /** Requests are taken, and never answered. */
  hang(isHanging: boolean): void;
  /** Renewals are refused from now on. */
  refuseRenewals(): void;
  /** Ends a token before its time; all of them without an argument. */
  revoke(token?: string): void;
  stop(): Promise<void>;
};

export type VaultOptions = {
  /** The lease of a login, in seconds, and what a renewal gives. Default an hour. */
  readonly lease?: number;
  readonly renewable?: boolean;
  readonly namespace?: string;
  readonly roleId?: string;
  readonly secretId?: string;
  readonly role?: string;
  /** Answers with the token of the service account that is valid at present. */
  readonly jwt?: () => string;
  readonly tls?: { readonly key: string; readonly cert: string };
};

type Answer = { readonly status: number; readonly json?: unknown; readonly headers?: Record<string, string> };

/** "A common JSON structure is always returned to return errors": https://openbao.org/api-docs/#error-response */
const refused = (status: number, ...errors: string[]): Answer => ({ status, json: { errors } });
const DENIED = refused(403, "permission denied");

/** Starts it on a free port of 127.0.0.1. */
export async function startVault(options: VaultOptions = {}): Promise<VaultServer> {
  const { lease = 3600, renewable = true, namespace } = options;
  const tokens = new Map<string, TokenInfo>();
  const asked: string[] = [];
  const made: string[] = [];
  const secrets = new Map<string, Record<string, unknown> | null>();
  let status: number | null = null;
  let isHanging = false;
  let isRenewing = true;

  function addToken(token: string): void {
    tokens.set(token, {
      ttl: lease,
      renewable,
      endsAtMs: lease === 0 ? Number.POSITIVE_INFINITY : Date.now() + lease * 1000,
    });
  }

  /** https://openbao.org/api-docs/auth/kubernetes/#sample-response-3, the same for AppRole */
  function logIn(): Answer {
    const token = `hvs.${randomUUID()}`;
    addToken(token);
    made.push(token);
    return { status: 200, json: envelope({ auth: authOf(token) }) };
  }

  const authOf = (token: string) => ({
    ...{ client_token: token, accessor: randomUUID(), token_policies: ["default"], metadata: {} },
    ...{ lease_duration: lease, renewable, entity_id: randomUUID(), token_type: "service", orphan: true },
  });

  function answer(request: IncomingMessage, body: string): Answer {
    const [path = ""] = (request.url ?? "").split("?");
    if (!path.startsWith("/v1/")) return refused(404);
    const place = path.slice(4);
    const { headers, method } = request;
    if (headers["x-vault-request"] !== "true") return refused(412, "the header X-Vault-Request is missing");
    if (headers["x-vault-namespace"] !== namespace) return DENIED;
    if (method === "POST" && headers["content-type"] !== "application/json") return refused(400, "no JSON");
    if (method === "GET" && body !== "") return refused(400, "a body");
    const given = method === "POST" ? (JSON.parse(body) as Record<string, unknown>) : {};
    if (place.startsWith("auth/") && place.endsWith("/login")) {
      // Logins are unauthenticated: a token that is sent along is a leak.
      if (headers["x-vault-token"] !== undefined) return refused(400, "a token on an unauthenticated path");
      return method === "POST" ? answerLogin(place, given) : refused(405);
    }
    const token = headers["x-vault-token"];
    const info = typeof token === "string" ? tokens.get(token) : undefined;
    if (typeof token !== "string" || !info || info.endsAtMs < Date.now()) return DENIED;
    if (place === "auth/token/lookup-self") return method === "GET" ? lookUp(token, info) : refused(405);
    if (place === "auth/token/renew-self") return method === "POST" ? renew(token, info) : refused(405);
    if (place === "auth/token/revoke-self") {
      tokens.delete(token);
      return { status: 204 };
    }
    return method === "GET" ? readSecret(place) : refused(405);
  }

  function answerLogin(place: string, given: Record<string, unknown>): Answer {
    const keys = Object.keys(given).toSorted().join(",");
    if (place === "auth/approle/login") {
      // https://openbao.org/api-docs/auth/approle/#login-with-approle
      const isRight =
        keys === "role_id,secret_id" && given.role_id === options.roleId && given.secret_id === options.secretId;
      return isRight ? logIn() : refused(400, "invalid role or secret ID");
    }
    if (place === "auth/kubernetes/login") {
      // https://openbao.org/api-docs/auth/kubernetes/#login
      const isRight = keys === "jwt,role" && given.role === options.role && given.jwt === options.jwt?.();
      return isRight ? logIn() : DENIED;
    }
    return refused(404, `no handler for route "${place}". route entry not found.`);
  }

  /** https://openbao.org/api-docs/auth/token/#lookup-a-token-self */
  function lookUp(token: string, info: TokenInfo): Answer {
    const ttl = lease === 0 ? 0 : Math.max(0, Math.round((info.endsAtMs - Date.now()) / 1000));
    const data = {
      accessor: randomUUID(),
      creation_ttl: lease,
      display_name: "token",
      id: token,
      num_uses: 0,
      orphan: true,
    };
    return {
      status: 200,
      json: envelope({ data: { ...data, policies: ["default"], renewable: info.renewable, ttl } }),
    };
  }

  /** https://openbao.org/api-docs/auth/token/#renew-a-token-self */
  function renew(token: string, info: TokenInfo): Answer {
    if (!isRenewing || !info.renewable) return refused(400, "lease is not renewable");
    addToken(token);
    return { status: 200, json: envelope({ auth: authOf(token) }) };
  }

  /** https://openbao.org/api-docs/secret/kv/kv-v2/#read-secret-version */
  function readSecret(place: string): Answer {
    const path = /^kv\/data\/(.+)$/.exec(place)?.[1];
    const metadata = {
      created_time: "2018-03-22T02:24:06.945319214Z",
      custom_metadata: null,
      deletion_time: "",
      destroyed: false,
    };
    // A mount of version 1 has no metadata, and no data in its data.
    if (place === "old/data/shop") return { status: 200, json: envelope({ data: { password: "of version 1" } }) };
    if (path === undefined || decodeURIComponent(path).startsWith("forbidden/")) return DENIED;
    const data = secrets.get(decodeURIComponent(path));
    if (data === undefined) return refused(404);
    const version = { ...metadata, version: 3 };
    if (data === null)
      return {
        status: 404,
        json: envelope({ data: { data: null, metadata: { ...version, deletion_time: "2018-03-22T02:36:43Z" } } }),
      };
    return { status: 200, json: envelope({ data: { data, metadata: version } }) };
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    asked.push(`${request.method} ${(request.url ?? "").replace("/v1/", "")}`);
    if (isHanging) return;
    const body = Buffer.concat(chunks).toString("utf8");
    const said = status === null ? answer(request, body) : refused(status, "Vault is sealed");
    const headers = { "content-type": "application/json", "cache-control": "no-store", ...said.headers };
    response.writeHead(
      said.status,
      status !== null && status < 400 ? { ...headers, location: "http://127.0.0.1:1/" } : headers,
    );
    response.end(said.json === undefined ? undefined : JSON.stringify(said.json));
  }

  const listen = (request: IncomingMessage, response: ServerResponse) => void handle(request, response);
  const server = options.tls ? createHttps(options.tls, listen) : createHttp(listen);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const token = `hvs.root-${randomUUID()}`;
  addToken(token);
  return {
    address: `${options.tls ? "https" : "http"}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ...{ token, asked, made, secrets },
    answerAll(wanted) {
      status = wanted;
    },
    hang(wanted) {
      isHanging = wanted;
    },
    refuseRenewals() {
      isRenewing = false;
    },
    revoke(which) {
      if (which === undefined) tokens.clear();
      else tokens.delete(which);
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const envelope = (part: Record<string, unknown>) => ({
  ...{ request_id: randomUUID(), lease_id: "", renewable: false, lease_duration: 0 },
  ...{ data: null, wrap_info: null, warnings: null, auth: null, ...part },
});
