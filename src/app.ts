/**
 * The service, wired. One long function on purpose: each step needs the earlier ones, and splitting it would hide
 * their order. Each part leaves a named teardown behind; `stop` runs them in reverse.
 */
import { randomUUID } from "node:crypto";
import { rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { controlRoutes, controlSocket } from "./cli/control.ts";
import { endExpiredHolds } from "./commands/hold-site.ts";
import { endExpiredRequests } from "./commands/second-person.ts";
import { alertSilenced, silenceRefused } from "./commands/silence-alert.ts";
import type { Environment } from "./config/load-environment.ts";
import type { Config } from "./config/schema.ts";
import { wantedSecrets } from "./config/secret-references.ts";
import { describeError } from "./errors.ts";
import { createPermissions } from "./github/permissions.ts";
import { createGithub } from "./github/probot.ts";
import { createGithubReader } from "./github/reader.ts";
import { namesLogins } from "./handlers/site-rules.ts";
import { createHttpServer } from "./http/server.ts";
import { createAnswerAtOnce } from "./inbox/answer-at-once.ts";
import { type Chore, startClock } from "./inbox/clock.ts";
import { confirmSubscription } from "./inbox/confirm-subscription.ts";
import { createDeclaredSources } from "./inbox/declared-sources.ts";
import { startDispatch } from "./inbox/dispatch.ts";
import { createForgetChore } from "./inbox/forget-old-bodies.ts";
import { createIntake } from "./inbox/intake.ts";
import { startPolling } from "./inbox/polling.ts";
import { startDoor } from "./inbox/start-door.ts";
import { createSecretChore } from "./inbox/watch-secrets.ts";
import type { Log } from "./log.ts";
import { digestWhereSlow } from "./notify/digest.ts";
import { createGithubPerformers } from "./notify/github.ts";
import { createWebhookPerformer } from "./notify/outgoing/send-webhook.ts";
import { tellDeadWebhook } from "./notify/outgoing/tell-dead-webhook.ts";
import { createSilencePerformer } from "./notify/silence.ts";
import { createSlackPerformers } from "./notify/slack.ts";
import { startOutbox } from "./outbox/outbox.ts";
import { createIsolationView } from "./pipeline/isolation-in-force.ts";
import { startRunner } from "./pipeline/run.ts";
import { createSpareWorker } from "./pipeline/spare-worker.ts";
import { createMemoryQueue } from "./queue/memory-queue.ts";
import { createLogKeys } from "./secrets/log-keys.ts";
import { createSecretKeeper } from "./secrets/secret-keeper.ts";
import { createBoltLoader } from "./slack/bolt-app.ts";
import { createDirectory } from "./slack/directory.ts";
import { createSlackReader } from "./slack/reader.ts";
import { createSlackClient } from "./slack/slack-client.ts";
import { startSocketMode } from "./slack/socket-mode.ts";
import { createGithubSource } from "./sources/github.ts";
import { createSlackSource, readSocketPayload } from "./sources/slack.ts";
import type { Source } from "./sources/source.ts";
import { freeClaims } from "./store/claims.ts";
import { lockDataFolder } from "./store/data-folder.ts";
import { openStore } from "./store/open-store.ts";
import { findTold, retryFailed } from "./store/outbox.ts";
import { createSecretUses } from "./store/secret-uses.ts";
import { isBehind } from "./store/webhooks-out.ts";
import { healthRoutes } from "./web/health.ts";
import { statusRoutes } from "./web/status.ts";
import { transcriptEventsRoute, transcriptRoute } from "./web/transcript.ts";

export type Service = {
  readonly port: number;
  /** Takes nothing new, finishes what is quick, puts the rest back for the next start. */
  stop(): Promise<void>;
};

/** Requests under way get this long when the service stops. */
const GRACE_MS = 5000;

/** Starts the service. Throws OperatorError for what only the operator can mend. `env` is where secrets are found. */
export async function startService(options: {
  environment: Environment;
  config: Config;
  env: NodeJS.ProcessEnv;
  log: Log;
}): Promise<Service> {
  const { environment, config, env, log } = options;
  const teardowns: Array<{ name: string; run: () => unknown }> = [];
  const onStop = (name: string, run: () => unknown) => teardowns.push({ name, run });
  const stop = async () => {
    for (const { name, run } of teardowns.splice(0).reverse()) {
      try {
        await run();
      } catch (error) {
        log.error({ error: describeError(error) }, `could not stop: ${name}`);
      }
    }
  };

  try {
    const boot = randomUUID();

    // The lock first: whatever an earlier process had claimed is free for us once we have it.
    const lock = lockDataFolder(environment.dataDir);
    onStop("lock on the data folder", () => lock.release());
    const store = await openStore(environment.database);
    onStop("store", () => store.close());
    await store.transact(freeClaims);
    await store.transact(retryFailed);

    const queue = createMemoryQueue();
    onStop("queue", () => queue.close());

    // Before anything is taken: what cannot be verified must not be taken either.
    const now = Date.now;
    const keeper = createSecretKeeper({ env, vault: config.vault ?? null, log, now });
    onStop("secrets", () => keeper.close());
    await keeper.open(wantedSecrets(config));
    const secretUses = createSecretUses({ now });
    onStop("uses of secrets", () => store.transact((tx) => secretUses.flush(tx, { isLast: true })));

    const logKeys = createLogKeys(environment.webhookSecrets);
    const github = createGithub(environment);
    const { botToken = null, appToken = null, signingSecrets = [] } = environment.slack ?? {};
    const telling = {
      config,
      hasSlack: environment.slack !== null,
      hasButtons: signingSecrets.length > 0 || appToken !== null,
      hasGithub: github.hasApp,
      hasGithubButtons: namesLogins(config),
      logKeys,
    };

    // Deliveries are taken from here on; whoever works on them comes after.
    let isStopping = false;
    const reading = { store, queue, logKeys, isStopping: () => isStopping };
    const isolationOf = createIsolationView({ sites: config.sites, dataDir: environment.dataDir, env });
    const declared = createDeclaredSources({
      config,
      secretsOf: (secrets, key) => keeper.list(secrets, `${key}.secrets`),
      confirm: confirmSubscription,
      now,
    });
    const sources: Source[] = [createGithubSource(environment.webhookSecrets), ...declared.sources];
    if (signingSecrets.length > 0) sources.push(createSlackSource(signingSecrets));
    const { door, rejections, captures, ...guards } = await startDoor({
      ...{ config, environment, sources: declared.resolved, log },
    });
    onStop("guards", () => guards.stop());
    const slackOptions = { apiUrl: environment.slackApiUrl, log };
    const people = {
      directory: botToken && createDirectory({ ...slackOptions, botToken }),
      permissions: createPermissions({ octokitFor: github.octokitFor, log, now: Date.now }),
    };
    const intake = createIntake({
      store,
      queue,
      log,
      sources,
      door,
      onProof: (source, { matched }) => {
        if (matched !== null) secretUses.note(source, matched);
      },
      answerAtOnce: createAnswerAtOnce({ store, config, log, ...people }),
    });
    const server = createHttpServer(
      [
        ...intake.routes,
        ...healthRoutes({ store, isStopping: () => isStopping }),
        transcriptRoute(reading),
        transcriptEventsRoute(reading),
        ...statusRoutes({ store, config, logKeys, isolationOf }),
      ],
      log,
    );
    const port = await server.listen({ host: environment.host, port: environment.port });
    onStop("server", () => server.close(GRACE_MS));

    const slack = createSlackClient({ ...slackOptions, botToken });
    const spare = createSpareWorker(env);
    const tellSlack = createSlackPerformers({
      slack,
      log,
      findTold: (key) => store.transact((tx) => findTold(tx, key)),
    });
    const outbox = startOutbox({
      store,
      queue,
      log,
      boot,
      performers: {
        ...tellSlack,
        "slack.modal": (row, remember) => {
          // While the dialog is read, a worker gets ready for what it asks.
          spare.keep();
          return tellSlack["slack.modal"](row, remember);
        },
        ...createGithubPerformers({ octokitFor: github.octokitFor }),
        "alertmanager.silence": createSilencePerformer({
          settingsOf: (source) => config.sources[source]?.silence,
          secretOf: keeper.resolve,
          silenced: (wish) => store.transact((tx) => alertSilenced(tx, telling, wish, { nowMs: Date.now() })),
          refused: (wish, reason) => store.transact((tx) => silenceRefused(tx, wish, reason, { nowMs: Date.now() })),
        }),
        ...createWebhookPerformer({
          outgoing: config.webhooks,
          resolve: keeper.resolve,
          isBehind: (row) => store.transact((tx) => isBehind(tx, row)),
          now: Date.now,
        }),
      },
      onGivenUp: (tx, row, reason, nowMs) => tellDeadWebhook(tx, telling, row, reason, nowMs),
      // What else is new for that channel is told in one message, until Slack takes more again.
      onRateLimited: (channel) => store.transact((tx) => digestWhereSlow(tx, config, channel, Date.now())),
    });
    onStop("outbox", () => outbox.stop());

    const runner = startRunner({
      store,
      queue,
      log,
      boot,
      telling,
      sites: config.sites,
      dataDir: environment.dataDir,
      cacheBytes: config.builds.cache,
      env,
      secrets: keeper,
      githubApiUrl: environment.githubApiUrl,
      tokenFor: github.tokenFor,
      spare,
      // A build uses more than one core; the intake keeps one for itself.
      parallel: config.builds.parallel ?? Math.max(1, Math.floor(availableParallelism() / 2)),
    });
    onStop("deployments", () => runner.stop());

    const readers = new Map(declared.readers).set(
      "github",
      createGithubReader((emit) => github.load(emit)),
    );
    const bolt = botToken && createBoltLoader({ ...slackOptions, botToken });
    if (bolt) readers.set("slack", createSlackReader(bolt.load, slackOptions.apiUrl));
    const dispatch = startDispatch({
      store,
      queue,
      log,
      config,
      telling,
      readers,
      unsignedIds: declared.unsignedIds,
      people,
      boot,
      recent: intake.recent,
    });
    onStop("dispatch", () => dispatch.stop());

    const context = { config, telling };
    const chores = [endExpiredHolds, endExpiredRequests].map(
      (chore): Chore =>
        (tx, moment) =>
          chore(tx, context, moment),
    );
    chores.push(createSecretChore({ sources: config.sources, uses: secretUses, log }));
    chores.push(createForgetChore(declared.resolved));
    const clock = startClock({ store, queue, log, config, telling, chores });
    onStop("clock", () => clock.stop());

    const polling = startPolling({
      ...{ store, log, sources: declared.resolved, secretOf: keeper.resolve, receive: intake.receive },
    });
    onStop("polling", () => polling.stop());

    if (appToken) {
      const receive = async (body: Buffer) =>
        (await intake.receive({ source: "slack", body, ...readSocketPayload(body) })).answer;
      const socket = startSocketMode({ ...slackOptions, appToken, receive });
      onStop("Socket Mode", () => socket.stop());
    }

    const control = createHttpServer(
      controlRoutes({ store, queue, config, telling, live: { rejections, captures } }),
      log,
    );
    const socketPath = controlSocket(environment.dataDir);
    // Left over by a process that was killed; the lock says that nobody listens on it.
    rmSync(socketPath, { force: true });
    await control.listen({ socketPath });
    onStop("control socket", () => control.close(GRACE_MS));

    onStop("readiness", () => {
      isStopping = true;
    });
    if (bolt && telling.hasButtons) onStop("Bolt", bolt.warm());
    // Only now, since whoever reads it may use the command line in the same moment.
    say(log, { environment, config, port });
    return { port, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** What a person wants to know at the start. */
function say(
  log: Log,
  { environment, config, port }: { environment: Environment; config: Config; port: number },
): void {
  log.info({ port, sites: Object.keys(config.sites).length }, "ready to take deliveries");
  if (!environment.slack) log.info("no SLACK_BOT_TOKEN: Slipway runs without Slack");
  else if (environment.slack.signingSecrets.length === 0 && !environment.slack.appToken) {
    log.info("no SLACK_SIGNING_SECRET and no SLACK_APP_TOKEN: nobody in Slack can ask Slipway for anything");
  }
  if (!environment.githubApp) {
    log.info("no APP_ID: GitHub is told nothing, and private repositories cannot be cloned");
  }
  if (!config.url) log.info("no url in slipway.yaml: messages carry no links to the transcripts");
}
