import type { JobError } from '../jobs/job.ts';
import type { JsonObject } from '../json.ts';

/** What became of a row; `full` where the destination has no room for it. */
export type Outcome =
  | { readonly kind: 'arrived' | 'skipped' }
  | { readonly kind: 'rejected' | 'full'; readonly failure: JobError };

/** A destination that was found in order. Nothing of it changes before `begin`. */
export type OpenDestination = {
  readonly begin: () => void;
  readonly write: (values: JsonObject) => Outcome;
  readonly end: () => Promise<void>;
};

export const arrived: Outcome = { kind: 'arrived' };
export const skipped: Outcome = { kind: 'skipped' };

export const full = (unit: 'items' | 'bytes', limit: number): Outcome => ({
  kind: 'full',
  failure: {
    code: 'WDH0002',
    description: `The destination has reached its limit of ${unit}.`,
    data: { limit },
  },
});
