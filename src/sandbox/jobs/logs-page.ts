import type { JsonObject } from '../json.ts';
import { decodeCursor, encodeCursor, unreadableCursor } from '../query/cursor.ts';
import { type Place, pageOf } from '../query/page.ts';
import type { Paging } from '../query/paging.ts';
import type { StoredJob } from './job-store.ts';
import { renderLog } from './render-log.ts';

const placeOf = (jobId: string, cursor: string): Place<number> => {
  const content = decodeCursor('ListMovementLogs', cursor, 'paging.cursor');
  const { direction, position } = content;
  const isPlace = typeof position === 'number' && (direction === 'next' || direction === 'prev');
  if (!isPlace || content['jobId'] !== jobId) throw unreadableCursor('paging.cursor');
  return { direction, position };
};

/** Cursors that lead nowhere are left out here and null in a page of jobs; upstream's samples have both. */
export const logsPage = (job: StoredJob, { limit, cursor }: Paging, now: number): JsonObject => {
  const book = job.logs(now);
  const { shape } = job.at(now);
  const place = cursor === null ? null : placeOf(job.id, cursor);
  const page = pageOf([...Array(book.length).keys()], limit, place, (index, position) => index - position);
  const cursorTo = (
    direction: Place<number>['direction'],
    position: number | undefined,
  ): string | undefined =>
    position === undefined
      ? undefined
      : encodeCursor('ListMovementLogs', { jobId: job.id, direction, position });
  return {
    logs: page.rows.map((index) => renderLog(book.entry(index), shape)),
    pagingMetadata: {
      count: page.rows.length,
      cursors: {
        next: page.hasNext ? cursorTo('next', page.rows.at(-1)) : undefined,
        prev: page.hasPrevious ? cursorTo('prev', page.rows.at(0)) : undefined,
      },
      hasNext: page.hasNext,
    },
  };
};
