/** Notes: a payment, an order, a form that somebody sent; told once, in a channel. */

export type NoteField = {
  readonly label: string;
  readonly value: string;
  /** Whether it says something of a person; shown masked unless the source says otherwise. */
  readonly isPersonal: boolean;
};

export type Note = {
  /** "Payment of €49.00 failed". */
  readonly title: string;
  readonly fields: readonly NoteField[];
  /** Where it can be looked at in the sender's own pages. */
  readonly url: string | null;
  readonly tone: "good" | "bad" | "neutral";
};
