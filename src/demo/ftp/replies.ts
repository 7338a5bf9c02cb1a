/**
 * What the demo's FTP server says, in the words of three real ones. Recorded from vsftpd 3.0.3, ProFTPD 1.3.8 and
 * Pure-FTPd 1.0.50 of Debian 12; test/demo/ftp-server.test.ts holds them against the real daemons.
 */
import { PROFTPD } from "./proftpd-replies.ts";
import { PURE_FTPD } from "./pureftpd-replies.ts";
import { type Replies, VSFTPD } from "./vsftpd-replies.ts";

export type { Replies, ReplyName } from "./vsftpd-replies.ts";

export type Flavour = "vsftpd" | "proftpd" | "pureftpd";
export type ReplyValues = Readonly<Record<string, string | number>>;

export const REPLIES: { readonly [Name in Flavour]: Replies } = {
  vsftpd: VSFTPD,
  proftpd: PROFTPD,
  pureftpd: PURE_FTPD,
};

/** One reply as it goes over the wire. Control characters in what is filled in would be further replies: they go. */
export function fillReply(template: string, values: ReplyValues): string {
  const filled = template.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    return value === undefined ? whole : String(value).replace(/\p{Cc}/gu, "_");
  });
  return `${filled.replaceAll("\n", "\r\n")}\r\n`;
}
