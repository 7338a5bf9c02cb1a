/** Signed push deliveries of real size, made before the clock runs. */
import { createHmac, randomBytes, randomUUID } from "node:crypto";
import { createRequire } from "node:module";

export type Shot = { readonly body: Buffer; readonly headers: Record<string, string> };

type Push = { installation?: unknown; after: string };

/** GitHub's own examples of pushes that carry an installation (6.5 to 7.7 KB), cut where their newest commit stands. */
function templates(): string[][] {
  const kinds = createRequire(import.meta.url)("@octokit/webhooks-examples") as Array<{
    name: string;
    examples: Push[];
  }>;
  const pushes = kinds.find((kind) => kind.name === "push")?.examples ?? [];
  const withInstallation = pushes.filter((push) => push.installation !== undefined && !/^0+$/.test(push.after));
  return withInstallation.map((push) => JSON.stringify(push).split(push.after));
}

/** Who sends: GitHub, or a source that slipway.yaml declares with kind: standard-webhooks. */
export type Sender = "github" | "generic";

/** `count` deliveries, each about another commit; in mode "dup" each id comes twice. */
export function makeShots(count: number, secret: string, mode: "unique" | "dup", sender: Sender = "github"): Shot[] {
  const pushes = templates();
  const shots: Shot[] = [];
  while (shots.length < count) {
    const parts = pushes[shots.length % pushes.length] ?? [];
    const text = parts.join(randomBytes(20).toString("hex"));
    const shot = sender === "github" ? ofGithub(text, secret) : ofGeneric(text, secret);
    shots.push(shot);
    if (mode === "dup") shots.push(shot);
  }
  return shots;
}

function ofGithub(text: string, secret: string): Shot {
  const body = Buffer.from(text);
  return {
    body,
    headers: {
      "content-type": "application/json",
      "user-agent": "GitHub-Hookshot/0000000",
      "x-github-event": "push",
      "x-github-hook-id": "1",
      "x-github-delivery": randomUUID(),
      "x-hub-signature-256": `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`,
    },
  };
}

/** The same bytes with a type, signed as https://www.standardwebhooks.com says; `secret` begins with whsec_. */
function ofGeneric(text: string, secret: string): Shot {
  const body = Buffer.from(text.replace("{", '{"type":"push",'));
  const id = `msg_${randomUUID()}`;
  const timestamp = Math.floor(Date.now() / 1000);
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  const signature = createHmac("sha256", key).update(`${id}.${timestamp}.`).update(body).digest("base64");
  return {
    body,
    headers: {
      "content-type": "application/json",
      "user-agent": "Svix-Webhooks/1.0",
      "webhook-id": id,
      "webhook-timestamp": String(timestamp),
      "webhook-signature": `v1,${signature}`,
    },
  };
}
