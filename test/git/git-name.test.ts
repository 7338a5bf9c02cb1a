import { expect, test } from "vitest";
import { branchProblem, isCommitName, repositoryProblem } from "../../src/git/git-name.ts";

test.each([
  ["main", null],
  ["release/2.0", null],
  ["-x", null],
  ["", "is empty or very long"],
  ["a b", "has a space, a control character or one of ~ ^ : ? * [ \\"],
  ["a\nb", "has a space, a control character or one of ~ ^ : ? * [ \\"],
  ["main:refs/heads/other", "has a space, a control character or one of ~ ^ : ? * [ \\"],
  ["a..b", "has '..' or '@{'"],
  ["a@{1}", "has '..' or '@{'"],
  ["/a", "has an empty part"],
  ["a//b", "has an empty part"],
  ["a/", "has an empty part"],
  [".a", "has a part that starts with a dot"],
  ["a/.b", "has a part that starts with a dot"],
  ["a.lock/b", "has a part that ends with .lock"],
  ["a.", "ends with a dot"],
])("As git-check-ref-format has it, the branch %j %s", (name, problem) => {
  expect(branchProblem(name)).toBe(problem);
});

test.each([
  ["https://github.com/acme/shop.git", null],
  ["ssh://git@git.example.com:2222/acme/shop.git", null],
  ["file:///srv/git/shop.git", null],
  ["http://example.com/x.git", "does not start with https://, ssh:// or file://"],
  ["git@example.com:acme/shop.git", "does not start with https://, ssh:// or file://"],
  ["--upload-pack=x", "does not start with https://, ssh:// or file://"],
  ["file:x", "does not start with file://"],
  ["https://user:password@example.com/x.git", "has a password in it; arguments and logs would show it"],
  ["ssh://-oProxyCommand=x/y", "has a host that starts with -"],
])("The repository %j %s", (url, problem) => {
  expect(repositoryProblem(url)).toBe(problem);
});

test.each([
  ["a".repeat(40), true],
  ["0".repeat(64), true],
  ["a".repeat(39), false],
  ["A".repeat(40), false],
  ["HEAD", false],
  ["--upload-pack=x", false],
  [`${"a".repeat(40)}\n`, false],
])("That %j is the full name of a commit is %s", (text, answer) => {
  expect(isCommitName(text)).toBe(answer);
});
