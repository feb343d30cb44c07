import type { JobError } from '../jobs/job.ts';
import type { Ending } from '../jobs/job-plan.ts';
import type { JsonObject } from '../json.ts';

const errorOf = (code: string, description: string, data: JsonObject | null = null): JobError => ({
  code,
  description,
  data,
});

export const completed: Ending = { status: 'COMPLETED' };

export const failed = (code: string, description: string, data: JsonObject | null = null): Ending => ({
  status: 'FAILED',
  error: errorOf(code, description, data),
});

export const partly = (cause: string): Ending => ({ status: 'PARTIALLY_SUCCESSFUL', cause });

export const destinationFull = partly(
  'The destination accepted only part of the items because its limit was reached.',
);

export const serviceFailed = failed('WDH0002', 'A dependent service did not answer.', {
  service: 'data-items',
  attempt: 3,
  retryable: true,
  upstream: { status: 503 },
});

export const invalidRow = failed('WDH0003', 'Row 1204 has more values than the header has columns.', {
  row: 1204,
  columns: 9,
  values: 11,
});

export const rowRejections: readonly JobError[] = [
  errorOf('WDH0003', 'Column "price" does not hold a number.', { column: 'price', value: 'n/a' }),
  errorOf('WDE0009', 'The item is larger than the collection allows.'),
  errorOf('WDH0003', 'Column "restockedOn" does not hold a date.', {
    column: 'restockedOn',
    value: '31.02.2026',
  }),
];

export const limitRejections: readonly JobError[] = [
  errorOf('WDH0002', 'The destination has reached its limit of items.', { limit: 5000 }),
];
