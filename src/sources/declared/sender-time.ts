/** Reads the times that senders put into headers. */

/** Milliseconds since 1970 of a strict whole number of seconds or milliseconds; null for anything else. */
export function parseTime(text: string, unit: "s" | "ms"): number | null {
  // 16 digits are exact as a number; no sender writes a sign, an exponent or zeros in front.
  if (!/^[1-9]\d{0,15}$/.test(text)) return null;
  return unit === "s" ? Number(text) * 1000 : Number(text);
}
