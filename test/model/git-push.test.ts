/** Addresses of one repository have one place in common, and those of others do not. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromScpForm, repositoryPlace } from "../../src/model/git-push.ts";

describe("the place of a repository", () => {
  it.each([
    "https://git.example.com/group/sub/x.git",
    "https://git.example.com/group/sub/x",
    "https://git.example.com:443/group/sub/x/",
    "https://oauth2@GIT.example.com/Group/sub/x.git",
    "http://git.example.com/group//sub/x.git",
    "ssh://git@git.example.com/group/sub/x.git",
    "ssh://git@git.example.com:22/group/sub/x",
    "git@git.example.com:group/sub/x.git",
    "git@git.example.com:/group/sub/x.git",
    " git.example.com:group/sub/x.git ",
  ])("is the same for %s", (address) => {
    expect(repositoryPlace(address)).toBe("git.example.com/group/sub/x");
  });

  it.each([
    ["ssh://git@git.example.com:7999/group/x.git", "git.example.com:7999/group/x"],
    ["http://localhost:3000/gitea/webhooks.git", "localhost:3000/gitea/webhooks"],
    ["ssh://git@[::1]:2222/a/b", "[::1]:2222/a/b"],
    ["https://git.example.com/group/x.github", "git.example.com/group/x.github"],
  ])("keeps what tells it from others: %s", (address, place) => {
    expect(repositoryPlace(address)).toBe(place);
  });

  it.each([
    "",
    "file:///srv/x.git",
    "https://git.example.com/",
    "https://",
    "/srv/x.git",
    `https://h/${"/".repeat(2000)}x`,
  ])("is none for %s", (address) => {
    expect(repositoryPlace(address)).toBeNull();
  });

  it("is found, or not, for any text", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom("a", "/", ":", "@", ".git", "https://", "ssh://", "%", "[", " ") }),
        (text) => {
          const place = repositoryPlace(text);
          expect(place === null || place.includes("/")).toBe(true);
          expect(fromScpForm(fromScpForm(text))).toBe(fromScpForm(text));
        },
      ),
    );
  });
});
