import { idKey } from '../domain/guid.ts';
import type { Job } from '../domain/job.ts';
import { sweepOfPast } from './feed-queries.ts';
import type { FeedReader } from './feed-reader.ts';
import type { Sweep } from './sweep.ts';

/** Reads what happened before the feed began to follow, for readers who ask for that. */
export interface FeedPast {
  /** What is being read; null when that is nothing, or all is there. */
  readonly sweep: Sweep | null;
  readonly readers: readonly FeedReader[];
  /** The finished jobs that were read. */
  readonly jobs: readonly Job[];
  /** When reading began; at the end of time when nothing is read. */
  readonly startedAt: number;
  /** True when all is there that this reader asks for. */
  covers(reader: FeedReader): boolean;
  begin(readers: readonly FeedReader[], startedAt: number): void;
  add(job: Job): void;
  complete(): void;
  clear(): void;
}

export const createFeedPast = (): FeedPast => {
  const jobs = new Map<string, Job>();
  let readers: readonly FeedReader[] = [];
  let startedAt = Number.POSITIVE_INFINITY;
  let sweep: Sweep | null = null;
  return {
    get sweep() {
      return sweep;
    },
    get readers() {
      return readers;
    },
    get jobs() {
      return [...jobs.values()];
    },
    get startedAt() {
      return startedAt;
    },
    covers: (reader) => sweep === null && readers.includes(reader),
    begin(some, at) {
      const times = some.map(({ since }) => since?.getTime() ?? Number.POSITIVE_INFINITY);
      readers = some;
      startedAt = at;
      sweep = sweepOfPast(Math.min(...times), at);
    },
    add: (job) => void jobs.set(idKey(job.id), job),
    complete() {
      sweep = null;
    },
    clear() {
      jobs.clear();
      readers = [];
      startedAt = Number.POSITIVE_INFINITY;
      sweep = null;
    },
  };
};
