import { isFinished, type Job, type JobStatus } from './job.ts';
import type { Progress } from './progress.ts';

export type JobUpdateKind = 'SNAPSHOT' | 'SUBMITTED' | 'STATUS_CHANGED' | 'PROGRESSED' | 'STALE' | 'DELETED';

/** Something to tell a watcher about a job. */
export interface JobUpdate {
  readonly kind: JobUpdateKind;
  readonly job: Job;
  /** Only on STATUS_CHANGED; null as well where the status before was never seen. */
  readonly previousStatus: JobStatus | null;
  readonly observedAt: Date;
}

const sameProgress = (one: Progress | null, other: Progress | null): boolean =>
  one?.current === other?.current &&
  one?.total === other?.total &&
  one?.itemsSuccessful === other?.itemsSuccessful &&
  one?.itemsRejected === other?.itemsRejected;

/** What a newly seen state of a job says; null when that is nothing new. Finished is final: nothing follows it. */
export const updateFrom = (known: Job, seen: Job): JobUpdate | null => {
  if (isFinished(known) || (seen.observedAt < known.observedAt && !isFinished(seen))) return null;
  const { observedAt } = seen;
  if (seen.rawStatus !== known.rawStatus || isFinished(seen)) {
    return { kind: 'STATUS_CHANGED', job: seen, previousStatus: known.status, observedAt };
  }
  if (sameProgress(known.progress, seen.progress)) return null;
  return { kind: 'PROGRESSED', job: seen, previousStatus: null, observedAt };
};

/** True when nothing about the job can follow. */
export const isLast = ({ kind, job }: JobUpdate): boolean => kind === 'DELETED' || isFinished(job);

/**
 * One update in place of two, for a reader who has not taken the first yet: the newest state, told as the most
 * telling of both.
 */
export const combine = (pending: JobUpdate, newer: JobUpdate): JobUpdate => {
  if (newer.kind === 'DELETED' || pending.kind === 'PROGRESSED' || pending.kind === 'STALE') return newer;
  if (newer.kind === 'STALE') return pending;
  return { ...newer, kind: pending.kind, previousStatus: pending.previousStatus };
};
