/**
 * Whom to trust over FTPS: who is signed by a CA that the system or the target knows, or the one certificate whose
 * SHA-256 is pinned, or anybody. A pinned certificate may be expired, self-signed and made for another name.
 */
import { isIP } from "node:net";
import {
  type ConnectionOptions,
  createSecureContext,
  getCACertificates,
  type PeerCertificate,
  type SecureContextOptions,
  type TLSSocket,
} from "node:tls";
import type { Client } from "basic-ftp";
import { OperatorError } from "../../errors.ts";
import type { FtpTarget } from "../publisher.ts";
import { chosenCurve, curvesFrom } from "./key-exchange.ts";
import { keyOf, written } from "./setting.ts";

export type FtpTrust = {
  /** Options for every TLS connection to the target. */
  readonly tls: ConnectionOptions;
  /**
   * Why the other side of a connection is not to be trusted, whose handshake is done; undefined if it is. A resumed
   * session shows no certificate anew (RFC 8446 section 2.2), and only sessions of this client are ever offered: a
   * connection that fails this test is the client's last.
   */
  problemOf(socket: TLSSocket): OperatorError | undefined;
  /** Has later connections begin with the key exchange that this one ended with. */
  learnFrom(socket: TLSSocket): void;
};

/**
 * To be made once and shared by all connections: reading the system's certificates takes 16 ms, which a data
 * connection for every file would pay each time. `profile` says with what the key exchange begins, and learns it.
 * Throws OperatorError when `ca` cannot be read.
 */
export function trustFor(target: FtpTarget, profile: { curve: string | null }): FtpTrust {
  const { host, fingerprint, insecure } = target;
  const isChecked = fingerprint === null && !insecure;
  const tls: ConnectionOptions = {
    // Also the name under which Node lets data connections resume the session.
    host,
    // Server Name Indication carries names only (RFC 6066 section 3).
    ...(isIP(host) === 0 && { servername: host }),
    secureContext: secureContextFor(target, profile.curve),
    // What Node checks is of no use to a pinned certificate; `problemOf` looks at that.
    rejectUnauthorized: isChecked,
  };
  let hasLearned = false;
  return {
    tls,
    learnFrom(socket) {
      const chosen = hasLearned ? undefined : chosenCurve(socket);
      hasLearned = true;
      if (chosen === undefined || chosen === profile.curve) return;
      tls.secureContext = secureContextFor(target, chosen);
      profile.curve = chosen;
    },
    problemOf(socket) {
      const shown = socket.getPeerCertificate();
      if (insecure) return undefined;
      if (fingerprint === null) return socket.authorized ? undefined : explainDistrust(target, codeOf(socket), shown);
      const print = fingerprintOf(shown);
      if (print === fingerprint || (print === "" && socket.isSessionReused())) return undefined;
      return new OperatorError(
        keyOf(target, "publish"),
        `the certificate of ${host}:${target.port} is not the pinned one: it has the fingerprint ` +
          `${print}. If the host got a new certificate, write ${pin(target, shown)}; otherwise somebody ` +
          "may be listening in",
      );
    },
  };
}

const trusted = new WeakMap<Client, FtpTrust>();

/** From now on `requireTrust` asks `trust` about this client's data connections. */
export function rememberTrust(client: Client, trust: FtpTrust): void {
  trusted.set(client, trust);
}

/**
 * Destroys a data connection whose other side is not to be trusted, before anybody hears that its handshake is done.
 * To be called for every new data connection: a pinned certificate is not checked otherwise.
 */
export function requireTrust(client: Client, data: TLSSocket): void {
  data.prependOnceListener("secureConnect", () => {
    const problem = trusted.get(client)?.problemOf(data);
    if (problem !== undefined) data.destroy(problem);
  });
}

function secureContextFor(target: FtpTarget, curve: string | null) {
  const ecdhCurve = curvesFrom(curve);
  const options: SecureContextOptions = ecdhCurve === undefined ? {} : { ecdhCurve };
  if (target.ca === null) return createSecureContext(options);
  try {
    return createSecureContext({ ...options, ca: [...getCACertificates("default"), target.ca] });
  } catch (error) {
    throw new OperatorError(keyOf(target, "publish"), "the certificates in `ca` cannot be read as PEM", {
      cause: error,
    });
  }
}

/** SHA-256 of the certificate, in lower-case hex; empty when the other side showed none. */
function fingerprintOf(certificate: Partial<PeerCertificate>): string {
  return certificate.fingerprint256?.replaceAll(":", "").toLowerCase() ?? "";
}

function pin(target: FtpTarget, certificate: Partial<PeerCertificate>): string {
  return written(target, "fingerprint", fingerprintOf(certificate));
}

function codeOf(socket: TLSSocket): string {
  // Typed as an Error; it is the code of OpenSSL's X509_verify_cert_error_string or Node's own.
  return String(socket.authorizationError);
}

function explainDistrust(target: FtpTarget, code: string, shown: Partial<PeerCertificate>): OperatorError {
  const { host, port } = target;
  const whose = `the certificate of ${host}:${port}`;
  const trustThis = `to trust exactly this certificate, write ${pin(target, shown)}`;
  const say = (text: string) => new OperatorError(keyOf(target, "publish"), text);
  switch (code) {
    case "ERR_TLS_CERT_ALTNAME_INVALID":
      return say(`${whose} is made for ${namesOf(shown)}, not for ${host}: use that name, or, ${trustThis}`);
    case "CERT_HAS_EXPIRED":
      return say(`${whose} expired on ${shown.valid_to}: have it renewed, or, ${trustThis}`);
    case "CERT_NOT_YET_VALID":
      return say(`${whose} is not valid before ${shown.valid_from}: check the clocks, or, ${trustThis}`);
    default:
      return say(
        `${whose} is not trusted (${code}): name the CA that signed it with ${written(target, "ca", "FILE")}, or, ${trustThis}`,
      );
  }
}

function namesOf(certificate: Partial<PeerCertificate>): string {
  const names = certificate.subjectaltname?.split(", ").map((name) => name.replace(/^(DNS|IP Address):/, "")) ?? [];
  const [commonName] = [certificate.subject?.CN ?? []].flat();
  return names.slice(0, 5).join(", ") || commonName || "nobody";
}
