/** Data connections in passive mode (RFC 959 section 4.1.2, RFC 2428): asking for a port, and opening the socket to it. */
import { connect, type Socket } from "node:net";
import { connect as connectTls, TLSSocket } from "node:tls";
import { type Client, FTPError } from "basic-ftp";
import { type HostFacts, notePassiveFailed, otherPassive, type PassiveCommand } from "./facts.ts";
import { quoteReply } from "./replies.ts";
import { requireTrust } from "./trust.ts";

/** A port of the host that waits for one connection, and how it was asked for. */
export type PassivePort = { readonly port: number; readonly command: PassiveCommand };

/** The port in "229 Entering Extended Passive Mode (|||6446|)" (RFC 2428 section 3; IBM i writes "!" for "|"). */
export function readEpsvPort(message: string): number | undefined {
  return validPort(Number(/([!-/:-~])\1\1(\d{1,5})\1/.exec(message)?.[2]));
}

/**
 * The port in "227 Entering Passive Mode (192,168,1,100,10,229)" (RFC 959 section 4.1.2). The address is not read: it is
 * a private one behind many routers, and whoever connects to whatever a server names can be sent anywhere.
 */
export function readPasvPort(message: string): number | undefined {
  // What stands around the six numbers differs between servers (RFC 1123 section 4.1.2.6).
  const match = /(?<!\d)\d{1,3},\d{1,3},\d{1,3},\d{1,3},(\d{1,3}),(\d{1,3})(?!\d)/.exec(message);
  const [high, low] = [Number(match?.[1]), Number(match?.[2])];
  return high < 256 && low < 256 ? validPort(high * 256 + low) : undefined;
}

function validPort(port: number): number | undefined {
  return port > 0 && port < 65_536 ? port : undefined;
}

/**
 * Asks the host to wait for a data connection. Throws when it does not; that says nothing about the file that was to be
 * transferred.
 */
export async function enterPassive({ ftp }: Client, facts: HostFacts): Promise<PassivePort> {
  // PASV knows IPv4 addresses only.
  const first = ftp.socket.remoteFamily === "IPv6" ? "EPSV" : facts.passive;
  const port = await ask(first);
  if (typeof port === "object") return port;
  notePassiveFailed(facts, first);
  // A command that the server does not know (5xx) costs no more than a round trip.
  if (port >= 500 && ftp.socket.remoteFamily !== "IPv6") {
    facts.passive = otherPassive(first);
    const second = await ask(facts.passive);
    if (typeof second === "object") return second;
  }
  throw new Error(`The host opens no data connection (${port} to ${first}).`);

  /** The port, or the code of a refusal. */
  async function ask(command: PassiveCommand): Promise<PassivePort | number> {
    const reply = await ftp.request(command).catch((error: unknown) => {
      if (error instanceof FTPError && error.code !== 421) return error;
      throw error instanceof FTPError ? new Error(quoteReply(error)) : error;
    });
    if (reply instanceof FTPError) return reply.code;
    const port = command === "EPSV" ? readEpsvPort(reply.message) : readPasvPort(reply.message);
    if (port === undefined) throw new Error(`There is no port in "${quoteReply(reply)}".`);
    return { port, command };
  }
}

/**
 * Starts to connect to a passive port, encrypted where the control connection is. A resumed session,
 * as vsftpd and ProFTPD demand it, spares both sides the certificate.
 */
export function openData(client: Client, { port }: PassivePort): Socket {
  const { ftp } = client;
  const address = ftp.socket.remoteAddress;
  if (address === undefined) throw new Error("The control connection is gone.");
  const plain = connect({ host: address, port, noDelay: true });
  if (!ftp.hasTLS) return plain;
  // Servers may take a ticket once only (RFC 8446 appendix C.4), so the newest is offered. Node binds a session to the
  // `host` in the options, which is why that stays the name, and the address is given by the socket.
  const session = ftp.tlsSessionStore ?? (ftp.socket instanceof TLSSocket ? ftp.socket.getSession() : undefined);
  const data = connectTls({ ...ftp.tlsOptions, socket: plain, ...(session && { session }) });
  data.on("session", (newest) => {
    ftp.tlsSessionStore = newest;
  });
  requireTrust(client, data);
  return data;
}
