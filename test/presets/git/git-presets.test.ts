/** What is read from the deliveries of git hosts. That they are verified is the contract's business. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sourceDefinition } from "../../../src/config/source-definition.ts";
import { sourceSettings } from "../../../src/config/source-settings.ts";
import { UnparseableError } from "../../../src/errors.ts";
import { extract } from "../../../src/model/extractor.ts";
import type { Received } from "../../../src/model/received.ts";
import { readPayload } from "../../../src/model/received.ts";
import type { Reading, Verified } from "../../../src/presets/preset.ts";
import { findPreset } from "../../../src/presets/presets.ts";
import { resolveSource } from "../../../src/presets/resolve-source.ts";
import type { SentRequest } from "../preset-case.ts";
import { gitCases } from "./git-cases.ts";
import { BITBUCKET_PUSH, BITBUCKET_SERVER_PUSH, GITEA_PUSH, GITLAB_PUSH } from "./payloads.ts";

const NOW = Date.parse("2026-12-01T12:00:00Z");

function received({ method = "POST", headers, body }: SentRequest): Received {
  const lists = Object.entries(headers).map(([name, value]) => [name, [value]] as const);
  return {
    method,
    target: "/hooks/git",
    headers: Object.fromEntries(lists),
    query: new URLSearchParams(),
    token: "",
    body: Buffer.from(body),
  };
}

async function verified(kind: string, request: SentRequest): Promise<Verified> {
  const preset = findPreset(kind);
  if (!preset) throw new Error(`no preset ${kind}`);
  const definition = sourceDefinition.parse(preset.definition(sourceSettings.parse({ kind })));
  const arrived = received(request);
  const payload = await readPayload(arrived, definition.accept.field);
  const event = definition.event.map((it) => extract(it, arrived, payload) ?? "").join(".");
  return { received: arrived, payload, event, receivedAtMs: NOW };
}

async function read(kind: string, request: SentRequest): Promise<Reading | undefined> {
  return findPreset(kind)?.read(await verified(kind, request));
}

const sent = (event: string, payload: unknown): SentRequest => ({
  headers: { "content-type": "application/json", "x-gitea-event": event, "x-event-key": event },
  body: JSON.stringify(payload),
});

describe("the presets of git hosts", () => {
  it.each(gitCases.map((one) => [`${one.kind}, ${one.name}`, one] as const))("read %s", async (_, one) => {
    const request = await one.request(one.secret, NOW);
    expect(await read(one.kind, request)).toEqual(one.reading);
    const delivery = await verified(one.kind, request);
    const preset = findPreset(one.kind);
    expect(preset?.events).toContain(delivery.event);
    const { id } = sourceDefinition.parse(preset?.definition(sourceSettings.parse({ kind: one.kind })));
    if (typeof id.from === "string") throw new Error("it has no id");
    expect(extract(id.from, delivery.received, delivery.payload)).toMatch(/^[0-9a-f-]{36}$/);
  });

  it("read messages and names without what a database refuses", async () => {
    const [commit] = GITLAB_PUSH.commits.slice(-1);
    const head = { ...commit, id: GITLAB_PUSH.after, message: "Fix\0 it", author: { name: "Jo\0\ud83d" } };
    const body = JSON.stringify({ ...GITLAB_PUSH, commits: [head] });
    expect(await read("gitlab", { headers: { "content-type": "application/json" }, body })).toMatchObject({
      push: [{ head: { message: "Fix it", author: "Jo\ufffd" } }],
    });
  });

  it("say that a branch was deleted", async () => {
    const none = "0".repeat(40);
    const [change] = BITBUCKET_PUSH.push.changes;
    const deleted = await Promise.all([
      read("gitlab", sent("", { ...GITLAB_PUSH, after: none, checkout_sha: null, commits: [] })),
      read("gitea", sent("push", { ...GITEA_PUSH, after: none, commits: null, head_commit: null })),
      read("bitbucket", sent("repo:push", { ...BITBUCKET_PUSH, push: { changes: [{ ...change, new: null }] } })),
      read(
        "bitbucket-server",
        sent("repo:refs_changed", {
          ...BITBUCKET_SERVER_PUSH,
          changes: [{ ...BITBUCKET_SERVER_PUSH.changes[0], toHash: none, type: "DELETE" }],
        }),
      ),
    ]);
    expect(deleted.map((reading) => reading?.push?.map(({ after, head }) => ({ after, head })))).toEqual(
      Array(4).fill([{ after: null, head: null }]),
    );
    expect(deleted.map((reading) => reading?.push?.[0]?.ref)).toEqual([
      "refs/heads/master",
      "refs/heads/develop",
      "refs/heads/name-of-branch",
      "refs/heads/master",
    ]);
  });

  it("read every branch and tag that Bitbucket reports at once", async () => {
    const [change] = BITBUCKET_PUSH.push.changes;
    const tag = { ...change, old: null, new: { ...change?.new, type: "tag", name: "v1" } };
    const reading = await read("bitbucket", sent("repo:push", { ...BITBUCKET_PUSH, push: { changes: [change, tag] } }));
    expect(reading?.push?.map(({ ref, before }) => `${ref} ${before.slice(0, 4)}`)).toEqual([
      "refs/heads/name-of-branch 1e65",
      "refs/tags/v1 0000",
    ]);
  });

  it("name the author of a commit on Bitbucket without the address", async () => {
    const [change] = BITBUCKET_PUSH.push.changes;
    const by = (author: object) => ({ ...change, new: { ...change?.new, target: { ...change?.new.target, author } } });
    const changes = [by({ raw: "Ada <ada@example.com>" }), by({ raw: "x <x@y>", user: { display_name: "Ada L." } })];
    const reading = await read("bitbucket", sent("repo:push", { ...BITBUCKET_PUSH, push: { changes } }));
    expect(reading?.push?.map(({ head }) => head?.author)).toEqual(["Ada", "Ada L."]);
  });

  it("take a delivery in which nothing moved for a test", async () => {
    const { after } = GITEA_PUSH;
    expect(await read("gitea", sent("push", { ...GITEA_PUSH, before: after }))).toEqual({
      ping: "a test: no branch moved",
    });
  });

  it.each([
    ["gitlab", sent("", { object_kind: "issue", user: {} }), "issue is no push"],
    ["gitlab", sent("", {}), "it names no event"],
    ["gitea", sent("create", { ref: "v1", ref_type: "tag" }), "create is no push"],
    ["bitbucket", sent("pullrequest:created", {}), "pullrequest:created is no push"],
    ["bitbucket-server", sent("pr:opened", {}), "pr:opened is no push"],
    ["bitbucket", sent("repo:push", { ...BITBUCKET_PUSH, push: { changes: [] } }), "nothing was pushed"],
  ])("have no use for other events of %s", async (kind, request, ignored) => {
    expect(await read(kind, request)).toEqual({ ignored });
  });

  it.each([
    ["gitlab", sent("", { ...GITLAB_PUSH, after: "main; rm -rf /" })],
    ["gitlab", sent("", { object_kind: "push" })],
    ["gitea", sent("push", { ...GITEA_PUSH, repository: null })],
    ["bitbucket", sent("repo:push", { ...BITBUCKET_PUSH, repository: { full_name: "../../evil" } })],
    ["bitbucket-server", sent("repo:refs_changed", { ...BITBUCKET_SERVER_PUSH, changes: [{}] })],
  ])("refuse what is not of the documented shape, without quoting it: %s", async (kind, request) => {
    const error = await read(kind, request).catch((it: unknown) => it);
    expect(error).toBeInstanceOf(UnparseableError);
    expect(String(error)).not.toMatch(/rm -rf|evil/);
  });

  it("never throw anything else, whatever the payload", () => {
    const kinds = ["gitlab", "gitea", "bitbucket", "bitbucket-server"];
    const events = ["push", "tag_push", "repo:push", "repo:refs_changed", "diagnostics:ping"];
    const anything = fc.record({
      kind: fc.constantFrom(...kinds),
      event: fc.constantFrom(...events),
      json: fc.oneof(
        fc.jsonValue(),
        fc.record({ ref: fc.jsonValue(), before: fc.jsonValue(), repository: fc.jsonValue(), push: fc.jsonValue() }),
      ),
    });
    fc.assert(
      fc.property(anything, ({ kind, event, json }) => {
        const delivery = {
          received: received(sent(event, json)),
          payload: { json, form: null },
          event,
          receivedAtMs: 0,
        };
        try {
          findPreset(kind)?.read(delivery);
        } catch (error) {
          expect(error).toBeInstanceOf(UnparseableError);
        }
      }),
    );
  });
});

describe("a source of an old GitLab", () => {
  it("names its deliveries by their bytes where the settings say so", () => {
    const settings = sourceSettings.parse({ kind: "gitlab", secret: "env:T", id: { from: "digest", window: "2h" } });
    expect(resolveSource("lab", settings)).toMatchObject({
      definition: { id: { from: "digest", window: 7_200_000 } },
      routes: [{ deploy: {} }],
    });
    const joined = sourceSettings.parse({ kind: "gitlab", secret: "env:T", id: "join(json:/ref, json:/after)" });
    expect(resolveSource("lab", joined)).toMatchObject({ definition: { id: { from: { from: "join" } } } });
  });

  it("needs a secret, as all git hosts do", () => {
    for (const kind of ["gitlab", "gitlab-signed", "gitea", "forgejo", "bitbucket", "bitbucket-server"])
      expect(resolveSource("lab", sourceSettings.parse({ kind }))).toMatchObject([{ key: "sources.lab.secret" }]);
  });
});
