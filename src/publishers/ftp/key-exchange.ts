/**
 * Saves a round trip for each TLS connection. A TLS 1.3 client guesses which key exchange the server wants (RFC 8446
 * section 4.2.8); when it guesses wrong it is told so, and begins again. vsftpd 3.0.3 and Pure-FTPd 1.0.50 take P-256
 * only, OpenSSL guesses X25519, and every file has a connection.
 */
import type { TLSSocket } from "node:tls";

/** Curves by the names that OpenSSL gives them, those of FIPS 186 and RFC 7748. The first is its own first guess. */
const CURVES = ["X25519", "prime256v1", "secp384r1", "secp521r1"];

/** Which of them the server chose; undefined where it had no such choice or wants something that we do not know. */
export function chosenCurve(socket: TLSSocket): string | undefined {
  const key = socket.getEphemeralKeyInfo();
  const chosen = key !== null && "name" in key ? key.name : undefined;
  return socket.getProtocol() === "TLSv1.3" && CURVES.includes(chosen ?? "") ? chosen : undefined;
}

/**
 * A value for `ecdhCurve` with which `curve` is the first guess, and all others are offered. Undefined for OpenSSL's
 * own first guess, and for what is no known curve.
 */
export function curvesFrom(curve: string | null): string | undefined {
  if (curve === null || curve === CURVES[0] || !CURVES.includes(curve)) return undefined;
  return [curve, ...CURVES.filter((other) => other !== curve)].join(":");
}
