import type { SandboxSettings } from '../settings.ts';
import { createJobStore, type JobStore, type JobSupply, type StoredJob } from './job-store.ts';

/** A site's jobs: those of the seed and those submitted on it, as far as they were not terminated. */
export type SiteJobs = JobStore & {
  readonly add: (job: StoredJob, now: number) => void;
  readonly terminate: (job: StoredJob, now: number) => void;
  readonly isTerminated: (id: string) => boolean;
};

const frozenAt = (job: StoredJob, time: number): StoredJob => ({
  ...job,
  at: () => job.at(time),
  logs: () => job.logs(time),
});

export const createSiteJobs = (
  seeded: JobSupply,
  terminated: SandboxSettings['terminated'],
  mostFinished: number,
): SiteJobs => {
  const submitted = new Map<string, StoredJob>();
  const terminations = new Map<string, number>();

  const asTerminated = (job: StoredJob): readonly StoredJob[] => {
    const time = terminations.get(job.id);
    if (time === undefined) return [job];
    return terminated === 'vanish' ? [] : [frozenAt(job, time)];
  };

  const isOver = (job: StoredJob, now: number): boolean =>
    terminations.has(job.id) || job.at(now).finishedAt !== null;

  const forgetOldest = (now: number): void => {
    const over = [...submitted.values()].filter((job) => isOver(job, now));
    for (const { id } of over.slice(0, Math.max(0, over.length - mostFinished))) {
      submitted.delete(id);
      terminations.delete(id);
    }
  };

  return {
    ...createJobStore([(now) => [...seeded(now), ...submitted.values()].flatMap(asTerminated)]),
    add: (job, now) => {
      submitted.set(job.id, job);
      forgetOldest(now);
    },
    terminate: (job, now) => {
      job.stop();
      terminations.set(job.id, now);
    },
    isTerminated: (id) => terminations.has(id),
  };
};
