/**
 * Saves a round trip for each TLS connection. A TLS 1.3 client guesses which key exchange the server wants (RFC 8446
 * section 4.2.8); when it guesses wrong it is told so, and begins again. vsftpd 3.0.3 and Pure-FTPd 1.0.50 take P-256
 * only, OpenSSL guesses X25519, and every file has a connection.
 */
import type { TLSSocket } from "node:tls";

/** Curves by the names that OpenSSL gives them, those of FIPS 186 and RFC 7748. */
const CURVES = ["X25519", "prime256v1", "secp384r1", "secp521r1"];

/**
 * What the server chose, first, then all others: a value for `ecdhCurve`. Undefined where the guess was right, or the
 * server wants something that we do not know.
 */
export function betterCurvesFor(socket: TLSSocket): string | undefined {
  const key = socket.getEphemeralKeyInfo();
  const chosen = key !== null && "name" in key ? key.name : undefined;
  if (socket.getProtocol() !== "TLSv1.3" || chosen === undefined || chosen === "X25519") return undefined;
  return CURVES.includes(chosen) ? [chosen, ...CURVES.filter((curve) => curve !== chosen)].join(":") : undefined;
}
