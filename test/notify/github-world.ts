/** The demo's GitHub with the real performers before it, for tests of what GitHub is told. */
import { ProbotOctokit } from "probot";
import { type GithubServer, startGithub } from "../../src/demo/github-server.ts";
import { createGithubPerformers, type GithubDeps } from "../../src/notify/github.ts";

export type GithubWorld = {
  readonly github: GithubServer;
  readonly perform: ReturnType<typeof createGithubPerformers>;
  /** Asks GitHub as somebody else about acme/shop: "deployments". */
  ask<T>(path: string): Promise<T>;
};

/** Starts it with acme/shop, on which the App is installed; whoever does stops `github`. */
export async function startGithubWorld(deps: Pick<GithubDeps, "requestMs"> = {}): Promise<GithubWorld> {
  const repos = [{ owner: "acme", name: "shop", id: 42 }];
  const github = await startGithub({ appId: 1, webhookSecret: "0123456789abcdef", installationId: 100, repos });
  const auth = { appId: github.appId, privateKey: github.privateKey, installationId: 100 };
  const octokit = octokitAt(github.url, auth);
  return {
    github,
    perform: createGithubPerformers({ octokitFor: async () => octokit, lookAgainMs: 10, ...deps }),
    async ask<T>(path: string) {
      const headers = { authorization: `Bearer ${github.ownerToken}` };
      return (await (await fetch(`${github.url}/repos/acme/shop/${path}`, { headers })).json()) as T;
    },
  };
}

/**
 * Probot's own Octokit with its habit of retrying (three times after everything but 400, 401, 403, 404 and 422); only its
 * pause of a second between writes is left out.
 */
export function octokitAt(baseUrl: string, auth: object): ProbotOctokit {
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  return new ProbotOctokit({ baseUrl, auth, throttle: { enabled: false }, log });
}
