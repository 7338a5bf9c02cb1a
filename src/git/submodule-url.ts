/** Where a submodule is fetched from: what `.gitmodules` says, judged as the word of a stranger. */
import { fromScpForm } from "../model/git-push.ts";
import { repositoryProblem } from "./git-name.ts";

export type SubmoduleUrl = { readonly url: string } | { readonly problem: string };

/**
 * Resolves the URL of a submodule against that of its repository, as gitsubmodules(7) and `git submodule add` describe,
 * and decides whether it may be used:
 *
 * - https:// always;
 * - ssh:// only below a repository that is read over ssh itself, since it uses the operator's keys. Below https://,
 *   an address on the same host is read over https instead, as most are written "git@github.com:owner/name.git";
 * - file:// only below file://.
 */
export function resolveSubmoduleUrl(parent: string, written: string): SubmoduleUrl {
  const text = /^\.\.?(\/|$)/.test(written) ? climb(parent, written) : fromScpForm(written);
  if (text === null) return { problem: "leads out of the host of its repository" };
  const problem = repositoryProblem(text);
  if (problem !== null) return { problem };
  const [own, url] = [new URL(parent), new URL(text)];
  if (url.protocol === "https:" || url.protocol === own.protocol) return { url: text };
  if (url.protocol === "ssh:" && own.protocol === "https:" && url.hostname === own.hostname) {
    return { url: `${own.origin}${url.pathname}` };
  }
  return {
    problem: `is read over ${url.protocol}//, which only a repository that is itself read over ${url.protocol}// may name`,
  };
}

/** "../b.git" beside https://host/a.git is https://host/b.git. Null when it climbs above the host's root. */
function climb(parent: string, relative: string): string | null {
  const url = new URL(parent);
  const parts = url.pathname.split("/").filter((part) => part !== "");
  for (const part of relative.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") parts.push(part);
    else if (parts.pop() === undefined) return null;
  }
  if (parts.length === 0) return null;
  const user = url.username === "" ? "" : `${url.username}@`;
  return `${url.protocol}//${user}${url.host}/${parts.join("/")}`;
}
