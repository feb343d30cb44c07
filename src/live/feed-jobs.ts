import { idKey } from '../domain/guid.ts';
import { isFinished, type Job } from '../domain/job.ts';
import { happenedAt, time } from './feed-time.ts';

/** What a feed knows of the jobs it follows. */
export interface FeedJobs {
  all(): readonly Job[];
  /** How many are unfinished. */
  readonly size: number;
  get(id: string): Job | undefined;
  set(job: Job): void;
  /** True for what was learned before the job was removed: it must not bring it back. */
  isOutdated(job: Job): boolean;
  isRemoved(id: string): boolean;
  /** In the order in which they have to be told, so that a reader who leaves in between loses none. */
  inOrder(jobs: readonly Job[]): readonly Job[];
  /** Returns whether it was known. */
  remove(id: string, at: number): boolean;
  /** Forgets what began and ended before `oldest`, on upstream's clock, and removals of before `removedBefore`. */
  prune(oldest: number, removedBefore: number): void;
  clear(): void;
}

export const createFeedJobs = (): FeedJobs => {
  const known = new Map<string, Job>();
  const removed = new Map<string, number>();
  return {
    all: () => [...known.values()],
    get size() {
      let unfinished = 0;
      for (const job of known.values()) if (!isFinished(job)) unfinished += 1;
      return unfinished;
    },
    get: (id) => known.get(idKey(id)),
    set: (job) => void known.set(idKey(job.id), job),
    isOutdated: ({ id, observedAt }) =>
      observedAt.getTime() <= (removed.get(idKey(id)) ?? Number.NEGATIVE_INFINITY),
    inOrder(jobs) {
      const order = (job: Job) => happenedAt(job, !known.has(idKey(job.id)));
      return jobs.toSorted((one, other) => order(one) - order(other) || 0);
    },
    isRemoved: (id) => removed.has(idKey(id)),
    remove(id, at) {
      removed.set(idKey(id), at);
      return known.delete(idKey(id));
    },
    prune(oldest, removedBefore) {
      for (const [key, job] of known) {
        if (isFinished(job) && time(job.startedAt) < oldest && time(job.finishedAt) < oldest)
          known.delete(key);
      }
      for (const [key, at] of removed) if (at < removedBefore) removed.delete(key);
    },
    clear() {
      known.clear();
      removed.clear();
    },
  };
};
