// What is wrong with an input, field by field. The one shape in which bad input is told, whoever tells it.

export interface FieldIssue {
  /** Where: `schedule[1]`, `retry.delay`; '' for the whole. */
  readonly path: string;
  /** What is wrong and what would be right, in one sentence. */
  readonly message: string;
}

export type Checked<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly issues: readonly FieldIssue[] };
