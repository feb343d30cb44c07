import { GatewayError } from '../domain/gateway-error.ts';
import { createSweep, type Sweep } from './sweep.ts';

/** A site would have to run 100,000 jobs at once. */
const maxPagesOfPresent = 1000;
/** What a `since` may bring is held in memory until all of it is there: 10,000 jobs. */
const maxPagesOfPast = 100;

const tooManyAtPresent = () =>
  new GatewayError(
    'QUERY_TOO_COMPLEX',
    'More than 100,000 jobs are unfinished or new, too many to follow. Watch single jobs with jobUpdated.',
  );

const tooManyInThePast = () =>
  new GatewayError(
    'QUERY_TOO_COMPLEX',
    'About 10,000 jobs or more were submitted or have finished since then, too many to open with. Subscribe with a later `since`, and page through `jobs` for what came before.',
  );

/** Whatever began or ended from then on. */
const movedSince = (from: number) => [
  { startedAt: { gte: new Date(from) } },
  { finishedAt: { gte: new Date(from) } },
];

/** What a feed follows: the cost does not grow with the number of its readers. */
export const sweepOfPresent = (from: number, startedAt: number): Sweep =>
  createSweep({
    filter: {
      or: [{ status: { in: ['UNINITIALIZED', 'INITIALIZING', 'IN_PROGRESS'] } }, ...movedSince(from)],
    },
    startedAt,
    from,
    maxPages: maxPagesOfPresent,
    tooMany: tooManyAtPresent,
  });

/** What readers open with who come with a `since` from before. */
export const sweepOfPast = (from: number, startedAt: number): Sweep =>
  createSweep({
    filter: { or: movedSince(from) },
    startedAt,
    from,
    maxPages: maxPagesOfPast,
    tooMany: tooManyInThePast,
  });
