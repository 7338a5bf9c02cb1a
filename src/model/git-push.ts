/** A push that a git host other than GitHub reports, and how addresses of repositories are compared. */

export type GitPush = {
  /** Every address that the host says the repository can be cloned from. They are compared, and nothing is cloned from them. */
  readonly cloneUrls: readonly string[];
  /** "group/project". */
  readonly repoName: string;
  /** The whole ref: "refs/heads/main". */
  readonly ref: string;
  readonly before: string;
  /** The commit that the ref names now; null where it was deleted. */
  readonly after: string | null;
  readonly head: { readonly message: string; readonly author: string } | null;
};

/** "git@host:owner/name.git" is how ssh addresses are mostly written (git-clone(1), "GIT URLS"). */
export function fromScpForm(text: string): string {
  const scp = /^(?:([^@/:\s]+)@)?([A-Za-z0-9][A-Za-z0-9.-]*):(?!\/\/)\/?(.+)$/.exec(text);
  if (!scp) return text;
  const [, user, host = "", path = ""] = scp;
  return `ssh://${user === undefined ? "" : `${user}@`}${host}/${path}`;
}

/**
 * What all addresses of one repository have in common: "host/group/project", with the port where it is not the one of
 * its protocol. Null where the text is no address of a host. Who logs in, ".git" and the case of letters make no
 * difference: no host that reports pushes tells two repositories apart by case.
 */
export function repositoryPlace(address: string): string | null {
  if (address.length > MAX_ADDRESS) return null;
  const url = URL.parse(fromScpForm(address.trim()));
  if (!url || !Object.hasOwn(PORTS, url.protocol) || url.hostname === "") return null;
  const path = url.pathname
    .replace(/^\/+|\/+$/g, "")
    .replace(/\.git$/i, "")
    .replace(/\/{2,}/g, "/");
  if (path === "") return null;
  const port = url.port === "" || url.port === PORTS[url.protocol] ? "" : `:${url.port}`;
  return `${url.hostname}${port}/${path}`.toLowerCase();
}

/** Longer than any host makes them, and short enough to be looked through. */
const MAX_ADDRESS = 2000;
const PORTS: Readonly<Record<string, string>> = { "https:": "443", "http:": "80", "ssh:": "22" };
