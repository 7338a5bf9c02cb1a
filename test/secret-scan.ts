/**
 * Looks for secrets in everything that Slipway writes while a test runs: log lines, answers, Slack messages, rows of the
 * database. A world of tests makes a scan with the secrets it uses, hands over what was written, and has it checked when
 * it stops; every HTTP answer that this process gives meanwhile is looked through by itself.
 */
import { ServerResponse } from "node:http";
import Database from "better-sqlite3";
import type { SlackServer } from "../src/demo/slack-server.ts";

export type SecretScan = {
  /** One more secret that the tests use. Short ones cannot be told from ordinary text, and are refused. */
  add(name: string, value: string): void;
  /** Something that was written there: "the log", "a page". */
  saw(place: string, text: string): void;
  /** Every text of every row of a SQLite database. Bodies of deliveries are kept as they came, so they are left out. */
  sawDatabase(path: string): void;
  /** All that people were told. */
  sawSlack(slack: SlackServer, channels: readonly string[]): Promise<void>;
  /** Throws where a secret was seen, with its name and the place. No answers are looked through after it. */
  check(): void;
};

const MIN_LENGTH = 8;

/** `secrets` are values by their names. */
export function createSecretScan(secrets: Readonly<Record<string, string>>): SecretScan {
  const spellings = new Map<string, readonly string[]>();
  const found = new Set<string>();

  const scan: SecretScan = {
    add(name, value) {
      if (value.length < MIN_LENGTH) throw new Error(`the secret ${name} is too short to be looked for`);
      spellings.set(name, spellingsOf(value));
    },
    saw(place, text) {
      for (const [name, forms] of spellings) {
        if (forms.some((form) => text.includes(form))) found.add(`${name} stands in ${place}`);
      }
    },
    sawDatabase(path) {
      for (const { place, text } of textsOf(path)) scan.saw(place, text);
    },
    async sawSlack(slack, channels) {
      for (const channel of channels)
        scan.saw(`a message in #${channel}`, JSON.stringify(await slack.messages(channel)));
      scan.saw("an answer to one person in Slack", JSON.stringify(slack.ephemerals()));
      scan.saw("a dialog in Slack", JSON.stringify(slack.modals()));
    },
    check() {
      running.delete(scan);
      if (found.size > 0) throw new Error(`secrets were written down: ${[...found].toSorted().join("; ")}`);
    },
  };
  for (const [name, value] of Object.entries(secrets)) scan.add(name, value);
  watchAnswers();
  running.add(scan);
  return scan;
}

/** The secrets among settings, by the names of the variables; those that are too short to be looked for are left out. */
export function secretsIn(settings: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(settings).flatMap(([name, value = ""]) =>
      /SECRET|TOKEN|PASSWORD|KEY/.test(name) && value.length >= MIN_LENGTH ? [[name, value]] : [],
    ),
  );
}

/** As a value may be written: plain, in JSON, in a URL, in hexadecimal, in base64 at any place of something longer. */
function spellingsOf(value: string): string[] {
  const bytes = Buffer.from(value);
  const base64 = [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes])
      .toString("base64")
      .replaceAll("=", "");
    // The characters at both ends depend on what stands beside the value.
    return text.slice(before === 0 ? 0 : before + 1, -1);
  });
  const urls = [encodeURIComponent(value), encodeURIComponent(value).replaceAll("%20", "+")];
  const all = [value, JSON.stringify(value).slice(1, -1), ...urls, bytes.toString("hex"), ...base64];
  return [...new Set(all.flatMap((it) => [it, it.replaceAll("+", "-").replaceAll("/", "_")]))];
}

function* textsOf(path: string): Iterable<{ place: string; text: string }> {
  const records = new Database(path, { readonly: true });
  try {
    const tables = records.prepare("select name from sqlite_master where type = 'table'").pluck().all() as string[];
    for (const table of tables) {
      for (const row of records.prepare(`select * from "${table}"`).iterate() as Iterable<Record<string, unknown>>) {
        for (const [column, value] of Object.entries(row)) {
          const place = `a row of the database (${table}.${column})`;
          if (typeof value === "string") yield { place, text: value };
          else if (Buffer.isBuffer(value) && place !== BODIES) yield { place, text: value.toString("latin1") };
        }
      }
    }
  } finally {
    records.close();
  }
}

const BODIES = "a row of the database (deliveries.body)";

/** Those that have not been checked yet. */
const running = new Set<SecretScan>();
let isWatching = false;

/** Hands what the servers of this process answer to the scans that run. */
function watchAnswers(): void {
  if (isWatching) return;
  isWatching = true;
  const { writeHead, write, end } = ServerResponse.prototype;
  const look = (response: ServerResponse, part: unknown) => {
    const text =
      typeof part === "string" ? part : part instanceof Uint8Array ? Buffer.from(part).toString("latin1") : "";
    if (text !== "")
      for (const scan of running) scan.saw(`an answer to ${response.req.method} ${placeOf(response)}`, text);
  };
  Object.assign(ServerResponse.prototype, {
    writeHead(this: ServerResponse, ...given: Parameters<typeof writeHead>) {
      look(this, JSON.stringify(given));
      return writeHead.apply(this, given);
    },
    write(this: ServerResponse, ...given: Parameters<typeof write>) {
      look(this, given[0]);
      return write.apply(this, given);
    },
    end(this: ServerResponse, ...given: Parameters<typeof end>) {
      look(this, given[0]);
      return end.apply(this, given);
    },
  });
}

/** The path without what may be a secret itself: its last part under /hooks, and its query. */
function placeOf({ req }: ServerResponse): string {
  const [path = ""] = (req.url ?? "").split("?");
  return path.replace(/^(\/hooks\/[^/]+\/).*/, "$1…");
}
