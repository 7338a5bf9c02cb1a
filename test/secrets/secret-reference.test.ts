import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseConfig } from "../../src/config/load-config.ts";
import { splitWords } from "../../src/secrets/exec-words.ts";
import {
  parseSecretReference,
  printSecretReference,
  readSecretReference,
  secretName,
} from "../../src/secrets/secret-reference.ts";

describe("a reference to a secret", () => {
  it("names a field of a secret in Vault, by mount, path and field", () => {
    expect(parseSecretReference("vault:kv/web/shop#ftp password")).toEqual({
      ...{ kind: "vault", name: "kv/web/shop#ftp password" },
      ...{ mount: "kv", path: "web/shop", field: "ftp password" },
    });
    expect(parseSecretReference("vault:team%2Fkv/shop#ftp")).toMatchObject({ mount: "team/kv", path: "shop" });
  });

  it("names a program and its arguments, without a shell", () => {
    expect(parseSecretReference(`exec:op read "op://My Shop/FTP/password"`)).toMatchObject({
      ...{ kind: "exec", words: ["op", "read", "op://My Shop/FTP/password"] },
    });
    expect(parseSecretReference("exec:/usr/bin/sops -d $HOME/x;id")).toMatchObject({
      words: ["/usr/bin/sops", "-d", "$HOME/x;id"],
    });
  });

  it.each([
    ["vault:kv/shop", "names no field of a secret in Vault; write vault:mount/path#field"],
    ["vault:kv#x", "names no mount and path in Vault; write vault:mount/path#field"],
    ["vault:kv/../sys/x#y", "holds no path of Vault's; write vault:mount/path#field"],
    ["vault:kv//x#y", "holds no path of Vault's; write vault:mount/path#field"],
    ["vault:kv/x?version=1#y", "holds no path of Vault's; write vault:mount/path#field"],
    ["vault:kv/x#y#z", "names no field of a secret in Vault; write vault:mount/path#field"],
    ["exec:", "names no program; write exec:program and its arguments"],
    ["exec:op 'read", "has an opening ' that is never closed; write exec:program and its arguments"],
    [
      "exec:./op read",
      "names its program by a relative path; write a name that is looked up in PATH, or the whole path",
    ],
    ["env:A B", "names no environment variable after env:"],
    ["file:", "names no file after file:"],
  ])("is refused with a sentence: %s", (text, sentence) => {
    expect(readSecretReference(text)).toBe(sentence);
  });

  it("is never quoted where it is none, since it may be the secret itself", () => {
    const wrong = () =>
      parseConfig("sites: { shop: { repo: a/b, publish: 'ftps://u@h/', password: hunter2-and } }", "x");
    expect(wrong).toThrow(/sites\.shop\.password: is not a reference to a secret; secrets never stand in this file/);
    expect(wrong).not.toThrow(/hunter2/);
  });

  it("is read or refused, whatever it says, and printed as it was written", () => {
    const any = fc.oneof(
      fc.string({ unit: "grapheme" }),
      fc.tuple(fc.constantFrom("env:", "file:", "vault:", "exec:"), fc.string()).map((parts) => parts.join("")),
      fc.string().map((text) => `vault:kv/${text}#${text}`),
    );
    fc.assert(
      fc.property(any, (text) => {
        const read = readSecretReference(text);
        if (typeof read !== "string") expect(printSecretReference(read)).toBe(text);
        else if (text.length > 12) expect(read).not.toContain(text);
      }),
    );
  });

  it("leads to no other place in Vault than it names", () => {
    const segment = fc.string({ minLength: 1, unit: "grapheme" });
    fc.assert(
      fc.property(fc.array(segment, { minLength: 1, maxLength: 4 }), (segments) => {
        const read = parseSecretReference(`vault:kv/${segments.join("/")}#f`);
        if (read?.kind !== "vault") return;
        const url = new URL(`http://v/v1/kv/data/${read.path.split("/").map(encodeURIComponent).join("/")}`);
        expect(url.pathname.startsWith("/v1/kv/data/")).toBe(true);
        expect(url.pathname.split("/").slice(4).map(decodeURIComponent)).toEqual(read.path.split("/"));
        expect([url.search, url.hash]).toEqual(["", ""]);
      }),
    );
  });

  it("is shown without the arguments of a program, and told from another of the same program", () => {
    const [one, other] = ["exec:op read op://a/hunter2", "exec:op read op://b"].map((it) => {
      const read = parseSecretReference(it);
      return read && secretName(read);
    });
    expect(one).toMatch(/^exec:op \([0-9a-f]{6}\)$/);
    expect(one).not.toBe(other);
  });
});

describe("the words of a program's line", () => {
  it("are kept together by quotes alone", () => {
    expect(splitWords(`  a  'b c' d"e f"g '' "it's" \\n `)).toEqual(["a", "b c", "de fg", "", "it's", "\\n"]);
  });

  it("come back as they were, however they are quoted", () => {
    const word = fc.string({ unit: "binary" }).filter((text) => !(text.includes("'") && text.includes('"')));
    const quote = (text: string) => (text.includes("'") ? `"${text}"` : `'${text}'`);
    fc.assert(
      fc.property(
        fc.array(word),
        fc.string({ minLength: 1 }).filter((it) => !it.includes("'")),
        (rest, program) => {
          expect(
            splitWords([program, ...rest].map((it) => (it === program ? `'${it}'` : quote(it))).join(" \t")),
          ).toEqual([program, ...rest]);
        },
      ),
    );
  });

  it("are words or a sentence, whatever is written", () => {
    fc.assert(
      fc.property(fc.string(), (line) => {
        const words = splitWords(line);
        if (typeof words === "string") expect(words).toMatch(/^(has an opening|names no program)/);
        else expect(words.join("").length).toBeLessThanOrEqual(line.length);
      }),
    );
  });
});
