/** Reads the environment variables of the service: names, defaults, and what is refused. All problems come at once. */
import { createPrivateKey } from "node:crypto";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describeError } from "../errors.ts";
import { type Secret, secret } from "../secrets/secret.ts";
import { ConfigurationError, type Problem } from "./problem.ts";

export type Environment = {
  readonly webhookSecrets: readonly Secret[];
  /** The GitHub App, absent when neither APP_ID nor a private key is set. */
  readonly githubApp: { readonly appId: number; readonly privateKey: Secret } | null;
  readonly githubApiUrl: string;
  readonly slack: {
    readonly botToken: Secret;
    /**
     * SLACK_SIGNING_SECRET and, while rotating, SLACK_SIGNING_SECRET_PREVIOUS, with which Slack signs what people click.
     * None: messages carry no buttons, and there is no route that takes clicks.
     */
    readonly signingSecrets: readonly Secret[];
    /** SLACK_APP_TOKEN, with which Slipway opens a connection to Slack (Socket Mode) and needs no address of its own. */
    readonly appToken: Secret | null;
  } | null;
  /** Ends in "/". */
  readonly slackApiUrl: string;
  readonly database:
    | { readonly kind: "sqlite"; readonly path: string }
    | { readonly kind: "postgres"; readonly url: Secret };
  /** REDIS_URL, where several Slipways count together what they refuse; null: each counts by itself. */
  readonly redisUrl: Secret | null;
  readonly dataDir: string;
  readonly configPath: string;
  readonly host: string;
  readonly port: number;
  readonly logLevel: string;
};

/** GitHub recommends a random string "with high entropy"; 16 bytes is the least that deserves the name. */
const MIN_SECRET_BYTES = 16;
/** What Probot silently uses when no secret is set, so everybody knows it. */
const PROBOTS_DEFAULT_SECRET = "development";
const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"];

/** The settings in `env`. An empty variable counts as absent. Throws ConfigurationError with every problem. */
export function loadEnvironment(env: NodeJS.ProcessEnv): Environment {
  const problems: Problem[] = [];
  const text = (name: string) => env[name] || undefined;
  const refuse = (key: string, message: string) => void problems.push({ key, message });

  const dataDir = resolve(text("DATA_DIR") ?? "./data");
  const environment: Environment = {
    webhookSecrets: webhookSecrets(text, refuse),
    githubApp: githubApp(text, refuse),
    githubApiUrl: httpUrl("GITHUB_API_URL", text, refuse) ?? "https://api.github.com",
    slack: slack(text, refuse),
    slackApiUrl: slackApiUrl(text, refuse),
    database: database(text("DATABASE_URL"), dataDir, refuse),
    redisUrl: redisUrl(text, refuse),
    dataDir,
    configPath: resolve(text("SLIPWAY_CONFIG") ?? "./slipway.yaml"),
    host: text("HOST") ?? "0.0.0.0",
    port: port(text("PORT"), refuse),
    logLevel: text("LOG_LEVEL") ?? "info",
  };
  if (!LOG_LEVELS.includes(environment.logLevel)) refuse("LOG_LEVEL", `is none of ${LOG_LEVELS.join(", ")}`);
  if (text("QUEUE_URL") && text("QUEUE_URL") !== "memory") {
    refuse("QUEUE_URL", "this version knows only memory; leave it empty");
  }
  if (problems.length > 0) throw new ConfigurationError("The environment", problems);
  return environment;
}

type Text = (name: string) => string | undefined;
type Refuse = (key: string, message: string) => void;

function slack(text: Text, refuse: Refuse): Environment["slack"] {
  const botToken = text("SLACK_BOT_TOKEN");
  const current = text("SLACK_SIGNING_SECRET");
  const previous = text("SLACK_SIGNING_SECRET_PREVIOUS");
  if (current === undefined && previous !== undefined) {
    refuse("SLACK_SIGNING_SECRET", "is not set, but SLACK_SIGNING_SECRET_PREVIOUS is");
  }
  if (botToken === undefined && current !== undefined) {
    refuse("SLACK_BOT_TOKEN", "is not set, but SLACK_SIGNING_SECRET is; without it nobody in Slack can be answered");
  }
  const signingSecrets = secretsOf({ SLACK_SIGNING_SECRET: current, SLACK_SIGNING_SECRET_PREVIOUS: previous }, refuse);
  const appToken = slackAppToken(text, refuse);
  return botToken === undefined ? null : { botToken: secret(botToken), signingSecrets, appToken };
}

function redisUrl(text: Text, refuse: Refuse): Secret | null {
  const url = text("REDIS_URL");
  if (url === undefined) return null;
  if (!/^rediss?:\/\//.test(url) || !URL.canParse(url))
    refuse("REDIS_URL", "is no address of a Redis; write redis://host:6379");
  return secret(url);
}

/** Of Slack's tokens the one of the app itself: docs.slack.dev/authentication/tokens, "app-level token". */
function slackAppToken(text: Text, refuse: Refuse): Secret | null {
  const token = text("SLACK_APP_TOKEN");
  if (token === undefined) return null;
  if (!token.startsWith("xapp-")) {
    const advice = 'make one under "Basic Information", "App-Level Tokens", with the scope connections:write';
    refuse("SLACK_APP_TOKEN", `is no app-level token, which begins with xapp-; ${advice}`);
  }
  if (text("SLACK_BOT_TOKEN") === undefined) {
    refuse("SLACK_BOT_TOKEN", "is not set, but SLACK_APP_TOKEN is; without it nobody in Slack can be answered");
  }
  return secret(token);
}

function webhookSecrets(text: Text, refuse: Refuse): Secret[] {
  const current = text("WEBHOOK_SECRET");
  if (current === undefined) {
    refuse(
      "WEBHOOK_SECRET",
      "is not set; use the secret of your GitHub App's webhook (openssl rand -hex 32 makes one)",
    );
  }
  return secretsOf({ WEBHOOK_SECRET: current, WEBHOOK_SECRET_PREVIOUS: text("WEBHOOK_SECRET_PREVIOUS") }, refuse);
}

/** Those that are set, by their variables' names: too short ones, and the one that everybody knows, are refused. */
function secretsOf(values: Readonly<Record<string, string | undefined>>, refuse: Refuse): Secret[] {
  return Object.entries(values).flatMap(([name, value]) => {
    if (value === undefined) return [];
    if (value === PROBOTS_DEFAULT_SECRET) refuse(name, "is Probot's well-known default; choose one of your own");
    else if (Buffer.byteLength(value) < MIN_SECRET_BYTES) {
      const advice = name.startsWith("SLACK_")
        ? "copy it whole, from the Slack app's Basic Information"
        : "openssl rand -hex 32 makes a good one";
      refuse(name, `is shorter than ${MIN_SECRET_BYTES} bytes; ${advice}`);
    }
    return [secret(value)];
  });
}

function githubApp(text: Text, refuse: Refuse): Environment["githubApp"] {
  const id = text("APP_ID");
  const key = privateKey(text, refuse);
  if (id === undefined && key === undefined) return null;
  if (id === undefined || !/^\d{1,15}$/.test(id)) {
    refuse("APP_ID", id === undefined ? "is not set, but there is a private key" : "is no number");
  }
  if (key === undefined) refuse("PRIVATE_KEY", "is not set, but there is an APP_ID; PRIVATE_KEY_PATH works too");
  return { appId: Number(id), privateKey: secret(key ?? "") };
}

/** PEM as it is, with \n for line breaks, or as base64; or the file named by PRIVATE_KEY_PATH. Probot's own forms. */
function privateKey(text: Text, refuse: Refuse): string | undefined {
  const path = text("PRIVATE_KEY_PATH");
  let pem = text("PRIVATE_KEY");
  const name = pem === undefined ? "PRIVATE_KEY_PATH" : "PRIVATE_KEY";
  try {
    if (pem === undefined && path !== undefined) pem = readFileSync(path, "utf8");
    if (pem === undefined) return undefined;
    if (!pem.includes("-----BEGIN")) pem = Buffer.from(pem, "base64").toString("utf8");
    pem = pem.replaceAll("\\n", "\n");
    createPrivateKey(pem);
    return pem;
  } catch (error) {
    // The parser's own message could quote the key, so only the file system's is passed on.
    const code = (error as NodeJS.ErrnoException).syscall ? describeError(error) : "is no private key in PEM form";
    refuse(name, code);
    return "";
  }
}

function httpUrl(name: string, text: Text, refuse: Refuse): string | undefined {
  const value = text(name);
  if (value === undefined) return undefined;
  const url = URL.parse(value);
  if (url?.protocol !== "http:" && url?.protocol !== "https:") refuse(name, "is no http or https URL");
  return value.replace(/\/+$/, "");
}

function slackApiUrl(text: Text, refuse: Refuse): string {
  const value = httpUrl("SLACK_API_URL", text, refuse) ?? "https://slack.com/api";
  if (!value.endsWith("/api")) refuse("SLACK_API_URL", "must end in /api/");
  return `${value}/`;
}

function database(value: string | undefined, dataDir: string, refuse: Refuse): Environment["database"] {
  if (value === undefined) return { kind: "sqlite", path: resolve(dataDir, "slipway.db") };
  if (/^postgres(ql)?:\/\//.test(value)) return { kind: "postgres", url: secret(value) };
  if (/^(sqlite|file):/.test(value))
    return { kind: "sqlite", path: resolve(value.replace(/^(sqlite|file):(\/\/(?=\/))?/, "")) };
  refuse("DATABASE_URL", "must start with postgres:// or sqlite:");
  return { kind: "sqlite", path: "" };
}

function port(value: string | undefined, refuse: Refuse): number {
  if (value === undefined) return 3000;
  const number = Number(value);
  if (!/^\d+$/.test(value) || number > 65_535) refuse("PORT", "is no port number (0 to 65535)");
  return number;
}
