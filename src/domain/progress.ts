import { isWritable } from './instant.ts';
import { durationSeconds, isFinished, type Job } from './job.ts';

export interface Progress {
  readonly current: number | null;
  readonly total: number | null;
  readonly itemsRejected: number | null;
  readonly itemsSuccessful: number | null;
}

/** A job known to have progress: pace and end can only be told together with its instants. */
export type AdvancingJob = Job & { readonly progress: Progress };

/** Progress together with the job whose it is. */
export interface JobProgress extends Progress {
  readonly job: AdvancingJob;
}

const isAdvancing = (job: Job): job is AdvancingJob => job.progress !== null;

/** Null before upstream tells. */
export const progressOf = (job: Job): JobProgress | null =>
  isAdvancing(job) ? { ...job.progress, job } : null;

/** 0 to 100; null while the total is unknown or zero. */
export const percent = ({ current, total }: Progress): number | null =>
  current === null || total === null || total <= 0
    ? null
    : Math.min(100, Math.max(0, (current / total) * 100));

/** Average pace from the start to the end, or to the moment this progress was observed. */
export const unitsPerSecond = (job: AdvancingJob): number | null => {
  const seconds = durationSeconds(job, job.observedAt.getTime());
  const { current } = job.progress;
  return current === null || seconds === null || seconds === 0 ? null : current / seconds;
};

/** Null whenever it cannot be said: finished, no total, nothing done yet, or more done than there was to do. */
export const estimatedFinishAt = (job: AdvancingJob): Date | null => {
  const { current, total } = job.progress;
  const pace = unitsPerSecond(job);
  if (isFinished(job) || current === null || total === null || current > total) return null;
  if (pace === null || pace <= 0) return null;
  const end = new Date(job.observedAt.getTime() + ((total - current) / pace) * 1000);
  return isWritable(end) ? end : null;
};
