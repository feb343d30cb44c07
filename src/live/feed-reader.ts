import type { Job } from '../domain/job.ts';
import type { JobFilter } from '../domain/job-filter.ts';
import type { Latest } from './latest.ts';

export interface FeedReader {
  readonly latest: Latest;
  readonly filter: JobFilter;
  readonly since: Date | null;
  readonly joinedAt: number;
}

/** What a look for the query of a feed brought. */
export interface FeedLook {
  readonly rows: readonly Job[];
  /** Ids of rows that are there and cannot be read. */
  readonly unreadable: readonly string[];
  readonly startedAt: number;
}
