/** The data connection of one transfer: taken from the passive port, announced with 150, encrypted if the client asked so. */
import { once } from "node:events";
import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import type { ReplyName, ReplyValues } from "./replies.ts";
import type { Session } from "./session.ts";

/** Undefined when there is none to be had; the client has been told why. */
export async function openData(session: Session, starts: ReplyName, values: ReplyValues): Promise<Socket | undefined> {
  const { server } = session;
  if (server.requireTls && !session.isPrivate) {
    await refuseTransfer(session, "dataMustBePrivate", {});
    return undefined;
  }
  const plain = await session.passive.accept().catch(() => undefined);
  if (!plain) {
    await session.reply("dataConnectionFailed");
    return undefined;
  }
  await session.reply(starts, { ...values, type: session.isBinary ? "BINARY" : "ASCII" });
  if (!session.isPrivate) return plain;
  const secured = await encrypt(plain, session);
  if (!secured) {
    await session.reply("dataConnectionFailed");
    return undefined;
  }
  if (server.requireSessionReuse && !secured.isSessionReused()) {
    secured.destroy();
    await session.reply("sessionReuseRequired");
    return undefined;
  }
  return secured;
}

async function encrypt(plain: Socket, { server }: Session): Promise<TLSSocket | undefined> {
  const secured = new TLSSocket(plain, { isServer: true, secureContext: server.secureContext });
  secured.on("error", () => {});
  const gone = new AbortController();
  plain.once("close", () => gone.abort());
  try {
    // Emitted at the end of the handshake, on the server's side, too.
    await once(secured, "secure", { signal: gone.signal });
    return secured;
  } catch {
    plain.destroy();
    return undefined;
  }
}

/** Ends a transfer before it began. */
export async function refuseTransfer(session: Session, name: ReplyName, values: ReplyValues): Promise<void> {
  session.passive.close();
  await session.reply(name, values);
}

/** Waits until all is sent, and says so. */
export async function answerSent(
  session: Session,
  sent: Promise<void>,
  done: ReplyName,
  values: ReplyValues,
): Promise<void> {
  const isSent = await sent.then(
    () => true,
    () => false,
  );
  await (isSent ? session.reply(done, values) : session.reply("retrieveBroken"));
}
