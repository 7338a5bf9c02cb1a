/** Whether Slipway answers where Slack is to send things: the doctor asks as Slack itself does when the address is set. */
import { createHmac, randomUUID } from "node:crypto";
import type { Secret } from "../../secrets/secret.ts";
import { SLACK_PATH } from "../slack-manifest.ts";
import { bad, type Finding, good, warning } from "./finding.ts";
import { type Reached, reach } from "./reach.ts";

/**
 * Sends the signed question to which only who knows the signing secret gives the right answer. It is no delivery and
 * leaves no trace. https://docs.slack.dev/reference/events/url_verification
 */
export async function checkRequestUrl(url: string, signingSecret: Secret): Promise<Finding> {
  const address = `${url.replace(/\/+$/, "")}${SLACK_PATH}`;
  const challenge = randomUUID();
  const body = JSON.stringify({ type: "url_verification", challenge });
  const timestamp = String(Math.floor(Date.now() / 1000));
  const signature = createHmac("sha256", signingSecret.reveal()).update(`v0:${timestamp}:${body}`).digest("hex");
  const headers = {
    "content-type": "application/json",
    "x-slack-request-timestamp": timestamp,
    "x-slack-signature": `v0=${signature}`,
  };
  const answer = await reach(address, { method: "POST", headers, body });
  return judge(address, answer, challenge);
}

function judge(address: string, answer: Reached | string, challenge: string): Finding {
  const about = "request URL";
  if (typeof answer === "string") {
    const advice =
      "start Slipway, and let Slack reach it from the internet (proxy, firewall, DNS), or use Socket Mode, which needs no address";
    return warning(about, `${address} cannot be reached from here: ${answer}`, advice);
  }
  const { status, headers, text } = answer;
  if (status === 200 && echoes(text, challenge)) return good(about, `${address} answers as Slack wants it`);
  if (status === 200) {
    return bad(about, `something that is not Slipway answers at ${address}`, "let url lead to Slipway");
  }
  if (status === 401) {
    const advice = "start Slipway again with the present SLACK_SIGNING_SECRET, or set its clock right";
    return bad(about, `another signing secret answers at ${address}, or a clock that is wrong`, advice);
  }
  if (status === 404) {
    const advice = "let url lead to Slipway, and start it with SLACK_SIGNING_SECRET";
    return bad(about, `what answers at ${address} is not Slipway, or has no signing secret (404)`, advice);
  }
  if (status >= 300 && status < 400) {
    const to = URL.parse(headers.get("location") ?? "", address);
    const advice = "Slack follows no redirects: set url to the address itself";
    return bad(about, `${address} only leads on${to ? ` to ${to.origin}` : ""} (${status})`, advice);
  }
  const advice = "look at the log of Slipway, and at the proxy in front of it";
  return bad(about, `${address} answers ${status}`, advice);
}

/** Slack takes the challenge as text, or as a field of JSON. */
function echoes(text: string, challenge: string): boolean {
  return text.trim() === challenge || text.replaceAll(/\s/g, "") === JSON.stringify({ challenge });
}
