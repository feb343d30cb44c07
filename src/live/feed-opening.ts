import { isFinished, type Job } from '../domain/job.ts';
import { matchesFilter } from '../domain/matches-filter.ts';
import type { FeedReader } from './feed-reader.ts';
import { happenedAt, overlapMs, time } from './feed-time.ts';
import type { JobEvent } from './latest.ts';

export interface FeedOpeningOptions {
  readonly now: () => number;
  readonly toUpstreamTime: (instant: number) => number;
  readonly toldAt: (job: Job, isNew: boolean) => Date;
  readonly snapshotOf: (job: Job, observedAt: Date) => JobEvent;
}

/** Tells a reader what it opens with. */
export const createFeedOpening =
  ({ now, toUpstreamTime, toldAt, snapshotOf }: FeedOpeningOptions) =>
  ({ latest, filter, since, joinedAt }: FeedReader, jobs: readonly Job[]): void => {
    // submitted while the reader waited to be admitted
    const isNew = ({ startedAt }: Job) =>
      time(startedAt) >= toUpstreamTime(joinedAt) && time(startedAt) <= toUpstreamTime(now()) + overlapMs;
    const isDue = (job: Job) => {
      if (since === null) return isNew(job);
      const from = since.getTime();
      return !isFinished(job) || time(job.startedAt) > from || time(job.finishedAt) > from;
    };
    const due = jobs.filter((job) => isDue(job) && matchesFilter(job, filter));
    // ends first, the oldest first: leaving in between loses none
    for (const job of due.sort((one, other) => happenedAt(one, false) - happenedAt(other, false) || 0)) {
      if (since === null) {
        const { update } = snapshotOf(job, toldAt(job, true));
        latest.push({ tick: {}, update: { ...update, kind: 'SUBMITTED' } });
      } else {
        latest.push(snapshotOf(job, toldAt(job, false)));
      }
    }
  };
