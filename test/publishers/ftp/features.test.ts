import { describe, expect, it } from "vitest";
import { readFeatures } from "../../../src/publishers/ftp/features.ts";

const feat = (...lines: string[]) => ({
  code: 211,
  message: ["211-Features:", ...lines.map((line) => ` ${line}`), "211 End"].join("\r\n"),
});

describe("what a server says it can do", () => {
  it.each([
    ["vsftpd", feat("EPRT", "EPSV", "MDTM", "PASV", "REST STREAM", "SIZE", "TVFS"), false, "none"],
    ["Pure-FTPd", feat("UTF8", "MDTM", "MLST type*;size*;sizd*;modify*;UNIX.mode*;", "MLSD", "PRET"), true, "none"],
    ["ProFTPD", feat("HASH CRC32;MD5;SHA-1*;SHA-256;SHA-512;", "MLST modify*;perm*;", "XSHA256"), true, "HASH"],
    ["a server with XSHA256 alone", feat("XCRC", "xsha256 filename;start;end"), false, "XSHA256"],
    ["a server whose HASH is weak", feat("HASH MD5*;SHA-1"), false, "none"],
    ["a server without FEAT", { code: 500, message: "500 Unknown command." }, false, "none"],
    ["a server with nothing", { code: 211, message: "211 No features" }, false, "none"],
  ])("%s", (_, reply, hasMlsd, digest) => {
    expect(readFeatures(reply)).toEqual({ hasMlsd, digest });
  });
});
