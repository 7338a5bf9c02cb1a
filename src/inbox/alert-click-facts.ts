/** The facts by which a click on an alert's button is decided: how the alert stands, and who may do something about it. */
import { isBeingSilenced } from "../commands/silence-alert.ts";
import type { Config } from "../config/schema.ts";
import type { AlertClickFacts, AlertRules } from "../handlers/alert-click.ts";
import { rulesOf, workspaceWideRules } from "../handlers/site-rules.ts";
import type { ClickEvent } from "../model/event.ts";
import { findAlert, type KnownAlert, lockAlerts } from "../store/alerts.ts";
import type { Tx, Work } from "../store/work.ts";
import { askingOf } from "./asking.ts";
import type { Asker } from "./look-up-person.ts";

/** The alert that a button names; undefined where none is known. */
export function* alertOfButton(tx: Tx, { value }: Pick<ClickEvent, "value">): Work<KnownAlert | undefined> {
  return /^\d{1,15}$/.test(value) ? yield* findAlert(tx, Number(value)) : undefined;
}

/** The sites of an alert that slipway.yaml has still. */
export function sitesOfAlert(config: Config, { sites }: Pick<KnownAlert, "sites">): string[] {
  return sites.filter((site) => Object.hasOwn(config.sites, site));
}

export function* alertClickFacts(tx: Tx, config: Config, event: ClickEvent, asker: Asker): Work<AlertClickFacts> {
  const asking = askingOf(config, event, asker, event.askedAtMs);
  const found = yield* alertOfButton(tx, event);
  if (!found) return { ...asking, alert: null, rules: [], silenceForMs: null, isBeingSilenced: false };
  const { source, id } = found.alert;
  // Two who click at once see one another.
  yield* lockAlerts(tx, source);
  const known = (yield* findAlert(tx, id)) ?? found;
  const silence = Object.hasOwn(config.sources, source) ? config.sources[source]?.silence : undefined;
  return {
    ...asking,
    alert: known.alert,
    rules: rulesFor(config, known),
    silenceForMs: silence?.for ?? null,
    isBeingSilenced: yield* isBeingSilenced(tx, id),
  };
}

/** Where an alert is told, it may be answered, too. */
function rulesFor(config: Config, known: KnownAlert): AlertRules[] {
  const here = known.channel === null ? [] : [known.channel];
  const ofSites = sitesOfAlert(config, known).map((site, index) => {
    const rules = rulesOf(config, site);
    // `siteAskedAbout` names the first one.
    return { site, rules: { ...rules, channels: [...rules.channels, ...here] }, isLookedUp: index === 0 };
  });
  const ofAll = workspaceWideRules(config, `alerts of ${known.alert.source}`);
  const workspace = { site: null, rules: { ...ofAll, channels: [...here, ...ofAll.channels] }, isLookedUp: false };
  return [...ofSites, workspace];
}
