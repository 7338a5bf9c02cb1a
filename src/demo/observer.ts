/**
 * Looks at the demo's world from outside, as its users would: over HTTP, FTP, Slack's history and GitHub's API. It
 * knows nothing of Slipway's store or log.
 */
import { Writable } from "node:stream";
import { WebClient } from "@slack/web-api";
import { Client } from "basic-ftp";
import { CHANNEL, FTP_USER, REPOSITORY, type World } from "./world.ts";

type SlackMessage = {
  readonly ts: string;
  readonly text: string;
  readonly key: string;
  readonly blocks: readonly unknown[];
};
type GithubDeployment = {
  readonly id: number;
  readonly sha: string;
  /** Oldest first. */
  readonly states: readonly string[];
  readonly logUrl: string;
};

export type Observer = {
  /** The bot's messages in the channel, oldest first. */
  messages(): Promise<SlackMessage[]>;
  /** The deployments of the repository, oldest first. */
  deployments(): Promise<GithubDeployment[]>;
  /** Conclusions of the check runs on a commit. */
  checks(commit: string): Promise<string[]>;
  /** A page of the site as visitors get it. */
  page(path: string): Promise<{ status: number; body: Buffer }>;
  /** Every file on the host, downloaded over FTPS: path → content. */
  hostFiles(): Promise<Map<string, Buffer>>;
};

export function observe(world: World): Observer {
  const { github, slack, web, ftp } = world;
  const client = new WebClient(world.slackToken, { slackApiUrl: `${slack.url}/api/` });
  const repository = `/repos/${REPOSITORY.owner}/${REPOSITORY.name}`;

  async function ask<T>(path: string): Promise<T> {
    const headers = { authorization: `Bearer ${github.ownerToken}`, accept: "application/vnd.github+json" };
    const answer = await fetch(`${github.url}${repository}${path}`, { headers });
    if (!answer.ok) throw new Error(`GitHub answers ${answer.status} to ${path}`);
    return (await answer.json()) as T;
  }

  return {
    async messages() {
      const channel = slack.channelId(CHANNEL);
      const history = await client.conversations.history({ channel, limit: 200, include_all_metadata: true });
      const messages = (history.messages ?? []).flatMap((message) => {
        const payload = message.metadata?.event_payload as { key?: string } | undefined;
        if (payload?.key === undefined) return [];
        const { ts = "", text = "", blocks = [] } = message;
        return [{ ts, text, blocks, key: payload.key }];
      });
      return messages.sort((a, b) => Number(a.ts) - Number(b.ts));
    },
    async deployments() {
      const found = await ask<Array<{ id: number; sha: string }>>("/deployments?per_page=100");
      const told = found.map(async ({ id, sha }) => {
        const statuses = await ask<Array<{ id: number; state: string; log_url: string }>>(
          `/deployments/${id}/statuses`,
        );
        statuses.sort((a, b) => a.id - b.id);
        return { id, sha, states: statuses.map((it) => it.state), logUrl: statuses.at(-1)?.log_url ?? "" };
      });
      return (await Promise.all(told)).sort((a, b) => a.id - b.id);
    },
    async checks(commit) {
      const { check_runs } = await ask<{ check_runs: Array<{ conclusion: string | null; status: string }> }>(
        `/commits/${commit}/check-runs`,
      );
      return check_runs.map((run) => run.conclusion ?? run.status);
    },
    async page(path) {
      const answer = await fetch(`${web.url}/${path}`);
      return { status: answer.status, body: Buffer.from(await answer.arrayBuffer()) };
    },
    async hostFiles() {
      const account = new Client(10_000);
      try {
        await account.access({
          host: "localhost",
          port: ftp.port,
          user: FTP_USER,
          password: world.ftpPassword,
          secure: true,
          secureOptions: { ca: world.certificate.cert },
        });
        return await download(account, "/httpdocs", "");
      } finally {
        account.close();
      }
    },
  };
}

async function download(account: Client, root: string, folder: string): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>();
  for (const entry of await account.list(`${root}/${folder}`)) {
    const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory) {
      for (const [inner, content] of await download(account, root, path)) files.set(inner, content);
    } else {
      const chunks: Buffer[] = [];
      const sink = new Writable({
        write(chunk: Buffer, _, done) {
          chunks.push(chunk);
          done();
        },
      });
      await account.downloadTo(sink, `${root}/${path}`);
      files.set(path, Buffer.concat(chunks));
    }
  }
  return files;
}
