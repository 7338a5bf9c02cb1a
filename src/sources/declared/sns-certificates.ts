/** The certificates that Amazon SNS signs with: fetched once, kept, and looked at before they are believed. */
import { type KeyObject, X509Certificate } from "node:crypto";
import { RetryLaterError } from "../../errors.ts";
import { type AmazonDeps, getFromAmazon, parseAmazonUrl } from "./amazon-request.ts";

export type SnsCertificates = {
  /**
   * The public key of the certificate at this address; null where no certificate of Amazon SNS is valid there. Throws
   * RetryLaterError where Amazon does not answer.
   */
  keyAt(address: string): Promise<KeyObject | null>;
};

export type SnsCertificatesDeps = AmazonDeps & {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** The names that a certificate has to be of. Default: those of Amazon SNS. */
  readonly subjects?: RegExp;
};

/** A topic uses one at a time, and a new one each year. */
const MAX_KEPT = 16;
/** Anybody may write addresses of certificates that do not exist: how many are remembered, and for how long. */
const MAX_REFUSED = 256;
const REFUSED_MS = 60_000;
/** How many are asked for at a time, whoever makes us ask. */
const MAX_FETCHES = 4;

/** As Amazon names the files. https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html */
const PATH = /^\/SimpleNotificationService-[A-Za-z0-9_-]{1,64}\.pem$/;
/**
 * sns.amazonaws.com, sns-signing.<region>.amazonaws.com, sns-cn-north-1.amazonaws.com.cn …: SnsHostProvider.java in
 * https://github.com/aws/aws-sdk-java-v2, services-custom/sns-message-manager.
 */
const SNS_SUBJECTS = /^sns(-[a-z0-9-]+)?(\.[a-z0-9-]+)?\.amazonaws\.com(\.cn)?$/;

type Kept = { readonly key: KeyObject; readonly fromMs: number; readonly toMs: number };

export function createSnsCertificates(deps: SnsCertificatesDeps): SnsCertificates {
  const kept = new Map<string, Kept>();
  const refused = new Map<string, number>();
  const fetches = new Map<string, Promise<Kept | null>>();

  async function load(url: URL): Promise<Kept | null> {
    const bytes = await getFromAmazon(url, deps);
    const certificate = bytes && readCertificate(bytes, deps.subjects ?? SNS_SUBJECTS);
    if (certificate) putBounded(kept, url.href, certificate, MAX_KEPT);
    else putBounded(refused, url.href, deps.now() + REFUSED_MS, MAX_REFUSED);
    return certificate;
  }

  function fetchOnce(url: URL): Promise<Kept | null> {
    const running = fetches.get(url.href);
    if (running) return running;
    if (fetches.size >= MAX_FETCHES)
      throw new RetryLaterError(null, "too many certificates of Amazon SNS are asked for");
    const fetching = load(url).finally(() => fetches.delete(url.href));
    fetches.set(url.href, fetching);
    return fetching;
  }

  return {
    async keyAt(address) {
      const url = parseAmazonUrl(address, deps);
      if (url?.href !== address || !PATH.test(url.pathname) || url.search !== "") return null;
      if ((refused.get(url.href) ?? 0) > deps.now()) return null;
      const certificate = kept.get(url.href) ?? (await fetchOnce(url));
      const nowMs = deps.now();
      return certificate && certificate.fromMs <= nowMs && nowMs <= certificate.toMs ? certificate.key : null;
    },
  };
}

/**
 * The key in the PEM of a certificate; null where it is none of Amazon SNS's. That it is Amazon's own is known by the
 * connection that it came through: the chain above it is not looked at.
 */
function readCertificate(pem: Buffer, subjects: RegExp): Kept | null {
  try {
    const certificate = new X509Certificate(pem);
    const name = /^CN=(.+)$/m.exec(certificate.subject)?.[1] ?? "";
    const key = certificate.publicKey;
    const isStrong = key.asymmetricKeyType === "rsa" && (key.asymmetricKeyDetails?.modulusLength ?? 0) >= 2048;
    if (!isStrong || !subjects.test(name)) return null;
    return { key, fromMs: Date.parse(certificate.validFrom), toMs: Date.parse(certificate.validTo) };
  } catch {
    return null;
  }
}

/** Puts it in, and the oldest out when there are too many. */
function putBounded<T>(map: Map<string, T>, key: string, value: T, max: number): void {
  map.delete(key);
  map.set(key, value);
  if (map.size > max) map.delete(map.keys().next().value ?? key);
}
