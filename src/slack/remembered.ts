/** Answers of another party that are asked for again when they grow old, and kept in case that party cannot be asked. */

/** An answer, and how old it is, in milliseconds. */
type Aged<T> = { readonly value: T; readonly ageMs: number };

export type Remembered<T> = {
  /** The answer: remembered while it is fresh, asked for otherwise; the last one where asking fails. Null: none. */
  get(key: string): Promise<Aged<T> | null>;
  /** The last answer, without asking. */
  known(key: string): Aged<T> | null;
};

/**
 * Remembers what `ask` answers: fresh for `freshMs`, of any use for `keepMs`, for at most `max` keys. `ask` answers null
 * where it fails. Whoever asks for the same at the same time shares one question.
 */
export function createRemembered<T>(options: {
  readonly freshMs: number;
  readonly keepMs: number;
  readonly max: number;
  ask(key: string): Promise<T | null>;
  now(): number;
}): Remembered<T> {
  const { freshMs, keepMs, max, ask, now } = options;
  const answers = new Map<string, { readonly value: T; readonly atMs: number }>();
  const asked = new Map<string, Promise<Aged<T> | null>>();

  function known(key: string): Aged<T> | null {
    const answer = answers.get(key);
    const ageMs = answer ? now() - answer.atMs : Number.POSITIVE_INFINITY;
    return answer && ageMs <= keepMs ? { value: answer.value, ageMs } : null;
  }

  async function askAgain(key: string): Promise<Aged<T> | null> {
    const atMs = now();
    const value = await ask(key);
    if (value === null) return known(key);
    // The oldest go first: a Map keeps the order in which keys came.
    answers.delete(key);
    answers.set(key, { value, atMs });
    for (const oldest of answers.keys()) {
      if (answers.size <= max) break;
      answers.delete(oldest);
    }
    return { value, ageMs: now() - atMs };
  }

  return {
    known,
    get(key) {
      const answer = known(key);
      if (answer && answer.ageMs <= freshMs) return Promise.resolve(answer);
      const under = asked.get(key) ?? askAgain(key).finally(() => asked.delete(key));
      asked.set(key, under);
      return under;
    },
  };
}
