import { estimatedFinishAt, type JobProgress, percent, unitsPerSecond } from '../domain/progress.ts';
import { builder } from './builder.ts';

export const ProgressRef = builder.objectRef<JobProgress>('Progress').implement({
  description:
    'How far a job has come. Upstream does not say whether its units are items or bytes (upstream: job.progress).',
  fields: (t) => ({
    current: t.expose('current', {
      type: 'SafeInt',
      description: 'Units handled so far.',
    }),
    total: t.expose('total', {
      type: 'SafeInt',
      description: 'Units overall. Null while upstream does not know.',
    }),
    itemsRejected: t.expose('itemsRejected', {
      type: 'SafeInt',
      description: 'Items that could not be moved; `Job.logs` says why.',
    }),
    itemsSuccessful: t.expose('itemsSuccessful', {
      type: 'SafeInt',
      description: 'Items that arrived.',
    }),
    percent: t.float({
      description: '0 to 100, null while the total is unknown.',
      resolve: percent,
    }),
    unitsPerSecond: t.float({
      description: 'Average units per second since the job started.',
      resolve: ({ job }) => unitsPerSecond(job),
    }),
    estimatedFinishAt: t.field({
      type: 'DateTime',
      description:
        'When the job ends if it keeps its average pace. Null when that cannot be said: finished, no total, or nothing done yet.',
      resolve: ({ job }) => estimatedFinishAt(job),
    }),
  }),
});
