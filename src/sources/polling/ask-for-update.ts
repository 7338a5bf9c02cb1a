/** Asks a sender when its content was changed last: one small conditional request (RFC 9110, section 13). */
import type { PollSettings } from "../../config/poll-settings.ts";
import { OperatorError, PermanentError, RetryLaterError } from "../../errors.ts";
import { extract, printExtractor } from "../../model/extractor.ts";
import { type Received, readPayload } from "../../model/received.ts";
import { readAtMost } from "../../process/read-at-most.ts";
import type { Secret } from "../../secrets/secret.ts";

/** What makes the next request a conditional one; the sender's own words, which are given back as they are. */
export type Validators = { readonly etag: string | null; readonly lastModified: string | null };

export type Update = {
  /** What the sender says now; null: it is as it was when `validators` were given. */
  readonly updated: string | null;
  readonly validators: Validators;
};

export const NO_VALIDATORS: Validators = { etag: null, lastModified: null };

/** For connecting, all redirects and the whole answer. */
const LIMIT_MS = 10_000;
const MAX_BYTES = 256 * 1024;
const MAX_REDIRECTS = 3;
/** What is longer is no date; its digest would tell changes all the same. */
const MAX_VALUE_CHARS = 200;

type Question = {
  /** The key of the settings, for messages: "sources.blog.poll". */
  readonly key: string;
  readonly poll: PollSettings;
  readonly token: Secret | null;
  readonly validators: Validators;
  /** Ends the request early. */
  readonly signal: AbortSignal;
};

/**
 * Asks. Throws RetryLaterError where it was not reached or said "not now", and PermanentError where what it says is of
 * no use. No message has the query of the address in it, which may hold a key.
 */
export async function askForUpdate({ key, poll, token, validators, signal }: Question): Promise<Update> {
  const within = AbortSignal.any([signal, AbortSignal.timeout(LIMIT_MS)]);
  const headers = new Headers({ accept: "application/json, */*;q=0.1", "user-agent": "Slipway" });
  if (token) headers.set("authorization", `Bearer ${token.reveal()}`);
  if (validators.etag) headers.set("if-none-match", validators.etag);
  if (validators.lastModified) headers.set("if-modified-since", validators.lastModified);

  const { answer, address } = await request(new URL(poll.url), headers, within);
  if (answer.status === 304) {
    await answer.body?.cancel();
    return { updated: null, validators };
  }
  if (answer.status !== 200) {
    await answer.body?.cancel();
    throw refusal(answer, address);
  }
  // A header says it all: what follows need not be read.
  const needsBody = poll.updated.from !== "header";
  const body = needsBody ? await bodyOf(answer, address) : Buffer.alloc(0);
  if (!needsBody) await answer.body?.cancel();

  const received = asReceived(answer, body);
  const updated = extract(poll.updated, received, await readPayload(received, "payload"));
  if (updated === null) {
    throw new OperatorError(
      `${key}.updated`,
      `${address} answers, but has nothing at ${printExtractor(poll.updated)}; say where the newest change stands`,
    );
  }
  if (updated.length > MAX_VALUE_CHARS) {
    throw new OperatorError(
      `${key}.updated`,
      `what stands at ${printExtractor(poll.updated)} of ${address} is longer than ${MAX_VALUE_CHARS} characters; point it at a date, or write digest`,
    );
  }
  const { headers: said } = answer;
  return { updated, validators: { etag: said.get("etag"), lastModified: said.get("last-modified") } };
}

/** Follows redirects on the same host alone: what we send along is for nobody else. */
async function request(
  url: URL,
  headers: Headers,
  signal: AbortSignal,
): Promise<{ answer: Response; address: string }> {
  let at = url;
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    const address = `${at.origin}${at.pathname}`;
    const answer = await reach(at, headers, signal, address);
    const location = answer.headers.get("location");
    if (![301, 302, 303, 307, 308].includes(answer.status) || location === null) return { answer, address };
    await answer.body?.cancel();
    const next = URL.canParse(location, at.href) ? new URL(location, at.href) : null;
    const isSafe = next?.hostname === at.hostname && (next.protocol === "https:" || next.origin === at.origin);
    if (!next || !isSafe) throw new PermanentError(`${address} redirects to another place, which is not followed`);
    at = next;
  }
  throw new PermanentError(`${url.origin}${url.pathname} redirects more than ${MAX_REDIRECTS} times`);
}

async function reach(url: URL, headers: Headers, signal: AbortSignal, address: string): Promise<Response> {
  try {
    return await fetch(url, { headers, signal, redirect: "manual" });
  } catch (error) {
    throw new RetryLaterError(null, `${address} was not reached (${reasonOf(error)})`);
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof Error && error.name === "TimeoutError") return "no answer within 10 s";
  const { code } = ((error as Error).cause ?? error) as { code?: unknown };
  return typeof code === "string" ? code : "no connection";
}

function refusal({ status, headers }: Response, address: string): Error {
  const message = `${address} answers ${status}`;
  if (status !== 429 && status < 500) return new PermanentError(message);
  const seconds = Number(headers.get("retry-after") ?? Number.NaN);
  return new RetryLaterError(Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : null, message);
}

/** The limit is for what is unpacked: a small answer may be a large one packed well. */
async function bodyOf(answer: Response, address: string): Promise<Buffer> {
  const body = await readAtMost(answer.body, MAX_BYTES).catch((error: unknown) => {
    throw new RetryLaterError(null, `${address} broke off its answer (${reasonOf(error)})`);
  });
  if (body === null) throw new PermanentError(`${address} answers more than ${MAX_BYTES / 1024} KiB; ask for less`);
  return body;
}

function asReceived({ headers }: Response, body: Buffer): Received {
  const named = [...headers].map(([name, value]) => [name, [value]] as const);
  return {
    method: "GET",
    target: "",
    headers: Object.fromEntries(named),
    query: new URLSearchParams(),
    token: "",
    body,
  };
}
