import type { JobFilter } from '../domain/job-filter.ts';
import type { Latest } from './latest.ts';

export interface FeedReader {
  readonly latest: Latest;
  readonly filter: JobFilter;
  /** On upstream's clock, like what it is compared with. */
  readonly since: Date | null;
  /** On our clock: upstream's may not be known yet. */
  readonly joinedAt: number;
}
