/**
 * Sends one file with STOR (RFC 959 section 4.1.3). basic-ftp opens the data connection; what happens on it is ours:
 * when it breaks, basic-ftp gives up the control connection too, and so never hears why. ProFTPD, for one, resets the
 * data connection first and explains afterwards ("550 … Overwrite permission denied").
 */
import { once } from "node:events";
import type { Socket } from "node:net";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { TLSSocket } from "node:tls";
import type { Client } from "basic-ftp";

/** How long the server has to explain itself after the data connection broke, in milliseconds. */
const LAST_WORD_MS = 3000;

/**
 * Resolves when the server says that the file arrived, which need not be true. Throws FTPError when it says anything
 * else; the control connection stays usable then. Throws another error when a connection was lost or silent for
 * `stallTimeoutMs`, or when `source` failed.
 */
export async function storeFile(client: Client, source: Readable, path: string, stallTimeoutMs: number): Promise<void> {
  const { ftp } = client;
  await client.prepareTransfer(ftp);
  const data = takeDataSocket(client);
  const encrypted = whenEncrypted(data);
  let lastWord: NodeJS.Timeout | undefined;
  let ended = false;
  const broken = (error: Error) => {
    if (!ended) lastWord ??= setTimeout(() => ftp.closeWithError(error), LAST_WORD_MS);
  };
  data.on("error", broken);
  encrypted.catch(broken);
  data.setTimeout(stallTimeoutMs, () => data.destroy(new Error("The transfer stalled.")));

  async function send(): Promise<void> {
    // The control connection is rightly silent while data flows.
    ftp.socket.setTimeout(0);
    await encrypted;
    // Unread bytes, such as TLS session tickets, would turn our end of the connection into a reset.
    data.resume();
    await pipeline(source, data);
    ftp.socket.setTimeout(stallTimeoutMs);
  }

  let sending: Promise<void> | undefined;
  try {
    await ftp.handle(`STOR ${path}`, (response, task) => {
      if (response instanceof Error) return task.reject(response);
      // 125 and 150 are alternatives (RFC 959 section 4.2.2), yet some servers send both.
      if (response.code < 200) {
        sending ??= send();
        sending.catch(broken);
        return;
      }
      if (sending === undefined) return ftp.closeWithError(new Error("The server took a file that it was not sent."));
      sending.then(task.resolve, task.reject);
    });
  } finally {
    ended = true;
    clearTimeout(lastWord);
    ftp.dataSocket = undefined;
    source.destroy();
  }
}

/** The fresh data socket, without the handlers through which basic-ftp would give up the control connection. */
function takeDataSocket({ ftp }: Client): Socket {
  const data = ftp.dataSocket;
  if (data === undefined) throw new Error("The data connection is gone.");
  for (const event of ["error", "close", "timeout"]) {
    const last = data.listeners(event).at(-1);
    if (last !== undefined) data.removeListener(event, last as () => void);
  }
  return data;
}

/**
 * Resolves when the socket is encrypted; to be called as soon as it exists. A socket that is ended before drops its
 * close_notify, and vsftpd takes an empty file for a connection that broke. (basic-ftp asks getCipher(), which answers
 * too early when a session is resumed.)
 */
async function whenEncrypted(data: Socket): Promise<void> {
  if (data instanceof TLSSocket) await once(data, "secureConnect");
}
