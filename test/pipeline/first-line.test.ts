import { describe, expect, test } from "vitest";
import { awaitFirstLine } from "../../src/pipeline/first-line.ts";
import type { WorkerMessage } from "../../src/pipeline/job.ts";

const line = (text: string): WorkerMessage => ({ type: "line", stage: "checkout", text });

describe("What is told of a deployment", () => {
  test("waits for the first line of its transcript, and follows it in order", () => {
    const posted: WorkerMessage[] = [];
    const { send, begin } = awaitFirstLine((message) => posted.push(message));

    send({ type: "stage", stage: "checkout" });
    send(line("fetching"));
    expect(posted).toEqual([]);
    begin(line("isolation: bubblewrap"));
    send(line("fetched"));

    expect(posted).toEqual([
      line("isolation: bubblewrap"),
      { type: "stage", stage: "checkout" },
      line("fetching"),
      line("fetched"),
    ]);
  });

  test("is told without a first line when it failed before there was one, and only once", () => {
    const posted: WorkerMessage[] = [];
    const { send, begin } = awaitFirstLine((message) => posted.push(message));

    send(line("fetching"));
    begin();
    begin(line("isolation: none"));

    expect(posted).toEqual([line("fetching")]);
  });
});
