/**
 * What an FTP server's reply means. RFC 959 section 4.2 gives the codes; servers use the same few for very different
 * things (530 is a wrong password, a full house and a demand for TLS), so this one table reads code and text.
 * It is the only place that decides by text. The texts are those of vsftpd 3.0.3, ProFTPD 1.3.8, Pure-FTPd 1.0.50,
 * FileZilla Server 1.7 and IIS.
 */

export type ReplyKind =
  /** 1xx to 3xx: goes well so far. */
  | "fine"
  /** Wrong user or password. */
  | "login-refused"
  /** Too many connections or logins at the moment. */
  | "too-many"
  /** The server talks to TLS clients only. */
  | "needs-tls"
  /** The server does not know or allow this command at all. */
  | "unsupported"
  /** Disk or quota is full. */
  | "full"
  /** There is no such file or folder. */
  | "missing"
  /** There is already something of that name. */
  | "exists"
  /** Went wrong this time (4xx); may be tried again. */
  | "transient"
  /** The server says no (5xx) and does not say why, or says why and nothing above fits. */
  | "refused";

type Rule = { readonly kind: ReplyKind; readonly codes: readonly number[]; readonly text?: RegExp };

/** The first rule that fits decides. A rule without `text` fits every text. */
const RULES: readonly Rule[] = [
  // "530 Sorry, the maximum number of clients (3) from your host are already connected." (ProFTPD, after PASS)
  // "421 Too many connections (8) from this IP", "421 I can't accept more than 2 connections as the same user" (Pure-FTPd)
  // "421 There are too many connections from your internet address." (vsftpd, in place of a greeting)
  {
    kind: "too-many",
    codes: [421, 430, 450, 530],
    text: /too many|maximum (number|login|client|conn)|more than \d+ (conn|user|login)|(connection|client|user|login)s? limit|limit (of|on) (conn|user|login)/i,
  },
  // "530 Non-anonymous sessions must use encryption." (vsftpd), "550 SSL/TLS required on the control channel" (ProFTPD),
  // "421-Sorry, cleartext sessions and weak ciphers are not accepted on this server." (Pure-FTPd), "534 Policy requires SSL." (IIS)
  {
    kind: "needs-tls",
    codes: [421, 503, 530, 534, 550],
    text: /must use encryption|cleartext|(ssl|tls)\b.*\brequire|requires? (ssl|tls|encryption|a secure)|using (tls|ssl)|use (explicit |implicit )?(tls|ftps|ssl)/i,
  },
  { kind: "login-refused", codes: [430, 530, 532] },
  { kind: "full", codes: [452, 552] },
  {
    kind: "full",
    codes: [426, 450, 451, 550, 553],
    text: /no space left|disk (is )?full|not enough (disk )?space|insufficient (disk |storage )?space|quota (is )?(exceeded|full)|exceed\w* .*quota/i,
  },
  // Pure-FTPd says 451 to a rename that can never work: "Is a directory", "Directory not empty", "Permission denied".
  { kind: "refused", codes: [451], text: /^451.rename\/move failure/i },
  { kind: "unsupported", codes: [500, 501, 502, 504] },
  { kind: "missing", codes: [450, 550, 553], text: /no such (file|dir)|not found|does(n't| not) exist|cannot find/i },
  // vsftpd's words for "no such file" after SIZE and RNFR.
  { kind: "missing", codes: [550], text: /could not get file size|rnfr command failed/i },
  {
    kind: "exists",
    codes: [450, 521, 550, 553],
    text: /(file|directory|folder|name) (already )?exists|already exists/i,
  },
];

/** Reads a reply. `code` is its three digits, `text` the whole reply. */
export function classifyReply({ code, message: text }: { code: number; message: string }): ReplyKind {
  if (code < 400) return "fine";
  const rule = RULES.find((candidate) => candidate.codes.includes(code) && (candidate.text?.test(text) ?? true));
  return rule?.kind ?? (code < 500 ? "transient" : "refused");
}

/** A reply as it may be quoted in one line; it is the server's text, so control characters go. */
export function quoteReply({ message }: { message: string }): string {
  return message
    .replace(/\s+/g, " ")
    .replace(/\p{Cc}/gu, "")
    .trim()
    .slice(0, 200);
}
