import type { JsonObject } from '../json.ts';
import type { Operation } from '../operation.ts';
import { encodeCursor } from '../query/cursor.ts';
import { type Place, pageOf } from '../query/page.ts';
import { comparePositions, type Position } from '../query/sort.ts';
import type { Job } from './job.ts';
import { readJobField } from './job-fields.ts';
import type { JobStore } from './job-store.ts';
import type { JobWalk } from './job-walk.ts';
import { renderJob } from './render-job.ts';

type Row = { readonly job: Job; readonly position: Position };

/** One page of a walk, as ListJobs and QueryJobs answer it. */
export const jobsPage = (
  operation: Operation,
  { filter, matches, sort, place }: JobWalk,
  limit: number,
  jobs: JobStore,
  now: number,
): JsonObject => {
  const compare = (left: Position, right: Position): number => comparePositions(sort, left, right);
  const rows = jobs
    .all(now)
    .map((stored) => stored.at(now))
    .filter(matches)
    .map(
      (job): Row => ({
        job,
        position: [...sort.map(({ fieldName }) => readJobField(job, fieldName)), job.id],
      }),
    )
    .sort((left, right) => compare(left.position, right.position));
  const page = pageOf(rows, limit, place, (row, position) => compare(row.position, position));
  const cursor = (direction: Place<Position>['direction'], row: Row | undefined): string | null =>
    row === undefined ? null : encodeCursor(operation, { filter, sort, direction, position: row.position });
  return {
    jobs: page.rows.map(({ job }) => renderJob(job)),
    pagingMetadata: {
      count: page.rows.length,
      cursors: {
        next: page.hasNext ? cursor('next', page.rows.at(-1)) : null,
        prev: page.hasPrevious ? cursor('prev', page.rows.at(0)) : null,
      },
      hasNext: page.hasNext,
    },
  };
};
