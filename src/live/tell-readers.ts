import { isFinished } from '../domain/job.ts';
import type { JobUpdate } from '../domain/job-update.ts';
import { matchesFilter } from '../domain/matches-filter.ts';
import type { FeedReader } from './feed-reader.ts';
import type { JobEvent, Tick } from './latest.ts';

/** Tells an update to those whose filter it passes. */
export const tellReaders = (readers: Iterable<FeedReader>, update: JobUpdate, tick: Tick): void => {
  const event = { update, tick };
  // a job that began and ended between two looks is told as submitted, or else as ended
  const ended: JobEvent = { tick, update: { ...update, kind: 'STATUS_CHANGED' } };
  const mayBeToldAsEnded = update.kind === 'SUBMITTED' && isFinished(update.job);
  for (const { latest, filter } of [...readers]) {
    if (!matchesFilter(update.job, filter)) continue;
    latest.push(mayBeToldAsEnded && !latest.wants('SUBMITTED') ? ended : event);
  }
};
