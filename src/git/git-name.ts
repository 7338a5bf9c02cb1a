/** Which branches and repository URLs git is asked for. Both are only names to us, whatever they look like. */

/** What is wrong with the name of a branch, or null: the rules of git-check-ref-format(1) for `refs/heads/NAME`. */
export function branchProblem(name: string): string | null {
  if (name === "" || name.length > 200) return "is empty or very long";
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  if (/[\x00-\x20\x7f~^:?*[\\]/.test(name)) return "has a space, a control character or one of ~ ^ : ? * [ \\";
  if (name.includes("..") || name.includes("@{")) return "has '..' or '@{'";
  if (name.endsWith(".")) return "ends with a dot";
  for (const part of name.split("/")) {
    if (part === "") return "has an empty part";
    if (part.startsWith(".")) return "has a part that starts with a dot";
    if (part.endsWith(".lock")) return "has a part that ends with .lock";
  }
  return null;
}

/** What is wrong with the URL of a repository, or null. */
export function repositoryProblem(text: string): string | null {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (!url || !["https:", "ssh:", "file:"].includes(url.protocol))
    return "does not start with https://, ssh:// or file://";
  if (!text.startsWith(`${url.protocol}//`)) return `does not start with ${url.protocol}//`;
  if (url.password !== "") return "has a password in it; arguments and logs would show it";
  // A host or user that starts with "-" would be an option to ssh (CVE-2017-1000117).
  if (decodeURIComponent(url.hostname).startsWith("-") || url.username.startsWith("-"))
    return "has a host that starts with -";
  return null;
}

/** Whether the text is the full name of a commit: 40 hex digits, or 64 where a repository uses SHA-256. */
export function isCommitName(text: string): boolean {
  return /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(text);
}
