/** A source as it works: its settings in slipway.yaml together with the preset that they name. */
import type { Problem } from "../config/problem.ts";
import { nearest } from "../config/problem.ts";
import { type SourceDefinition, sourceDefinition } from "../config/source-definition.ts";
import type { ActiveSecretSettings, RouteSettings, SourceSettings } from "../config/source-settings.ts";
import type { Preset, Purpose } from "./preset.ts";
import { findPreset, presets } from "./presets.ts";

export type ResolvedSource = {
  /** As slipway.yaml calls it; the last part of its address. */
  readonly name: string;
  /** As people call the sender. */
  readonly label: string;
  readonly kind: string;
  readonly purpose: Purpose;
  readonly definition: SourceDefinition;
  readonly secrets: readonly ActiveSecretSettings[];
  readonly routes: readonly RouteSettings[];
  /** Null for custom sources. */
  readonly preset: Preset | null;
  readonly settings: SourceSettings;
};

/** The keys that go with every source, and those that go with each purpose. */
const ALWAYS = ["kind", "secret", "secrets", "routes", "allow", "events"] as const;
const OF_PURPOSE: Readonly<Record<Purpose, ReadonlyArray<keyof SourceSettings>>> = {
  content: ["sites", "quiet", "longest", "poll"],
  alerts: ["sites", "channel"],
  notes: ["channel", "text", "fields", "show"],
  git: ["sites"],
  any: [],
};
const OF_CUSTOM: ReadonlyArray<keyof SourceSettings> = ["verify", "id", "event", "accept", "reply", "poll", "silence"];
const CUSTOM = "custom";

/**
 * The source with everything filled in, or what is wrong with it: an unknown kind, keys that go with another one, a
 * secret that is missing.
 */
export function resolveSource(name: string, settings: SourceSettings): ResolvedSource | readonly Problem[] {
  const { kind } = settings;
  const key = `sources.${name}`;
  const preset = findPreset(kind);
  if (!preset && kind !== CUSTOM) return [unknownKind(key, kind)];
  const known = [...ALWAYS, ...(preset ? [...OF_PURPOSE[preset.purpose], ...preset.keys] : OF_CUSTOM)];
  const problems: Problem[] = Object.keys(settings)
    .filter((it) => !known.some((one) => one === it) && settings[it as keyof SourceSettings] !== undefined)
    .map((it) => ({
      key: `${key}.${it}`,
      message: `does not go with kind: ${kind}; what goes is ${known.join(", ")}`,
    }));
  const secrets = settings.secrets ?? (settings.secret ? [{ use: settings.secret, until: null }] : []);
  if (settings.secret && settings.secrets)
    problems.push({ key: `${key}.secret`, message: "is of no use beside secrets" });
  const parsed = preset ? sourceDefinition.safeParse(preset.definition(settings)) : null;
  // What a preset takes from the settings is wrong: its definition has the words for that, and the settings the key.
  if (parsed && !parsed.success)
    return [...problems, ...parsed.error.issues.map((it) => ofSettings(key, settings, preset, it))];
  const definition = parsed?.data ?? customDefinition(settings);
  if (!definition)
    return [...problems, { key: `${key}.verify`, message: "is missing; a custom source says how it is verified" }];
  const needsSecret = preset ? preset.secret === "needed" : definition.verify.some(takesSecret);
  if (needsSecret && secrets.length === 0)
    problems.push({
      key: `${key}.secret`,
      message: `is missing; write env:NAME or file:/path, with what ${preset?.label ?? "the sender"} signs or sends`,
    });
  if (secrets.length > 0 && (preset ? preset.secret === "none" : !needsSecret))
    problems.push({ key: `${key}.secret`, message: "is of no use, since nothing is verified with it" });
  const routes = settings.routes ?? defaultRoutes(settings, preset ?? null);
  if (routes.length === 0) problems.push(noRoutes(key, preset));
  if (kind === "form" && !settings.form) {
    const message = "is missing; write the pages that may send it: { origins: [https://www.example.com] }";
    problems.push({ key: `${key}.form`, message });
  }
  problems.push(...routes.flatMap((route, index) => lacking(`${key}.routes.${index}`, route, preset ?? null)));
  if (problems.length > 0) return problems;
  return {
    name,
    // One's own senders, and forms of which a site may have several, are called as slipway.yaml calls them.
    label: preset && kind !== "form" ? preset.label : name,
    kind,
    purpose: preset?.purpose ?? "any",
    definition,
    secrets,
    routes,
    preset: preset ?? null,
    settings,
  };
}

function noRoutes(key: string, preset: Preset | undefined): Problem {
  if (preset?.purpose === "content")
    return { key: `${key}.sites`, message: "is missing; name the sites that show its content: [shop]" };
  return { key: `${key}.routes`, message: `is missing; say what a delivery does: ${EXAMPLES}` };
}

/** What a route needs to be told where no preset reads the payload for it. */
function lacking(key: string, { deploy, alert, notice }: RouteSettings, preset: Preset | null): Problem[] {
  const problems: Problem[] = [];
  if (alert && preset?.purpose !== "alerts") {
    const missing = (["fingerprint", "state", "title"] as const).filter((it) => alert[it] === undefined);
    const message = "is missing; say where it stands in the payload, as json:/field";
    problems.push(...missing.map((it) => ({ key: `${key}.alert.${it}`, message })));
  }
  if (deploy && preset?.purpose !== "git" && !deploy.sites?.length)
    problems.push({ key: `${key}.deploy.sites`, message: "is missing; name the sites that are deployed: [shop]" });
  if (notice && preset === null && notice.text === undefined && notice.fields === undefined)
    problems.push({ key: `${key}.notice.text`, message: "is missing; write what it says: `{json:/name} ordered`" });
  return problems;
}

/** All sources of a configuration that was checked. */
export function resolveSources(sources: Readonly<Record<string, SourceSettings>>): ResolvedSource[] {
  return Object.entries(sources).map(([name, settings]) => {
    const source = resolveSource(name, settings);
    if (!("definition" in source)) throw new Error(`sources.${name} was not checked`);
    return source;
  });
}

/** Whether anybody who has a signed delivery can send it under another id: the id is no part of what is signed. */
export function hasUnsignedId({ id, verify }: SourceDefinition): boolean {
  if (typeof id.from === "string") return false;
  const parts = id.from.from === "join" ? id.from.parts : [id.from];
  return verify.some(
    (it) =>
      "hmac" in it &&
      parts.some(
        (part) =>
          part.from === "query" ||
          (part.from === "header" && !(it.hmac.message.includes("{id}") && it.hmac.id === part.name)),
      ),
  );
}

const EXAMPLES = "[{ rebuild: { sites: [shop] } }], [{ notice: { text: … } }] or [{ store: true }]";

/** Whether a way to verify needs a secret of the source's. */
export function takesSecret(verification: SourceDefinition["verify"][number]): boolean {
  return "hmac" in verification || "token" in verification || "contentful" in verification || "netlify" in verification;
}

/** A definition that does not hold, as a problem of the one key of the settings that can have made it so. */
function ofSettings(
  key: string,
  settings: SourceSettings,
  preset: Preset | undefined,
  { message }: { message: string },
): Problem {
  const [own = "kind"] = preset?.keys ?? [];
  const isMissing = settings[own] === undefined;
  return { key: `${key}.${own}`, message: isMissing ? `is missing; ${preset?.label} needs it` : message };
}

function unknownKind(key: string, kind: string): Problem {
  const names = [...presets.map((it) => it.kind), CUSTOM];
  const guess = nearest(kind, names);
  return {
    key: `${key}.kind`,
    message: `${kind} is no sender that Slipway knows; ${guess ? `did you mean ${guess}?` : `it knows ${names.join(", ")}`}`,
  };
}

/** What is said, over the defaults; null where nothing says how to verify. */
function customDefinition({ verify, id, event, accept, reply }: SourceSettings): SourceDefinition | null {
  if (!verify) return null;
  const usual = sourceDefinition.omit({ verify: true }).parse({});
  return {
    verify,
    id: id ?? usual.id,
    event: event ?? usual.event,
    accept: accept ?? usual.accept,
    reply: reply ?? usual.reply,
  };
}

/** What deliveries do where `routes` does not say: what the preset is for. */
function defaultRoutes(settings: SourceSettings, preset: Preset | null): RouteSettings[] {
  if (!preset) return [];
  const { sites, channel, quiet, longest, text, fields, show, events = [...preset.events] } = settings;
  const when = events.length > 0 ? { event: [...events], is: {}, exists: [] } : undefined;
  const route = (action: Partial<RouteSettings>): RouteSettings[] => [{ ...(when && { when }), ...action }];
  switch (preset.purpose) {
    case "content":
      return sites ? route({ rebuild: { sites, ...(quiet && { quiet }), ...(longest && { longest }) } }) : [];
    case "git":
      return route({ deploy: { ...(sites && { sites }) } });
    case "alerts":
      return route({ alert: { ...(channel && { channel }), sites: sites ?? [] } });
    case "notes":
      return route({
        notice: { ...(channel && { channel }), ...(text && { text }), ...(fields && { fields }), show: show ?? [] },
      });
    case "any":
      return [];
  }
}
