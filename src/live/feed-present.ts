import { idKey } from '../domain/guid.ts';
import type { Job } from '../domain/job.ts';
import { sweepOfPresent } from './feed-queries.ts';
import { time } from './feed-time.ts';
import type { Sweep, SweepPart } from './sweep.ts';

/** The sweep that a feed is reading, over as many looks as it takes. */
export interface FeedPresent {
  /** Null between two sweeps. */
  readonly sweep: Sweep | null;
  /** The newest instant it has shown. */
  readonly newest: number;
  /** The sweep under way, or else a new one. */
  begin(from: number, startedAt: number): Sweep;
  /** Notes what was shown; no row may carry `newest` beyond `latest`, where it would hide all that follows. */
  note(part: SweepPart, latest: number): void;
  hasShown(job: Job): boolean;
  end(): void;
}

export const createFeedPresent = (): FeedPresent => {
  const shown = new Set<string>();
  let sweep: Sweep | null = null;
  let newest = Number.NEGATIVE_INFINITY;
  return {
    get sweep() {
      return sweep;
    },
    get newest() {
      return newest;
    },
    begin(from, startedAt) {
      if (sweep !== null) return sweep;
      shown.clear();
      newest = Number.NEGATIVE_INFINITY;
      sweep = sweepOfPresent(from, startedAt);
      return sweep;
    },
    note({ rows, unreadable }, latest) {
      for (const id of unreadable) shown.add(idKey(id));
      for (const { id, startedAt, finishedAt } of rows) {
        shown.add(idKey(id));
        newest = Math.max(newest, Math.min(latest, Math.max(time(startedAt), time(finishedAt))));
      }
    },
    hasShown: ({ id }) => shown.has(idKey(id)),
    end() {
      sweep = null;
    },
  };
};
