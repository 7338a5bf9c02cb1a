/** The events that a reading comes to by the routes that a preset has by default. */
import type { Reading } from "../../src/presets/preset.ts";

/** As far as the reading says what stands in them; titles and fields of notes are masked on their way. */
export function eventsOf({ ping, ignored, content, alerts, note, push = [] }: Partial<Reading>): object[] {
  const idle = ping ?? ignored;
  if (idle !== undefined) return [{ type: "ignored", reason: idle }];
  return [
    ...(content ? [{ type: "content_changed", ...content }] : []),
    ...(alerts ? [{ type: "alerts", alerts }] : []),
    ...(note ? [{ type: "note", note: { url: note.url, tone: note.tone } }] : []),
    ...push.map((one) => ({ type: "git_push", ...one })),
  ];
}
