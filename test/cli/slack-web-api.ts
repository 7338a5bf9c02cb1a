/** A Slack of the doctor's tests: answers each method as it is told to, over a real socket, and remembers what was asked. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";
import { SCOPES } from "../../src/cli/slack-manifest.ts";

type Fields = Readonly<Record<string, string>>;
export type SlackMethods = Readonly<
  Record<string, (fields: Fields, token: string) => Record<string, unknown> | number>
>;

export type SlackWebApi = {
  readonly apiUrl: string;
  /** "conversations.info C0123SHOP" */
  readonly asked: string[];
};

/** `headers` replace those of an installation that has every scope and a clock that is right. */
export async function startSlackWebApi(
  methods: SlackMethods,
  headers: Record<string, string> = {},
): Promise<SlackWebApi> {
  const asked: string[] = [];
  const all: SlackMethods = {
    "auth.test": () => ({ team: "Acme", team_id: "T0ACME", user: "slipway" }),
    ...methods,
  };
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => {
      body += chunk;
    });
    request.on("end", () => {
      const method = request.url?.replace("/api/", "") ?? "";
      const fields = Object.fromEntries(new URLSearchParams(body));
      asked.push([method, ...Object.values(fields)].join(" "));
      const token = (request.headers.authorization ?? "").replace("Bearer ", "");
      const answer = all[method]?.(fields, token) ?? { error: "unknown_method" };
      if (typeof answer === "number") return void response.writeHead(answer).end("<html>");
      for (const [name, value] of Object.entries({ "x-oauth-scopes": SCOPES.join(","), ...headers })) {
        if (value !== "") response.setHeader(name, value);
      }
      response.end(JSON.stringify({ ok: !("error" in answer), ...answer }));
    });
  });
  return { apiUrl: `${await listen(server)}/api/`, asked };
}

/** Starts the server for the time of the test; answers with its address. */
export async function listen(server: ReturnType<typeof createServer>): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
