import type { Job } from '../domain/job.ts';
import { happenedAt } from './feed-time.ts';

/**
 * How far the readers of a feed have been told whatever happened, on upstream's clock. Who polls knows that by its own
 * sweeps. Who hears of them from another replica may take that one's word, for as long as it has heard all that was said
 * since a sweep of its own began.
 */
export interface FeedSeen {
  /** Null before a first sweep is complete. */
  readonly until: Date | null;
  /**
   * Whoever comes back with this instant as `since` must be told of whatever happened after it. A reader may leave
   * between two events, so an event claims no more than its own happening, nor than what has been told of all.
   */
  toldAt(job: Job, isNew: boolean): Date;
  /** A sweep begins. */
  begin(): void;
  /** It is complete: what happened before it began has been told. */
  complete(beganAt: number): void;
  /** Another replica has told all that happened until then, with what is taken in next. */
  hear(until: Date): void;
  /** Something that another replica told may not have been heard. */
  miss(): void;
  clear(): void;
}

export const createFeedSeen = (toUpstreamTime: (instant: number) => number): FeedSeen => {
  let until = 0;
  let misses = 0;
  let missesAtBegin = 0;
  // those before the last complete sweep, which has made up for them
  let mended = -1;
  return {
    get until() {
      return until > 0 ? new Date(until) : null;
    },
    toldAt: (job, isNew) =>
      new Date(Math.min(happenedAt(job, isNew), toUpstreamTime(job.observedAt.getTime()), until)),
    begin() {
      missesAtBegin = misses;
    },
    complete(beganAt) {
      until = Math.max(until, beganAt);
      mended = missesAtBegin;
    },
    hear(told) {
      if (mended === misses) until = Math.max(until, told.getTime());
    },
    miss() {
      misses += 1;
    },
    clear() {
      until = 0;
      mended = -1;
    },
  };
};
