/**
 * A small GitHub for tests: deployments, their statuses and check runs in memory, with the checks of input that its
 * documentation names (docs.github.com/en/rest/deployments, docs.github.com/en/rest/checks/runs).
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

type Fields = Record<string, unknown>;
export type SmallGithub = {
  readonly url: string;
  readonly deployments: Array<Fields & { id: number; statuses: Fields[] }>;
  readonly checkRuns: Array<Fields & { id: number }>;
  close(): Promise<void>;
};

/** Starts it. Every repository exists. */
export async function smallGithub(): Promise<SmallGithub> {
  const deployments: SmallGithub["deployments"] = [];
  const checkRuns: SmallGithub["checkRuns"] = [];
  let nextId = 1;

  const routes: Array<
    [method: string, path: RegExp, answer: (match: RegExpExecArray, fields: Fields) => [number, unknown]]
  > = [
    [
      "POST",
      /^\/repos\/[^/]+\/[^/]+\/deployments$/,
      (_, fields) => {
        if (fields.auto_merge !== false || JSON.stringify(fields.required_contexts) !== "[]")
          return [409, { message: "Conflict" }];
        const deployment = { ...fields, sha: fields.ref, id: nextId++, statuses: [] };
        deployments.unshift(deployment);
        return [201, deployment];
      },
    ],
    [
      "GET",
      /^\/repos\/[^/]+\/[^/]+\/deployments$/,
      (_, filter) => [
        200,
        deployments.filter((one) => ["sha", "environment", "task"].every((name) => one[name] === filter[name])),
      ],
    ],
    [
      "POST",
      /\/deployments\/(\d+)\/statuses$/,
      ([, id], fields) => {
        const isWrong =
          String(fields.description).length > 140 ||
          [fields.log_url, fields.environment_url].some((url) => url !== undefined && !/^https?:/.test(String(url)));
        if (isWrong) return [422, { message: "Validation Failed" }];
        const status = { ...fields, id: nextId++ };
        deployments.find((one) => one.id === Number(id))?.statuses.unshift(status);
        return [201, status];
      },
    ],
    [
      "GET",
      /\/deployments\/(\d+)\/statuses$/,
      ([, id]) => [200, deployments.find((one) => one.id === Number(id))?.statuses ?? []],
    ],
    [
      "GET",
      /\/commits\/([^/]+)\/check-runs$/,
      ([, ref], { check_name }) => {
        const found = checkRuns.filter((run) => run.head_sha === ref && run.name === check_name);
        return [200, { total_count: found.length, check_runs: found }];
      },
    ],
    [
      "POST",
      /\/check-runs$/,
      (_, fields) => {
        const run = { ...fields, id: nextId++ };
        checkRuns.push(run);
        return [201, run];
      },
    ],
    [
      "PATCH",
      /\/check-runs\/(\d+)$/,
      ([, id], fields) => {
        const run = checkRuns.find((one) => one.id === Number(id));
        return run ? [200, Object.assign(run, fields)] : [404, { message: "Not Found" }];
      },
    ],
  ];

  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? "/", "http://github");
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body =
      chunks.length > 0 ? JSON.parse(Buffer.concat(chunks).toString()) : Object.fromEntries(url.searchParams);
    let answer: [number, unknown] = [404, { message: "Not Found" }];
    for (const [method, path, handle] of routes) {
      const match = path.exec(url.pathname);
      if (method === request.method && match) answer = handle(match, body);
    }
    response.writeHead(answer[0], { "content-type": "application/json; charset=utf-8" });
    response.end(JSON.stringify(answer[1]));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    deployments,
    checkRuns,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
