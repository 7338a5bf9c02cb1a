/** The table of replies, with what real servers were seen to say. */
import { describe, expect, it } from "vitest";
import { classifyReply, quoteReply, type ReplyKind } from "../../src/publishers/ftp-replies.ts";

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
  ["missing", 550, "550 a.html: No such file or directory"],
  ["missing", 550, "550 Could not get file size."],
  ["missing", 553, "553 Can't open that file: No such file or directory"],
  ["exists", 550, "550 d1: File exists"],
  ["exists", 550, "550 Can't create directory: File exists"],
  ["exists", 550, "550 Cannot create a file when that file already exists."],
  ["transient", 425, "425 Unable to build data connection: Operation not permitted"],
  ["transient", 426, "426 Failure reading network stream."],
  ["transient", 421, "421 Timeout."],
  ["transient", 450, "450 EPSV: data transfer in progress"],
  ["refused", 451, "451 Rename/move failure: Directory not empty"],
  ["refused", 550, "550 Rename failed."],
  ["refused", 550, "550 index.html: Rename permission denied"],
  ["refused", 550, "550 index.html: Overwrite permission denied"],
  ["refused", 553, "553 Prohibited file name: .htaccess"],
  ["refused", 550, "550 .htaccess: Forbidden filename"],
  ["refused", 550, "550 Delete operation failed."],
  ["refused", 522, "522 SSL connection failed: session reuse required"],
];

describe("classifyReply", () => {
  it.each(SEEN)("reads as %s: %s %j", (kind, code, message) => {
    expect(classifyReply({ code, message })).toBe(kind);
  });
});

describe("quoteReply", () => {
  it("makes one short line of whatever a server says", () => {
    expect(quoteReply({ message: "550-a\r\n550 \u001b[31mb\u0007" })).toBe("550-a 550 [31mb");
    expect(quoteReply({ message: "x".repeat(5000) })).toHaveLength(200);
  });
});
