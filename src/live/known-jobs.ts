import { isFinished, type Job } from '../domain/job.ts';
import type { JobFeed } from './job-feed.ts';
import type { Tick } from './latest.ts';
import type { Looked } from './look.ts';
import { noSuchJob } from './watched-job.ts';
import type { WatchedJobs } from './watched-jobs.ts';

/** What a caller's readers know, be it by watching a job or the feed. */
export interface KnownJobs {
  /** The newest state that readers have seen. */
  find(id: string): Job | undefined;
  /** True for a job that readers follow, or wait for. */
  isFollowed(id: string): boolean;
  /** Shows a state to those who watch that job. True when it tells them something new. */
  observe(job: Job, tick: Tick): boolean;
  /** The same, and to the feed. */
  takeIn(job: Job, tick: Tick): boolean;
  takeOut(id: string, tick: Tick): boolean;
  takeInLooked(looked: Looked, tick: Tick): boolean;
}

export const createKnownJobs = (watched: WatchedJobs, feed: JobFeed, now: () => number): KnownJobs => {
  const find = (id: string) => watched.find(id)?.job ?? feed.job(id);

  const observe = (job: Job, tick: Tick): boolean => {
    // finished is final, also where only the feed has seen it
    const known = feed.job(job.id);
    return watched.observe(known !== undefined && isFinished(known) ? known : job, tick);
  };

  const takeIn = (job: Job, tick: Tick): boolean => {
    const isNewsToWatchers = observe(job, tick);
    return feed.observe(job, tick) || isNewsToWatchers;
  };

  const takeOut = (id: string, tick: Tick): boolean => {
    const each = watched.find(id);
    if (each?.job === null) each.refuse(noSuchJob());
    const job = find(id);
    if (!job) return false;
    const update = { kind: 'DELETED' as const, job, previousStatus: null, observedAt: new Date(now()) };
    each?.remove(update, tick);
    feed.remove(update, tick);
    return true;
  };

  return {
    find,
    isFollowed: (id) => watched.find(id) !== undefined || feed.job(id) !== undefined,
    observe,
    takeIn,
    takeOut,
    takeInLooked({ found, gone, failed }, tick) {
      let changed = false;
      for (const job of found) if (takeIn(job, tick)) changed = true;
      for (const id of gone) if (takeOut(id, tick)) changed = true;
      for (const [id, error] of failed) watched.miss(id, error);
      return changed;
    },
  };
};
