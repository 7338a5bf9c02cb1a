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
  | { readonly protocol: "dir"; readonly folder: string };

/** The address, or a sentence that says what is wrong with it. */
export function parseTarget(text: string): TargetAddress | string {
  if (text.startsWith("dir:")) {
    const folder = text.slice(4).replace(/^\/\/(?=\/)/, "");
    return isAbsolute(folder) ? { protocol: "dir", folder } : "needs an absolute folder: dir:/var/www/site";
  }
  const url = URL.parse(text);
  if (url?.protocol === "sftp:") return "sftp:// is not supported by this version; use ftps://, ftp:// or dir:";
  if (url?.protocol !== "ftp:" && url?.protocol !== "ftps:") {
    return "is no target; write ftps://user@host/folder, ftp://user@host/folder or dir:/folder";
  }
  if (url.password) return "carries a password; remove it and name it in `password` as env:NAME or file:/path";
  if (!url.hostname) return "has no host";
  if (!url.username) return "has no user; write ftps://user@host/folder";
  const unknown = [...url.searchParams.keys()].filter((key) => key !== "implicit");
  if (unknown.length > 0) return `has an unknown option ?${unknown[0]}; known is ?implicit`;
  const implicit = url.searchParams.has("implicit");
  if (implicit && url.protocol === "ftp:") return "?implicit belongs to ftps://";
  try {
    return {
      protocol: url.protocol === "ftp:" ? "ftp" : "ftps",
      host: url.hostname.replace(/^\[|\]$/g, ""),
      port: url.port ? Number(url.port) : implicit ? 990 : 21,
      user: decodeURIComponent(url.username),
      folder: decodeURIComponent(url.pathname) || "/",
      implicit,
    };
  } catch {
    return "has a % that is not followed by two hex digits; write a literal % as %25";
  }
}
