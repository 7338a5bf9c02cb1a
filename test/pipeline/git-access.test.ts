/** What a worker is given to reach a repository on another host. */
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { parseConfig } from "../../src/config/load-config.ts";
import { OperatorError } from "../../src/errors.ts";
import { prepareJob } from "../../src/pipeline/prepare-job.ts";
import { queueDeployment } from "../../src/store/deployments.ts";
import { openSqlite } from "../../src/store/sqlite.ts";
import { temporaryFolder } from "../git/git-repository.ts";
import { createKeeper } from "../secrets/keeper-world.ts";
import { newDeployment } from "../store/new-deployment.ts";

const KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n-----END OPENSSH PRIVATE KEY-----";
const PIN = `SHA256:${"a".repeat(43)}`;

async function accessOf(keys: string) {
  const dataDir = temporaryFolder();
  const store = await openSqlite(join(dataDir, "slipway.db"));
  onTestFinished(() => store.close());
  const { sites } = parseConfig(`sites: { shop: { repo: group/sub/shop, publish: "dir:/srv", ${keys} } }`, "tests");
  const { deployment } = await store.transact((tx) => queueDeployment(tx, newDeployment({ site: "shop" }), 1));
  const { job } = await prepareJob(
    {
      ...{ store, sites, dataDir, cacheBytes: 1, githubApiUrl: "https://api.github.com" },
      secrets: createKeeper({ env: { TOKEN: "glpat-1", KEY, NO_KEY: "hello" } }).keeper,
      tokenFor: () => Promise.reject(new Error("GitHub is asked for a token of another host")),
    },
    deployment,
  );
  return job.git;
}

it("A token goes with the user that the address names, or with one that all hosts take", async () => {
  expect(await accessOf('git: "https://h/group/sub/shop.git", gitToken: env:TOKEN')).toEqual({
    url: "https://h/group/sub/shop.git",
    user: "x-token-auth",
    token: "glpat-1",
  });
  expect(await accessOf('git: "https://ada%40example.com@h/x.git", gitToken: env:TOKEN')).toMatchObject({
    user: "ada@example.com",
  });
});

it("A deploy key goes with the keys of its host, and none of both is left to ssh itself", async () => {
  expect(await accessOf(`git: "git@h:x.git", deployKey: env:KEY, gitHostKey: "${PIN}"`)).toEqual({
    url: "ssh://git@h/x.git",
    token: null,
    ssh: { privateKey: KEY, hostKeys: [PIN], setting: "sites.shop.gitHostKey" },
  });
  expect(await accessOf('git: "git@h:x.git"')).toEqual({ url: "ssh://git@h/x.git", token: null });
});

it("What is no private key, or is missing, is the operator's to mend, and is not quoted", async () => {
  const error = await accessOf('git: "git@h:x.git", deployKey: env:NO_KEY').catch((it: unknown) => it);
  expect(error).toBeInstanceOf(OperatorError);
  expect(String(error)).toMatch(/sites.shop.deployKey: is no private key/);
  expect(String(error)).not.toContain("hello");
  await expect(accessOf('git: "https://h/x.git", gitToken: env:GONE')).rejects.toThrow(OperatorError);
});
