/** A dialog of Slack's as HTML. */
import { type Html, html } from "../../web/html.ts";
import { drawBlocks } from "./block-pictures.ts";
import { words } from "./mrkdwn.ts";

type Label = { readonly text: string };

/** A view as Slack's `views.open` takes it. */
export type InspectedView = {
  readonly title: Label;
  readonly submit?: Label | undefined;
  readonly close?: Label | undefined;
  readonly blocks: readonly unknown[];
};

/** The dialog, as `user` has it before them. */
export function drawModal({ title, submit, close, blocks }: InspectedView, user: string): Html {
  return html`<p class="note">👁 A dialog that ${user} has open</p>
<div class="modal" role="dialog" aria-label="${title.text}">
<header><span class="logo" aria-hidden="true">⚓</span><h2>${words(title.text)}</h2><span class="dim">✕</span></header>
<div class="blocks">${drawBlocks(blocks, (id) => id)}</div>
<footer>${close ? html`<span class="button">${words(close.text)}</span>` : null}${submit ? html`<span class="button primary">${words(submit.text)}</span>` : null}</footer>
</div>`;
}
