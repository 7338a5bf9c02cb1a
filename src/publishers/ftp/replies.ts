/**
 * What an FTP server's reply means. RFC 959 section 4.2 gives the codes; servers use the same few for very different
 * things (530 is a wrong password, a full house and a demand for TLS), so this one table reads code and text.
 * It is the only place that decides by text. The texts are those of vsftpd 3.0.3, ProFTPD 1.3.8, Pure-FTPd 1.0.50,
 * FileZilla Server 1.7 and IIS 10.
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
  /** A rule of the server forbids this name, whatever stands there. */
  | "forbidden-name"
  /** The account lacks the right to do this here. */
  | "permission"
  /** Went wrong this time (4xx, or a file that is in use); may be tried again. */
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
  // "421-Sorry, cleartext sessions and weak ciphers are not accepted on this server." (Pure-FTPd), "534 Policy requires
  // SSL." (IIS), "503 Use AUTH first." (FileZilla)
  {
    kind: "needs-tls",
    codes: [421, 503, 530, 534, 550],
    text: /must use encryption|cleartext|(ssl|tls)\b.*\brequire|requires? (ssl|tls|encryption|a secure)|using (tls|ssl)|use (explicit |implicit )?(tls|ftps|ssl)|use auth first/i,
  },
  { kind: "login-refused", codes: [430, 530, 532] },
  { kind: "full", codes: [452, 552] },
  {
    kind: "full",
    codes: [426, 450, 451, 550, 553],
    text: /no space left|disk (is )?full|not enough (disk )?space|insufficient (disk |storage )?space|quota (is )?(exceeded|full)|exceed\w* .*quota/i,
  },
  // IIS, while its web server serves the file: "550 The process cannot access the file because it is being used by
  // another process."
  { kind: "transient", codes: [550, 553], text: /being used by another process|sharing violation|resource busy/i },
  // Pure-FTPd with --norename: the same to a file that is there and to one that is not.
  { kind: "unsupported", codes: [550], text: /^550.rename\/move failure\s*$/i },
  // Pure-FTPd says 451 to a rename that can never work: "Is a directory", "Directory not empty", "Permission denied".
  { kind: "refused", codes: [451], text: /^451.rename\/move failure/i },
  { kind: "unsupported", codes: [500, 501, 502, 504] },
  { kind: "missing", codes: [450, 550, 553], text: /no such (file|dir)|not found|does(n't| not) exist|cannot find/i },
  // vsftpd's words for "no such file" after SIZE, MDTM and RNFR, and Pure-FTPd's after SIZE, MDTM and MLSD.
  {
    kind: "missing",
    codes: [550],
    text: /could not get file (size|modification time)|rnfr command failed|can't check for file existence/i,
  },
  // "550 d1: File exists" (ProFTPD), "550 Entry with same name already exists." (FileZilla),
  // "550 Cannot create a file when that file already exists." (IIS)
  {
    kind: "exists",
    codes: [450, 521, 550, 553],
    text: /(file|directory|folder|name) (already )?exists|already exists/i,
  },
  // "553 Prohibited file name: .htaccess", "553 Prohibited directory name" (Pure-FTPd with --prohibitdotfileswrite),
  // "550 .htaccess: Forbidden filename" (ProFTPD with PathDenyFilter)
  { kind: "forbidden-name", codes: [550, 553], text: /prohibited (file|directory) name|forbidden filename/i },
  // ProFTPD without AllowOverwrite: there is something to be replaced, not a right that is missing.
  { kind: "refused", codes: [550], text: /(overwrite|rename) permission denied/i },
  // "550 a: Permission denied", "550 a: Operation not permitted" (ProFTPD), "550 Access is denied." (IIS)
  {
    kind: "permission",
    codes: [550, 553],
    text: /permission denied|operation not permitted|access is denied|not authori[sz]ed/i,
  },
];

/** Reads a reply. `code` is its three digits, `text` the whole reply. */
export function classifyReply({ code, message: text }: { code: number; message: string }): ReplyKind {
  if (code < 400) return "fine";
  const rule = RULES.find((candidate) => candidate.codes.includes(code) && (candidate.text?.test(text) ?? true));
  return rule?.kind ?? (code < 500 ? "transient" : "refused");
}

/**
 * Whether the reply to a listing says that names were left out: "226 Output truncated to 10000 matches" (Pure-FTPd's
 * --limitrecursion, which counts the entries of one folder, too).
 */
export function isTruncated({ message }: { message: string }): boolean {
  return /output truncated/i.test(message);
}

/** A reply as it may be quoted in one line; it is the server's text, so control characters go. */
export function quoteReply({ message }: { message: string }): string {
  return message
    .replace(/\s+/g, " ")
    .replace(/\p{Cc}/gu, "")
    .trim()
    .slice(0, 200);
}
