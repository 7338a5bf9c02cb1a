/** A plain HTML form as a source: nothing proves who sends it, so its page, a field for robots and limits stand in. */
import type { FormSettings } from "../../config/form-settings.ts";
import { headerOf, type Received, readPayload } from "../../model/received.ts";
import type { Head, Source } from "../source.ts";
import { formAnswer, formPreflight, formVerdict } from "./form-answer.ts";

/** The declared source of a form with the answers that a browser understands. `now`: milliseconds since 1970. */
export function createFormSource(declared: Source, settings: FormSettings, now: () => number): Source {
  return {
    ...declared,
    isOpen: true,
    answer: (_id, head) => formAnswer({ kind: "accepted" }, receivedOf(head), settings),
    preflight: (head) => formPreflight(receivedOf(head), settings),
    refuse: (head, code) => formAnswer({ kind: "refused", code }, receivedOf(head), settings),

    async readBody(head, body) {
      const received = { ...receivedOf(head), body };
      const verdict = formVerdict(received, await readPayload(received, ""), settings, now());
      // What a robot filled in is recorded, told nobody, and answered as if it were told.
      if (verdict.kind === "refused") return { answer: formAnswer(verdict, received, settings) };
      const arrival = (await declared.readBody?.(head, body)) ?? { answer: "" };
      if ("answer" in arrival) return arrival;
      const origin = headerOf(received, "origin");
      const { request } = arrival;
      if (!request || origin === null) return arrival;
      return { ...arrival, request: { ...request, headers: { ...request.headers, origin } } };
    },
  };
}

const NOTHING = Buffer.alloc(0);

function receivedOf({ method, target, distinctHeaders: headers, query }: Head): Received {
  return { method, target, headers, query, token: "", body: NOTHING };
}
