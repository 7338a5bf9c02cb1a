/** Amounts of money as people read them: "€49.00", "¥5,000", "CHF 1,250.50". */
import { count } from "./quantities.ts";

/**
 * Currencies whose smallest unit is the whole one, and those that have a thousand of the smallest in one. All others
 * have a hundred; Stripe sends ISK and UGX with two decimals though nobody pays in them.
 * https://docs.stripe.com/currencies#zero-decimal and #special-cases
 */
const WHOLE = new Set("BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF".split(" "));
const THOUSANDTHS = new Set("BHD JOD KWD OMR TND".split(" "));
const SYMBOLS: Readonly<Record<string, string>> = { EUR: "€", USD: "$", GBP: "£", JPY: "¥" };

/** How many decimals amounts of a currency have where senders count in its smallest unit. */
function decimalsOf(code: string): number {
  if (WHOLE.has(code)) return 0;
  return THOUSANDTHS.has(code) ? 3 : 2;
}

/** An amount in the smallest unit (4900 cents); null where it is no whole number, or the currency no code of three letters. */
export function minorMoney(amount: string, currency: string): string | null {
  const code = currency.toUpperCase();
  if (!/^-?\d{1,15}$/.test(amount)) return null;
  const decimals = decimalsOf(code);
  const digits = amount.replace("-", "").padStart(decimals + 1, "0");
  const whole = digits.slice(0, digits.length - decimals);
  return money(`${whole}${decimals > 0 ? `.${digits.slice(-decimals)}` : ""}`, code, amount.startsWith("-"));
}

/** An amount in whole units with decimals ("49.00"), as shops write prices; null for anything else. */
export function majorMoney(amount: string, currency: string): string | null {
  if (!/^-?\d{1,15}(\.\d{1,6})?$/.test(amount)) return null;
  return money(amount.replace("-", ""), currency.toUpperCase(), amount.startsWith("-"));
}

function money(amount: string, code: string, isNegative: boolean): string | null {
  if (!/^[A-Z]{3}$/.test(code)) return null;
  const [whole = "", decimals] = amount.replace(/^0+(?=\d)/, "").split(".");
  const figure = `${count(Number(whole))}${decimals === undefined ? "" : `.${decimals}`}`;
  return `${isNegative ? "-" : ""}${SYMBOLS[code] ?? `${code} `}${figure}`;
}
