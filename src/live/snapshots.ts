import type { Job } from '../domain/job.ts';
import type { JobEvent } from './latest.ts';

/** Makes the SNAPSHOT of a state: the same event for all who come within `sharedMs`, so that it is executed once. */
export const createSnapshots = (now: () => number, sharedMs: number) => {
  const taken = new WeakMap<Job, { readonly event: JobEvent; readonly at: number }>();
  return (job: Job, observedAt = job.observedAt): JobEvent => {
    const existing = taken.get(job);
    if (existing !== undefined && now() - existing.at <= sharedMs) return existing.event;
    const event = { update: { kind: 'SNAPSHOT' as const, job, previousStatus: null, observedAt }, tick: {} };
    taken.set(job, { event, at: now() });
    return event;
  };
};
