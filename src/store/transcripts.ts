/** Transcripts in the store: the lines that deployments printed, in chunks, readable while they grow. */
import { all, type Tx, type Work } from "./work.ts";

export type TranscriptChunk = { readonly seq: number; readonly text: string };

export function* appendTranscript(tx: Tx, deploymentId: string, chunk: TranscriptChunk): Work<void> {
  yield* all(tx.db.insertInto("transcripts").values({ deployment_id: deploymentId, ...chunk }));
}

/** The chunks after `afterSeq`, in order; 0 reads from the start. */
export function* readTranscript(tx: Tx, deploymentId: string, afterSeq: number): Work<TranscriptChunk[]> {
  return yield* all(
    tx.db
      .selectFrom("transcripts")
      .select(["seq", "text"])
      .where("deployment_id", "=", deploymentId)
      .where("seq", ">", afterSeq)
      .orderBy("seq"),
  );
}

/** The number of the last chunk, 0 when there is none. */
export function* lastTranscriptSeq(tx: Tx, deploymentId: string): Work<number> {
  const rows = yield* all(
    tx.db
      .selectFrom("transcripts")
      .select((is) => is.fn.max("seq").as("seq"))
      .where("deployment_id", "=", deploymentId),
  );
  return Number(rows[0]?.seq ?? 0);
}
