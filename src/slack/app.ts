/** The Bolt app: it turns what Slack reports into our events and hands them on. It never acts. */
import type { App, Context } from "@slack/bolt";
import type { Event } from "../model/event.ts";
import { ROLLBACK_MODAL } from "./elements.ts";
import { readClick, readModal } from "./interactions.ts";
import { anyPayload } from "./payloads.ts";
import type { Reading } from "./reading.ts";
import { botUserOf, COMMANDS, readCommand, readMessage } from "./words.ts";

/** What comes with a payload in Bolt's context: `emit` takes the events that it means. */
export type Received = { readonly reading: Reading; readonly emit: (event: Event) => void };

const received = (context: Context) => context.received as Received;

/** What Slipway listens to. */
export function listen(app: App): void {
  app.command(COMMANDS, async ({ ack, body, context }) => {
    await ack();
    const { reading, emit } = received(context);
    emit(readCommand(body, reading));
  });
  app.action({ type: "block_actions", action_id: /^slipway\./ }, async ({ ack, body, context }) => {
    await ack();
    const { reading, emit } = received(context);
    emit(readClick(body, reading));
  });
  app.view({ type: "view_submission", callback_id: ROLLBACK_MODAL }, async ({ ack, body, context }) => {
    await ack();
    const { reading, emit } = received(context);
    emit(readModal(body, reading));
  });
  const onMessage = ({ body, context }: { body: unknown; context: Context }) => {
    const { reading, emit } = received(context);
    emit(readMessage(body, { ...reading, botUser: botUserOf(anyPayload.parse(body)) }));
  };
  app.event("app_mention", async (it) => onMessage(it));
  app.event("message", async (it) => onMessage(it));
}
