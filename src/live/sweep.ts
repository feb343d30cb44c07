import { GatewayError } from '../domain/gateway-error.ts';
import type { Job } from '../domain/job.ts';
import { type JobFilter, oldestFirst } from '../domain/job-filter.ts';
import { maxPageSize } from '../domain/page.ts';
import { compileJobQuery } from '../upstream/job-query.ts';
import type { JobsView } from './look.ts';

/** What one look has read of a sweep. */
export interface SweepPart {
  readonly rows: readonly Job[];
  /** Ids of rows that are there and cannot be read. */
  readonly unreadable: readonly string[];
  readonly pages: number;
  /** True when nothing of the sweep is left to read. */
  readonly isComplete: boolean;
  /** Why it ends here. The next part goes on in the same place. */
  readonly failure: GatewayError | null;
}

/** Everything that a query shows, read in parts: any number of jobs, for a few calls a look. */
export interface Sweep {
  readonly startedAt: number;
  /** The instant, on upstream's clock, from which on it sees all that began or ended. */
  readonly from: number;
  read(jobs: Pick<JobsView, 'queryRows'>, maxPages: number): Promise<SweepPart>;
}

export interface SweepOptions {
  readonly filter: JobFilter;
  readonly startedAt: number;
  readonly from: number;
  /** In all its parts together; beyond that it fails with what this makes. */
  readonly maxPages: number;
  readonly tooMany: () => GatewayError;
}

export const createSweep = ({ filter, startedAt, from, maxPages, tooMany }: SweepOptions): Sweep => {
  // what is new comes last, so that reading on finds it
  const query = compileJobQuery(filter, oldestFirst);
  let cursor: string | null = null;
  let pagesRead = 0;

  return {
    startedAt,
    from,
    async read(jobs, most) {
      const rows: Job[] = [];
      const unreadable: string[] = [];
      let pages = 0;
      const part = (isComplete: boolean, failure: GatewayError | null = null) => ({
        rows,
        unreadable,
        pages,
        isComplete,
        failure,
      });
      try {
        while (pages < most) {
          if (pagesRead >= maxPages) return part(false, tooMany());
          pages += 1;
          const page = await jobs.queryRows(query, { limit: maxPageSize, cursor });
          pagesRead += 1;
          for (const { id, value } of page.rows) {
            if (!(value instanceof GatewayError)) rows.push(value);
            else if (id !== null) unreadable.push(id);
          }
          if (page.next === null) return part(true);
          cursor = page.next;
        }
        return part(false);
      } catch (error) {
        if (error instanceof GatewayError) return part(false, error);
        throw error;
      }
    },
  };
};
