/** Who the client is, and whether it talks in the clear: USER and PASS (RFC 959), AUTH, PBSZ and PROT (RFC 4217). */
import type { Session } from "./session.ts";

export async function login(session: Session, user: string): Promise<void> {
  if (session.server.requireTls && !session.isSecure) {
    return session.reply("tlsRequired");
  }
  session.user = user;
  session.isLoggedIn = false;
  await session.reply("askPassword", { user });
}

export async function checkPassword(session: Session, password: string): Promise<void> {
  const { server, user } = session;
  if (user === undefined) return session.reply("userFirst");
  const { refuseLogin, limitConnections } = server.misbehaviour().current;
  if (refuseLogin || user !== server.user || password !== server.password) {
    session.user = undefined;
    return session.reply("wrongPassword");
  }
  if (limitConnections?.at === "login" && server.openConnections() > limitConnections.count) {
    await session.reply("tooManyLogins", { limit: limitConnections.count });
    return session.end();
  }
  session.isLoggedIn = true;
  await session.reply("loggedIn", { user });
}

export async function startTls(session: Session, scheme: string): Promise<void> {
  if (!session.server.secureContext || session.isSecure) return session.reply("authRefused", { verb: "AUTH" });
  if (!["TLS", "TLS-C", "SSL"].includes(scheme.toUpperCase())) return session.reply("authUnknown");
  await session.reply("authStarts");
  session.secure();
}

export async function setProtection(session: Session, argument: string): Promise<void> {
  if (!session.isSecure) return session.reply("protectionNeedsTls", { verb: "PROT" });
  const level = argument.toUpperCase();
  if (level !== "P" && level !== "C") return session.reply("protectionUnknown", { argument });
  session.isPrivate = level === "P";
  await session.reply(session.isPrivate ? "protectionPrivate" : "protectionClear");
}

export function setBufferSize(session: Session): Promise<void> {
  return session.isSecure ? session.reply("bufferSize") : session.reply("protectionNeedsTls", { verb: "PBSZ" });
}
