/** A worker process that fetches and lays out as often as it is asked to: `node deploy-in-process.ts OPTIONS`. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { openMirror } from "../../src/git/open-mirror.ts";

export type DeployInProcess = { site: string; url: string; dataDir: string; folder: string; rounds: number };

const { site, url, dataDir, folder, rounds } = JSON.parse(process.argv[2] ?? "") as DeployInProcess;
const { signal } = new AbortController();
const mirror = openMirror({
  ...{ site, url, dataDir, signal, gone: signal, token: null, env: { PATH: process.env.PATH } },
  say: (text) => process.stderr.write(`${text}\n`),
  async onGroup() {},
});
let last: string | null = null;
for (let round = 0; round < rounds; round++) {
  const { commit, title } = await mirror.fetchHead("main");
  const paths = last === null || last === commit ? [] : await mirror.changedPaths(last, commit);
  await mirror.layOut(commit, folder, { submodules: true, lfs: true });
  // The parent compares what was written with what the commit said.
  process.stdout.write(`${JSON.stringify({ title, written: readFileSync(join(folder, "a.txt"), "utf8"), paths })}\n`);
  last = commit;
}
