/** Reads the `publish` key: the address of a target. */
import { isAbsolute } from "node:path";

/** An address as it stands in the configuration, without its password, which is a reference of its own. */
export type TargetAddress =
  | {
      readonly protocol: "ftp" | "ftps";
      readonly host: string;
      readonly port: number;
      readonly user: string;
      /** "/" is the folder the account lands in. */
      readonly folder: string;
      /** TLS from the first byte instead of AUTH TLS (RFC 4217 describes the latter; the former is port 990). */
      readonly implicit: boolean;
    }
  | {
      readonly protocol: "sftp";
      readonly host: string;
      readonly port: number;
      readonly user: string;
      /** "/" is the folder the account lands in. */
      readonly folder: string;
    }
  | { readonly protocol: "dir"; readonly folder: string };

/** The ports of RFC 959 (FTP), RFC 4217 (FTPS; 990 for TLS from the first byte) and RFC 4253 (SSH). */
const PORTS = { ftp: 21, ftps: 21, sftp: 22 } as const;

/** The address, or a sentence that says what is wrong with it. */
export function parseTarget(text: string): TargetAddress | string {
  if (text.startsWith("dir:")) {
    const folder = text.slice(4).replace(/^\/\/(?=\/)/, "");
    return isAbsolute(folder) ? { protocol: "dir", folder } : "needs an absolute folder: dir:/var/www/site";
  }
  const url = URL.parse(text);
  const protocol = url?.protocol.slice(0, -1);
  if (!url || (protocol !== "ftp" && protocol !== "ftps" && protocol !== "sftp")) {
    return "is no target; write ftps://user@host/folder, sftp://…, ftp://… or dir:/folder";
  }
  if (url.password) return "carries a password; remove it and name it in `password` as env:NAME or file:/path";
  if (!url.hostname) return "has no host";
  if (!url.username) return `has no user; write ${protocol}://user@host/folder`;
  const unknown = [...url.searchParams.keys()].filter((key) => key !== "implicit");
  if (unknown.length > 0) return `has an unknown option ?${unknown[0]}; known is ?implicit`;
  const implicit = url.searchParams.has("implicit");
  if (implicit && protocol !== "ftps") return "?implicit belongs to ftps://";
  try {
    const place = {
      host: url.hostname.replace(/^\[|\]$/g, ""),
      port: url.port ? Number(url.port) : implicit ? 990 : PORTS[protocol],
      user: decodeURIComponent(url.username),
      folder: decodeURIComponent(url.pathname) || "/",
    };
    if (/\p{Cc}/u.test(place.user + place.folder)) return "has a control character";
    return protocol === "sftp" ? { protocol, ...place } : { protocol, ...place, implicit };
  } catch {
    return "has a % that is not followed by two hex digits; write a literal % as %25";
  }
}
