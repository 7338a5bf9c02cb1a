/**
 * Requests to the HTTP API of HashiCorp Vault 1.x and OpenBao 2.x, version v1: https://openbao.org/api-docs/ and
 * https://developer.hashicorp.com/vault/api-docs. What can pass is told from what cannot by the status.
 */
import { readFileSync } from "node:fs";
import { type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import type { VaultSettings } from "../config/vault-settings.ts";
import { describeError, OperatorError, RetryLaterError } from "../errors.ts";
import { parseJson } from "../model/received.ts";
import { readAtMost } from "../process/read-at-most.ts";
import type { Secret } from "./secret.ts";

type VaultAsk = {
  readonly method: "GET" | "POST";
  /** Without `/v1/`. */
  readonly path: string;
  readonly token: Secret | null;
  /** Sent as JSON. */
  readonly body?: Readonly<Record<string, string>>;
};

/** Answers with a status below 500 that is no matter of waiting: 200, 204, 400, 403, 404 … */
type VaultAnswer = { readonly status: number; readonly json: unknown };

/**
 * Throws RetryLaterError where Vault is not reached, sealed, a standby, overloaded or out of order; OperatorError where
 * it only redirects. Neither quotes an answer or a token.
 */
export type VaultRequest = (ask: VaultAsk) => Promise<VaultAnswer>;

const TIME_LIMIT_MS = 10_000;
const MAX_BYTES = 1024 ** 2;

/**
 * Of a node that does not answer now: 429 standby or a rate limit, 412 not replicated yet, 472 of a disaster recovery
 * cluster, 473 performance standby, 474 standby without the active one.
 * https://developer.hashicorp.com/vault/api-docs/system/health, https://openbao.org/api-docs/#http-status-codes
 */
const NOT_NOW: Readonly<Record<number, string>> = {
  412: "has not heard of its own change yet",
  429: "asks to wait, or is a standby",
  472: "is a cluster for disaster recovery",
  473: "is a standby",
  474: "is a standby that cannot reach the active node",
  503: "is sealed, or down for maintenance",
};

/** `signal` ends what is under way, for good. Throws OperatorError where the file of certificates cannot be read. */
export function createVaultRequest(
  { address, namespace, ca: caFile }: Pick<VaultSettings, "address" | "namespace" | "ca">,
  { signal, timeLimitMs = TIME_LIMIT_MS }: { readonly signal?: AbortSignal; readonly timeLimitMs?: number } = {},
): VaultRequest {
  const base = `${address.replace(/\/+$/, "")}/v1/`;
  const ca = caFile === undefined ? undefined : readCertificates(caFile);

  async function ask({ method, path, token, body }: VaultAsk): Promise<VaultAnswer> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const url = new URL(base + path);
    const options = {
      method,
      agent: false as const,
      signal: AbortSignal.any([AbortSignal.timeout(timeLimitMs), ...(signal ? [signal] : [])]),
      headers: {
        // Agents and proxies of Vault may insist on it, against requests that a browser was tricked into.
        "x-vault-request": "true",
        ...(token && { "x-vault-token": token.reveal() }),
        ...(namespace !== undefined && { "x-vault-namespace": namespace }),
        ...(text !== undefined && { "content-type": "application/json", "content-length": Buffer.byteLength(text) }),
      },
    };
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const asked =
        url.protocol === "https:" ? requestHttps(url, { ...options, ...(ca && { ca }) }) : requestHttp(url, options);
      asked.once("response", resolve).once("error", reject).end(text);
    });
    return { status: response.statusCode ?? 0, json: await readJson(response) };
  }

  return async (asked) => {
    let answer: VaultAnswer;
    try {
      answer = await ask(asked);
    } catch (error) {
      // Only the code: the message of a failed request may hold more than whom it was sent to.
      const isLate = (error as Error).name === "AbortError" || (error as Error).name === "TimeoutError";
      const code = isLate ? `no answer within ${timeLimitMs / 1000} seconds` : codeOf(error);
      throw new RetryLaterError(null, `Vault at ${address} is not reached (${code})`);
    }
    const { status } = answer;
    if (status >= 300 && status < 400) {
      const message = `answers with a redirect (${status}), so it is a standby; name the active node or what balances between them`;
      throw new OperatorError("vault.address", message);
    }
    const why = NOT_NOW[status] ?? (status >= 500 ? "is out of order" : null);
    if (why !== null) throw new RetryLaterError(null, `Vault at ${address} ${why} (${status})`);
    return answer;
  };
}

function codeOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code ?? (message === TOO_LARGE ? message : "the connection broke");
}

const TOO_LARGE = "its answer is larger than 1 MB";

async function readJson(response: IncomingMessage): Promise<unknown> {
  const body = await readAtMost(response, MAX_BYTES);
  if (body === null) throw new Error(TOO_LARGE);
  return parseJson(body);
}

function readCertificates(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new OperatorError("vault.ca", `cannot be read (${describeError(cause)})`, { cause });
  }
}
