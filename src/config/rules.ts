/** What a schema cannot say of the configuration: small named rules across fields. Each answers with its problems. */
import { resolveSource } from "../presets/resolve-source.ts";
import { nearest, type Problem } from "./problem.ts";
import type { Config } from "./schema.ts";
import { parseTarget } from "./target.ts";

type Rule = (config: Config) => Problem[];

/** Two sites in one place would remove each other's files. */
const oneSitePerTarget: Rule = (config) => {
  const owners = new Map<string, string>();
  return Object.entries(config.sites).flatMap(([name, site]) => {
    const place = placeOf(site.publish);
    const owner = owners.get(place);
    owners.set(place, name);
    return owner ? [{ key: `sites.${name}.publish`, message: `is where sites.${owner} is published already` }] : [];
  });
};

/** An account's folder, however its address is spelled; whether it is reached with or without TLS is no difference. */
function placeOf(publish: string): string {
  const address = parseTarget(publish);
  if (typeof address === "string") return publish;
  const folder = address.folder.replace(/\/+$/, "");
  if (address.protocol === "dir") return `dir:${folder}`;
  // Port 990 is the one of port 21 with TLS from the first byte.
  const port = address.port === 990 ? 21 : address.port;
  return `${address.protocol.replace("ftps", "ftp")}://${address.user}@${address.host.toLowerCase()}:${port}${folder}`;
}

/** What each protocol needs, and what belongs to another. */
const keysOfProtocol: Rule = (config) =>
  Object.entries(config.sites).flatMap(([name, site]) => {
    const address = parseTarget(site.publish);
    if (typeof address === "string") return [];
    const { protocol } = address;
    const problem = (key: string, message: string): Problem[] => [{ key: `sites.${name}.${key}`, message }];
    const strange = Object.entries(BELONGS_TO)
      .filter(([key, protocols]) => site[key as keyof typeof site] !== undefined && !protocols.includes(protocol))
      .flatMap(([key, protocols]) => problem(key, `belongs to ${protocols.join(" and ")}, not to ${protocol}`));
    const missing: Problem[] = [];
    if (protocol === "ftp" || protocol === "ftps") {
      if (!site.password) missing.push(...problem("password", "is missing; write env:NAME or file:/path"));
    }
    if (protocol === "ftp" && !site.plain) {
      const message = "sends the password unencrypted; write ftps://, or plain: true beside it if you accept that";
      missing.push(...problem("publish", message));
    }
    if (protocol === "sftp" && !site.password && !site.privateKey && !site.agent) {
      missing.push(...problem("privateKey", "is missing; set privateKey, agent or password"));
    }
    if (protocol === "sftp" && site.passphrase && !site.privateKey && (site.password || site.agent)) {
      missing.push(...problem("passphrase", "is of no use without privateKey"));
    }
    if (site.plain && protocol !== "ftp") {
      missing.push(...problem("plain", `belongs to ftp, not to ${protocol}`));
    }
    if (site.strategy === "symlink" && protocol !== "sftp" && protocol !== "dir") {
      missing.push(...problem("strategy", `symlink needs sftp or dir; ${protocol} has no links`));
    }
    return [...strange, ...missing];
  });

const BELONGS_TO: Readonly<Record<string, readonly string[]>> = {
  password: ["ftp", "ftps", "sftp"],
  ca: ["ftps"],
  fingerprint: ["ftps"],
  privateKey: ["sftp"],
  passphrase: ["sftp"],
  agent: ["sftp"],
  hostKey: ["sftp"],
  connections: ["ftp", "ftps", "sftp"],
};

/** How a repository is reached follows from its address; GitHub's own are reached by its App. */
const keysOfGit: Rule = (config) =>
  Object.entries(config.sites).flatMap(([name, site]) => {
    const problem = (key: string, message: string): Problem => ({ key: `sites.${name}.${key}`, message });
    const { git, repo } = site;
    const given = (["gitToken", "deployKey", "gitHostKey"] as const).filter((key) => site[key] !== undefined);
    if (git === undefined) {
      const isNested = repo.split("/").length > 2;
      return [
        ...(isNested ? [problem("repo", "is no repository of GitHub's; write owner/name, or git beside it")] : []),
        ...given.map((key) => problem(key, "goes with git; repositories on GitHub are read by the App")),
      ];
    }
    const scheme = (key: (typeof given)[number]) => (key === "gitToken" ? "https" : "ssh");
    return given
      .filter((key) => !git.startsWith(`${scheme(key)}://`))
      .map((key) => problem(key, `goes with git over ${scheme(key)}, and git is ${git.slice(0, 100)}`));
  });

/** A site is built here, or by a workflow of GitHub Actions; each way has keys of its own. */
const oneWayToBuild: Rule = (config) =>
  Object.entries(config.sites).flatMap(([name, { build, git }]) => {
    const problem = (key: string, message: string): Problem => ({ key: `sites.${name}.build.${key}`, message });
    if (build.from === undefined) {
      return (["workflow", "artifact"] as const)
        .filter((key) => build[key] !== undefined)
        .map((key) => problem(key, "is of no use without from: workflow beside it"));
    }
    const strange = (["install", "command", "node", "env", "secrets"] as const)
      .filter((key) => Object.keys(build[key] ?? {}).length > 0)
      .map((key) => problem(key, "is of no use with from: workflow, since nothing is built here"));
    // The App's token, which reads runs and artifacts, is good for GitHub's own copy of the repository alone.
    if (git !== undefined) {
      const message =
        "is of no use beside git, since workflows run for the repository on GitHub; leave git out, or from";
      strange.push(problem("from", message));
    }
    if (build.workflow !== undefined) return strange;
    return [problem("workflow", "is missing; write the workflow's name, or its file: ci.yml"), ...strange];
  });

/** Waiting for CI goes with a build of Slipway's own. */
const oneWayToWait: Rule = (config) =>
  Object.entries(config.sites)
    .filter(([, { after, build }]) => after.length > 0 && build.from === "workflow")
    .map(([name]) => ({
      key: `sites.${name}.after`,
      message: "is of no use beside build.from: workflow, which waits for that workflow already; leave one of them out",
    }));

/** Who follows CI has to be told somewhere, and of sites that are there. */
const followsThatExist: Rule = (config) =>
  config.ci.flatMap(({ sites = [], channel }, index) => {
    const silent = sites.filter(
      (name) => Object.hasOwn(config.sites, name) && !channel && !config.channel && !config.sites[name]?.channel,
    );
    return [
      ...unknownSites(`ci.${index}.sites`, sites, config),
      ...silent.map((name) => ({
        key: `ci.${index}.channel`,
        message: `is missing, since sites.${name} has no channel either`,
      })),
    ];
  });

/** A login, or a name of commits' authors, that two people have would let one act, or be mentioned, as the other. */
const onePersonPerName: Rule = (config) => {
  const owners = new Map<string, string>();
  return Object.entries(config.people).flatMap(([user, { github, authors }]) => {
    const named = authors.map((name) => ({ key: "authors", name, says: `names ${name}, as` }));
    // GitHub's logins are the same in capital and small letters.
    if (github !== undefined) named.unshift({ key: "github", name: github.toLowerCase(), says: "is the login of" });
    return named.flatMap(({ key, name, says }) => {
      const owner = owners.get(`${key} ${name}`);
      owners.set(`${key} ${name}`, user);
      if (owner === undefined || owner === user) return [];
      const does = key === "github" ? "" : " does";
      return [
        { key: `people.${user}.${key}`, message: `${says} people.${owner}${does} already; leave it to one of them` },
      ];
    });
  });
};

/** Sources that can be verified, and sites that are there. */
const sourcesThatWork: Rule = (config) =>
  Object.entries(config.sources).flatMap(([name, settings]) => {
    const source = resolveSource(name, settings);
    if (!("definition" in source)) return [...source];
    const named = source.routes.flatMap(({ rebuild, deploy, alert }) => [
      ...(rebuild?.sites ?? []),
      ...(deploy?.sites ?? []),
      ...(alert?.sites ?? []),
    ]);
    return unknownSites(`sources.${name}.sites`, named, config);
  });

/** Each endpoint once, since its address names it, and of sites that are there. */
const webhooksThatWork: Rule = (config) =>
  config.webhooks.flatMap(({ url, sites }, index) => {
    const key = `webhooks.${index}`;
    const first = config.webhooks.findIndex((it) => it.url === url);
    const twice = first < index ? [{ key: `${key}.url`, message: `is that of webhooks.${first} already` }] : [];
    return [...twice, ...unknownSites(`${key}.sites`, sites, config)];
  });

/** Those of the names that are no site's, each once. */
function unknownSites(key: string, names: readonly string[], { sites }: Config): Problem[] {
  const known = Object.keys(sites);
  return [...new Set(names)]
    .filter((name) => !known.includes(name))
    .map((name) => {
      const guess = nearest(name, known);
      return { key, message: `names ${name}, but there is no such site${guess ? `; did you mean ${guess}?` : ""}` };
    });
}

export const rules: readonly Rule[] = [
  webhooksThatWork,
  sourcesThatWork,
  oneSitePerTarget,
  keysOfProtocol,
  keysOfGit,
  oneWayToBuild,
  oneWayToWait,
  followsThatExist,
  onePersonPerName,
];
