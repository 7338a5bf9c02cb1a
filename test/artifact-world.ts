/** A repository on a GitHub whose CI builds the site, and Slipway, started as anybody starts it: all over https. */
import { readdirSync, readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { expect, onTestFinished, vi } from "vitest";
import { callOperation } from "../src/cli/control.ts";
import { loadSettings } from "../src/cli/settings.ts";
import type { OperationName } from "../src/commands/operations.ts";
import { freePort } from "../src/demo/free-port.ts";
import type { ArtifactOptions } from "../src/demo/github/actions.ts";
import type { RunOptions } from "../src/demo/github/workflow-runs.ts";
import { type GithubServer, startGithub } from "../src/demo/github-server.ts";
import { startSlipway } from "../src/demo/slipway.ts";
import type { Delivery } from "../src/model/delivery.ts";
import { type Deployment, isFinal } from "../src/model/deployment.ts";
import { createGitHost } from "./git/git-host.ts";
import { createGitRepository, temporaryFolder } from "./git/git-repository.ts";
import { servedAs } from "./git/served-repository.ts";
import { createSecretScan } from "./secret-scan.ts";

const REPO = { owner: "acme", name: "shop", id: 4_200_042 };
const WEBHOOK_SECRET = "the webhook secret of the tests";
/** Where the artifacts' store stands under the one address that all is served from. */
const STORE = "/artifact-store";

/** `siteKeys` are more keys of the site, in YAML. */
export async function startArtifactWorld(siteKeys = "isolation: none") {
  const folder = temporaryFolder();
  const target = join(folder, "target");
  await mkdir(target);
  const repository = createGitRepository();
  const port = await freePort();
  const github = await startGithub({
    ...{ appId: 4242, webhookSecret: WEBHOOK_SECRET, installationId: 77, repos: [REPO] },
    hookUrl: `http://127.0.0.1:${port}/api/github/webhooks`,
  });
  onTestFinished(github.stop);
  // One host for repositories and the API, as GitHub Enterprise is.
  const host = await createGitHost({
    folder: servedAs("acme/shop", repository),
    answer: (request, response) => handOn(github, request, response),
  });
  await writeFile(
    join(folder, "slipway.yaml"),
    `sites: { shop: { repo: acme/shop, publish: "dir:${target}", ${siteKeys}, build: { from: workflow, workflow: CI, artifact: site } } }`,
  );
  const settings = {
    ...{ WEBHOOK_SECRET, APP_ID: "4242", PRIVATE_KEY: github.privateKey, GITHUB_API_URL: host.url },
    ...{ NODE_EXTRA_CA_CERTS: host.cert, GIT_SSL_CAINFO: host.cert },
    ...{ HOST: "127.0.0.1", PORT: String(port), DATA_DIR: join(folder, "data") },
    SLIPWAY_CONFIG: join(folder, "slipway.yaml"),
  };
  const scan = createSecretScan({ WEBHOOK_SECRET, PRIVATE_KEY: github.privateKey });
  // After it has stopped: hooks run in reverse.
  onTestFinished(() => {
    scan.sawDatabase(join(settings.DATA_DIR, "slipway.db"));
    scan.check();
  });
  const slipway = await startSlipway({ folder, settings }, { onLog: (line) => scan.saw("the log", line) });
  onTestFinished(() => slipway.stop());

  const ask = <T>(name: OperationName, input: object = {}) =>
    loadSettings(settings).then((it) => callOperation(it, name, input)) as Promise<T>;
  const deployments = () => ask<Deployment[]>("deployments");

  /** Delivers it; answers with what became of it once it is worked off. */
  async function told(event: string, payload: Record<string, unknown>): Promise<string> {
    const { status_code, guid } = await github.deliver({ event, payload });
    expect(status_code).toBe(200);
    return vi.waitFor(
      async () => {
        const all = await ask<Delivery[]>("deliveries", { limit: 100 });
        const found = all.find(({ key }) => key.endsWith(guid));
        expect(found?.state).toBe("done");
        return (found?.outcome ?? []).join("; ");
      },
      { timeout: 30_000, interval: 50 },
    );
  }

  return {
    ...{ repository, github, ask, deployments, told },
    /** A run of CI for a commit, with its artifact, and GitHub's word on it. */
    ran: (run: RunOptions, artifact?: Omit<ArtifactOptions, "name"> & { name?: string }) => {
      const { id, payload } = github.workflowRun(run);
      if (artifact) github.addArtifact(id, { name: "site", ...artifact });
      return { id, told: () => told("workflow_run", payload) };
    },
    /** How the deployment that was asked for last ended. */
    ended: () =>
      vi.waitFor(
        async () => {
          const [newest] = await deployments();
          if (!newest || !isFinal(newest.state)) throw new Error(`${newest?.state} ${newest?.stage} ${newest?.reason}`);
          return newest;
        },
        { timeout: 60_000, interval: 50 },
      ),
    /** What is on the host: path → content. */
    live: () =>
      Object.fromEntries(
        readdirSync(target, { recursive: true, withFileTypes: true })
          .filter((entry) => entry.isFile())
          .map((entry) => join(entry.parentPath, entry.name))
          .filter((path) => !path.includes("/.slipway/"))
          .map((path) => [path.slice(target.length + 1), readFileSync(path, "utf8")]),
      ),
  };
}

/** Whatever is no business of git goes to the API, or to the store that its downloads lead to. */
async function handOn(github: GithubServer, request: IncomingMessage, response: ServerResponse): Promise<boolean> {
  const path = request.url ?? "/";
  if (path.startsWith("/acme/shop.git/")) return false;
  const body = await buffer(request);
  const isStore = path.startsWith(STORE);
  const { authorization, accept = "*/*" } = request.headers;
  const answer = await fetch(isStore ? `${github.artifactStore.url}${path.slice(STORE.length)}` : github.url + path, {
    ...{ method: request.method ?? "GET", redirect: "manual" },
    headers: { accept, "content-type": "application/json", ...(authorization && { authorization }) },
    ...(body.length > 0 && { body: new Uint8Array(body) }),
  });
  const location = answer.headers.get("location")?.replace(github.artifactStore.url, STORE);
  const type = answer.headers.get("content-type");
  response.writeHead(answer.status, { ...(type && { "content-type": type }), ...(location && { location }) });
  response.end(Buffer.from(await answer.arrayBuffer()));
  return true;
}
