/** The table of replies, with what real servers were seen to say. */
import { describe, expect, it } from "vitest";
import { classifyReply, isTruncated, quoteReply, type ReplyKind } from "../../../src/publishers/ftp/replies.ts";

const SEEN: Array<[ReplyKind, number, string]> = [
  ["fine", 226, "226 Transfer complete."],
  ["fine", 350, "350 Ready for RNTO."],
  ["too-many", 421, "421 There are too many connections from your internet address."],
  ["too-many", 421, "421 Too many connections (3) from this IP"],
  ["too-many", 421, "421 I can't accept more than 2 connections as the same user"],
  ["too-many", 530, "530 Sorry, the maximum number of clients (3) from your host are already connected."],
  ["too-many", 530, "530 Sorry, maximum number of connections per user reached"],
  ["login-refused", 530, "530 Login incorrect."],
  ["login-refused", 530, "530 Login authentication failed"],
  ["login-refused", 530, "530 User cannot log in."],
  ["login-refused", 430, "430 Invalid username or password"],
  ["needs-tls", 530, "530 Non-anonymous sessions must use encryption."],
  ["needs-tls", 550, "550 SSL/TLS required on the control channel"],
  ["needs-tls", 534, "534 Policy requires SSL."],
  ["needs-tls", 534, "534-Policy requires SSL.\r\n Win32 error: Access is denied.\r\n534 End"],
  ["needs-tls", 503, "503 Use AUTH first."],
  [
    "needs-tls",
    421,
    "421-Sorry, cleartext sessions and weak ciphers are not accepted on this server.\n421 Please reconnect using TLS security mechanisms.",
  ],
  ["full", 452, "452 Insufficient storage space."],
  ["full", 552, "552 Quota exceeded: [a.html] won't be saved"],
  ["full", 451, "451 Failure writing to local file: No space left on device"],
  ["full", 550, "550 a.html: Disk quota exceeded"],
  ["unsupported", 500, "500 Unknown command."],
  ["unsupported", 502, "502 SIZE not implemented"],
  ["unsupported", 550, "550 Rename/move failure"],
  ["unsupported", 500, "500 HASH not understood"],
  ["unsupported", 504, "504 Unknown command"],
  ["missing", 550, "550 a.html: No such file or directory"],
  ["missing", 550, "550 Could not get file size."],
  ["missing", 550, "550 Could not get file modification time."],
  ["missing", 550, "550 RNFR command failed."],
  ["missing", 550, "550 Can't check for file existence"],
  ["missing", 550, "550 Sorry, but that file doesn't exist"],
  ["missing", 450, "450 none: No such file or directory"],
  ["missing", 550, "550 none/x: No such file or directory"],
  ["missing", 550, "550 Can't create directory: No such file or directory"],
  ["missing", 550, "550-The system cannot find the file specified. \r\n Win32 error: …\r\n550 End"],
  ["missing", 553, "553 Can't open that file: No such file or directory"],
  ["exists", 550, "550 d1: File exists"],
  ["exists", 550, "550 Can't create directory: File exists"],
  ["exists", 550, "550 Cannot create a file when that file already exists."],
  ["exists", 550, "550 Entry with same name already exists."],
  ["transient", 550, "550 The process cannot access the file because it is being used by another process."],
  ["transient", 425, "425 Unable to build data connection: TLS session of data connection not resumed."],
  ["transient", 421, "421 No transfer timeout (300 seconds): closing control connection"],
  ["transient", 421, "421 Session Timeout (3600 seconds): closing control connection"],
  ["transient", 425, "425 Unable to build data connection: Operation not permitted"],
  ["transient", 426, "426 Failure reading network stream."],
  ["transient", 421, "421 Timeout."],
  ["transient", 450, "450 EPSV: data transfer in progress"],
  ["refused", 451, "451 Rename/move failure: Directory not empty"],
  ["refused", 550, "550 Rename failed."],
  ["refused", 550, "550 index.html: Rename permission denied"],
  ["refused", 550, "550 index.html: Overwrite permission denied"],
  ["refused", 451, "451 Rename/move failure: Permission denied"],
  ["refused", 451, "451 Rename/move failure: No such file or directory"],
  ["refused", 550, "550 Create directory operation failed."],
  ["refused", 550, "550 Failed to change directory."],
  ["refused", 550, "550 a: Not a directory"],
  ["refused", 550, "550 a: Directory not empty"],
  ["refused", 553, "553 Could not create file."],
  ["refused", 553, "553 dir: Not a regular file"],
  ["refused", 550, "550 I can only retrieve regular files"],
  ["refused", 503, "503 Bad sequence of commands"],
  ["refused", 503, "503 Need RNFR before RNTO"],
  ["forbidden-name", 553, "553 Prohibited file name: .htaccess"],
  ["forbidden-name", 553, "553 Prohibited directory name"],
  ["forbidden-name", 550, "550 .htaccess: Forbidden filename"],
  ["permission", 550, "550 x: Permission denied"],
  ["permission", 550, "550 Can't create directory: Permission denied"],
  ["permission", 550, "550 a.txt: Operation not permitted"],
  ["permission", 550, "550 Could not delete a.txt: Operation not permitted"],
  ["permission", 553, "553 Can't open that file: Permission denied"],
  ["permission", 550, "550-Access is denied. \r\n Win32 error: Access is denied.\r\n550 End"],
  ["refused", 550, "550 Delete operation failed."],
  ["refused", 522, "522 SSL connection failed: session reuse required"],
];

describe("classifyReply", () => {
  it.each(SEEN)("reads as %s: %s %j", (kind, code, message) => {
    expect(classifyReply({ code, message })).toBe(kind);
  });
});

describe("isTruncated", () => {
  it.each([
    [true, "226 Output truncated to 3 matches"],
    [true, "226-Options: -a -l \r\n226 Output truncated to 10000 matches"],
    [false, "226-Options: -a -l \r\n226 9 matches total"],
    [false, "226 Transfer complete"],
  ])("says %s to %j", (isSo, message) => {
    expect(isTruncated({ message })).toBe(isSo);
  });
});

describe("quoteReply", () => {
  it("makes one short line of whatever a server says", () => {
    expect(quoteReply({ message: "550-a\r\n550 \u001b[31mb\u0007" })).toBe("550-a 550 [31mb");
    expect(quoteReply({ message: "x".repeat(5000) })).toHaveLength(200);
  });
});
