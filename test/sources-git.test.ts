/** A push on another git host, from its signed webhook to the live site: the service, a git server over https, a fake Slack. */
import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, onTestFinished, vi } from "vitest";
import type { Delivery } from "../src/model/delivery.ts";
import type { Deployment } from "../src/model/deployment.ts";
import { startControlRoom } from "./control-room-world.ts";
import { canServe, createGitHost } from "./git/git-host.ts";
import { createGitRepository, temporaryFolder } from "./git/git-repository.ts";
import { servedAs } from "./git/served-repository.ts";
import { PATIENCE } from "./patience.ts";
import { GITEA_PUSH, GITLAB_PUSH } from "./presets/git/payloads.ts";

const SECRETS = {
  GITLAB_TOKEN: "gitlab-sends-this-one-as-it-is",
  GITEA_SECRET: "gitea-signs-with-this-one",
  READ_TOKEN: "reads-the-repository-and-no-more",
};

it.skipIf(!canServe)(
  "deploys the site whose repository it is, and no copy of it does until somebody says so",
  async () => {
    const repository = createGitRepository();
    const authorization = `Basic ${Buffer.from(`x-token-auth:${SECRETS.READ_TOKEN}`).toString("base64")}`;
    const host = await createGitHost({ folder: servedAs("group/lab", repository), authorization });
    const git = `${host.url}/group/lab.git`;
    const target = join(temporaryFolder(), "lab");
    mkdirSync(target);
    const room = await startControlRoom({
      secrets: SECRETS,
      prepare: () => ({ GIT_SSL_CAINFO: host.cert }),
      sites: `lab: { repo: group/lab, git: "${git}", gitToken: env:READ_TOKEN, publish: "dir:${target}", channel: elsewhere,
      isolation: none, build: { command: "mkdir dist; cp index.html dist/", output: dist } }`,
      more: `
channel: third
sources:
  gitlab: { kind: gitlab, secret: env:GITLAB_TOKEN }
  gitea: { kind: gitea, secret: env:GITEA_SECRET }
`,
    });
    onTestFinished(() => room.stop());

    async function post(source: string, headers: Record<string, string>, body: string): Promise<void> {
      const sent = { "content-type": "application/json", ...headers };
      const answer = await fetch(`${room.url}/hooks/${source}`, { method: "POST", headers: sent, body });
      expect(answer.status).toBe(200);
    }
    const gitlab = (payload: object) =>
      post(
        "gitlab",
        { "x-gitlab-token": SECRETS.GITLAB_TOKEN, "idempotency-key": randomUUID() },
        JSON.stringify(payload),
      );
    const gitea = (delivery: string, body: string) => {
      const printed = execFileSync("openssl", ["dgst", "-sha256", "-hmac", SECRETS.GITEA_SECRET], { input: body });
      const signature = printed.toString().trim().split(" ").at(-1) ?? "";
      return post(
        "gitea",
        { "x-gitea-event": "push", "x-gitea-delivery": delivery, "x-gitea-signature": signature },
        body,
      );
    };
    const live = (content: string) =>
      vi.waitFor(() => expect(readFileSync(join(target, "index.html"), "utf8")).toBe(content), PATIENCE);
    const deployments = async () => (await room.ask("deployments", { site: "lab", limit: 9 })) as Deployment[];
    const states = async () => (await deployments()).map(({ state }) => state);

    const first = repository.commit({ "index.html": "first" }, "The first page");
    const pushed = { ref: "refs/heads/main", before: "0".repeat(40), after: first };
    await gitlab({ ...GITLAB_PUSH, ...pushed, project: { ...GITLAB_PUSH.project, git_http_url: git } });
    // A repository that is nobody's site.
    await gitlab({ ...GITLAB_PUSH, ...pushed });
    await live("first");
    await room.says(new RegExp(`lab is live: ${first.slice(0, 7)}`), "elsewhere");

    const second = repository.commit({ "index.html": "second" }, "The second page");
    const body = JSON.stringify({
      ...{ ...GITEA_PUSH, ref: "refs/heads/main", before: first, after: second, commits: [] },
      head_commit: { id: second, message: "The second page", author: { name: "Ada" } },
      // As others spell the same address.
      repository: {
        ...GITEA_PUSH.repository,
        full_name: "group/lab",
        clone_url: git.replace("/group/lab.git", "/Group/Lab"),
      },
    });
    await gitea("the-first-delivery", body);
    await live("second");
    await room.says(new RegExp(`lab is live: ${second.slice(0, 7)} The second page by Ada`), "elsewhere");

    // The second page was a mistake. Whoever has what was signed sends it once more, under an id of their own.
    await room.ask("rollback", { name: "lab", by: "ada", reason: "a mistake", pauses: false });
    await live("first");
    await vi.waitFor(async () => expect(await states()).toEqual(["live", "live", "live"]), PATIENCE);
    await gitea("another-delivery", body);
    await room.says(/A delivery from gitea may be a replay: push/, "third");
    expect(await room.ask("delivery", { name: "another-delivery" })).toMatchObject({
      ...{ state: "held", verdict: "suspected_replay" },
      outcome: [expect.stringContaining("their id is not signed: this may be a replay")],
    });
    expect(await states()).toHaveLength(3);

    await room.ask("replay", { name: "another-delivery", by: "ada" });
    await live("second");
    const { state, releasedBy, outcome } = (await room.ask("delivery", { name: "another-delivery" })) as Delivery;
    expect({ state, releasedBy }).toEqual({ state: "done", releasedBy: "ada" });
    expect(outcome).toEqual([expect.stringMatching(/^queued deployment d-\S+ of lab$/)]);
    expect((await deployments())[0]).toMatchObject({ commit: second, title: "The second page" });
  },
  120_000,
);
