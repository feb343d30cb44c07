import type { JobError } from '../jobs/job.ts';
import type { JsonObject } from '../json.ts';

/** What a source hands over at a time: values to write, or why it has none. */
export type Row = { readonly sourceItemId: string } & (
  | { readonly values: JsonObject }
  | { readonly failure: JobError }
);

/** A source that was found in order. */
export type OpenSource = {
  readonly total: number;
  /** What a table of these rows has to have. */
  readonly columns: () => readonly Column[];
  readonly rows: () => Iterable<Row> | AsyncIterable<Row>;
};

export type Column = { readonly key: string; readonly header: string };

export const columnOf = (key: string): Column => ({ key, header: key });
