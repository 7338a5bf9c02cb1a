/**
 * Probot as a library: our app in it, fed from the inbox; its App authentication for tokens and for API calls.
 * It is loaded at first use, so that the service takes deliveries before it is there.
 */
import type { Probot } from "probot";
import type { Environment } from "../config/load-environment.ts";
import { describeError, OperatorError, PermanentError } from "../errors.ts";
import { createGithubApp, type Emit } from "./app.ts";

export type Github = {
  /** Whether there is a GitHub App to act as. */
  readonly hasApp: boolean;
  /** Probot with Slipway's app in it, which emits to `emit`. */
  load(emit: Emit): Promise<Pick<Probot, "receive">>;
  /** An API client that acts as the installation. */
  octokitFor(installationId: number): ReturnType<Probot["auth"]>;
  /**
   * A token that can read the contents of one repository and nothing else, with `actions` also its workflow runs and
   * their artifacts; null without an App.
   * Throws OperatorError when GitHub does not accept the App, PermanentError when the installation is gone or has not
   * accepted that permission.
   */
  tokenFor(installationId: number, repoId: number, more?: { readonly actions: boolean }): Promise<string | null>;
};

export function createGithub(environment: Pick<Environment, "githubApp" | "githubApiUrl" | "webhookSecrets">): Github {
  const { githubApp, githubApiUrl, webhookSecrets } = environment;
  let clientProbot: Promise<Probot> | undefined;

  async function create(): Promise<Probot> {
    const { Probot, ProbotOctokit } = await import("probot");
    const identity = githubApp
      ? { appId: githubApp.appId, privateKey: githubApp.privateKey.reveal() }
      : // Without an App nothing is ever called; Probot insists on some identity all the same.
        { githubToken: "none" };
    // At "debug" Probot would log whole payloads.
    return new Probot({
      ...identity,
      secret: webhookSecrets[0]?.reveal() ?? "",
      baseUrl: githubApiUrl,
      logLevel: "error",
      // The outbox paces, retries and looks before it repeats; a library that repeats a POST by itself would undo that.
      Octokit: ProbotOctokit.defaults((defaults: object) => ({
        ...defaults,
        retry: { enabled: false },
        throttle: { enabled: false },
      })),
    });
  }

  const client = () => (clientProbot ??= create());

  return {
    hasApp: githubApp !== null,
    async load(emit) {
      const probot = await create();
      await probot.load(createGithubApp(emit, { appId: githubApp?.appId ?? null }));
      return { receive: (event) => probot.receive(event) };
    },
    async octokitFor(installationId) {
      return (await client()).auth(installationId);
    },
    async tokenFor(installationId, repoId, { actions } = { actions: false }) {
      if (githubApp === null) return null;
      const octokit = await (await client()).auth();
      try {
        // Not `octokit.auth`: Probot builds that one without the API's address, so it would always ask github.com.
        const { data } = await octokit.request("POST /app/installations/{installation_id}/access_tokens", {
          installation_id: installationId,
          repository_ids: [repoId],
          // Asked for by those alone who need it: an installation that has not accepted it gives no token at all.
          permissions: actions ? { contents: "read", actions: "read" } : { contents: "read" },
        });
        return data.token;
      } catch (error) {
        throw classify(error, actions);
      }
    },
  };
}

function classify(error: unknown, actions: boolean): unknown {
  const status = (error as { status?: unknown }).status;
  if (status === 401) {
    return new OperatorError(
      "APP_ID",
      `GitHub does not accept the App; check APP_ID and PRIVATE_KEY (${describeError(error)})`,
    );
  }
  if (status === 403 || status === 404 || status === 422) {
    const needed = actions ? ", and is its permission actions: read accepted in the installation" : "";
    return new PermanentError(
      `GitHub gives no token for this repository (${status}); is the App installed there${needed}?`,
    );
  }
  return new Error(`GitHub gave no token: ${describeError(error)}`, { cause: error });
}
