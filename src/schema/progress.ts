import { type AdvancingJob, estimatedFinishAt, percent, unitsPerSecond } from '../domain/progress.ts';
import { builder } from './builder.ts';

export const ProgressRef = builder.objectRef<AdvancingJob>('Progress').implement({
  description:
    'How far a job has come. Upstream does not say whether its units are items or bytes (upstream: job.progress).',
  fields: (t) => ({
    current: t.field({
      type: 'SafeInt',
      description: 'Units handled so far.',
      resolve: (job) => job.progress.current,
    }),
    total: t.field({
      type: 'SafeInt',
      description: 'Units overall. Null while upstream does not know.',
      resolve: (job) => job.progress.total,
    }),
    itemsRejected: t.field({
      type: 'SafeInt',
      description: 'Items that could not be moved; `Job.logs` says why.',
      resolve: (job) => job.progress.itemsRejected,
    }),
    itemsSuccessful: t.field({
      type: 'SafeInt',
      description: 'Items that arrived.',
      resolve: (job) => job.progress.itemsSuccessful,
    }),
    percent: t.float({
      description: '0 to 100, null while the total is unknown.',
      resolve: (job) => percent(job.progress),
    }),
    unitsPerSecond: t.float({
      description: 'Average units per second since the job started.',
      resolve: unitsPerSecond,
    }),
    estimatedFinishAt: t.field({
      type: 'DateTime',
      description:
        'When the job ends if it keeps its average pace. Null when that cannot be said: finished, no total, or nothing done yet.',
      resolve: estimatedFinishAt,
    }),
  }),
});
