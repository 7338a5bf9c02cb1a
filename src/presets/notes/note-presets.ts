/** The presets of payments, shops and forms. */
import type { Preset } from "../preset.ts";
import { form } from "./form.ts";
import { formspree } from "./formspree.ts";
import { lemonSqueezy } from "./lemon-squeezy.ts";
import { netlifyDeploys, netlifyForms } from "./netlify.ts";
import { shopify } from "./shopify.ts";
import { stripe } from "./stripe.ts";
import { tally } from "./tally.ts";
import { typeform } from "./typeform.ts";
import { vercel } from "./vercel.ts";
import { woocommerce } from "./woocommerce.ts";

export const notePresets: readonly Preset[] = [
  ...[stripe, lemonSqueezy, shopify, woocommerce],
  ...[typeform, tally, formspree, netlifyForms, netlifyDeploys, vercel, form],
];
