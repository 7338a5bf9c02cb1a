/** The demo's GitHub, with a repository whose workflow builds the site, and a token as the service asks for one. */
import { onTestFinished } from "vitest";
import type { WantedArtifact } from "../../src/artifacts/find-artifact.ts";
import type { GithubAccess } from "../../src/artifacts/github-api.ts";
import { type GithubServer, startGithub } from "../../src/demo/github-server.ts";
import { createGithub } from "../../src/github/probot.ts";
import { secret } from "../../src/secrets/secret.ts";

const REPO_ID = 900_123;
export const HEAD = "1".repeat(40);
const WEBHOOK_SECRET = "a secret of at least sixteen bytes";

export type GithubWorld = { readonly github: GithubServer; readonly access: GithubAccess };

export async function startGithubWorld(): Promise<GithubWorld> {
  const repos = [{ owner: "acme", name: "shop", id: REPO_ID }];
  const github = await startGithub({ appId: 4242, webhookSecret: WEBHOOK_SECRET, installationId: 77, repos });
  onTestFinished(github.stop);
  const client = createGithub({
    githubApp: { appId: 4242, privateKey: secret(github.privateKey) },
    githubApiUrl: github.url,
    webhookSecrets: [secret(WEBHOOK_SECRET)],
  });
  const token = await client.tokenFor(77, REPO_ID, { actions: true });
  return { github, access: { apiUrl: github.url, token: token ?? "", repoName: "acme/shop" } };
}

/** What a site wants that waits for the workflow CI. */
export const wanted = (part: Partial<WantedArtifact> = {}): WantedArtifact => ({
  ...{ repoId: REPO_ID, branch: "main", commit: HEAD, workflow: "CI", artifact: null, runId: null },
  ...part,
});
