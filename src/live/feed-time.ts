import { isFinished, type Job } from '../domain/job.ts';

/** Rows that far behind the newest are asked for again: they may have become visible late. */
export const overlapMs = 60_000;
/** How far back the first look goes where no row has told upstream's time yet. */
export const firstWindowMs = 5 * 60_000;

/** For comparing: what has no time came before everything. */
export const time = (instant: Date | null): number => instant?.getTime() ?? Number.NEGATIVE_INFINITY;

/** When upstream says that what is told of the job happened; never, for mere progress. */
export const happenedAt = (job: Job, isNew: boolean): number => {
  const instant = isFinished(job) ? job.finishedAt : isNew ? job.startedAt : null;
  return instant?.getTime() ?? Number.POSITIVE_INFINITY;
};
