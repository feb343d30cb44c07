import type { GatewayError } from '../domain/gateway-error.ts';
import type { Job } from '../domain/job.ts';
import { type News, noNews } from './company.ts';
import type { JobFeed } from './job-feed.ts';
import type { Tick } from './latest.ts';
import type { JobsView } from './look.ts';
import { isHopeless, mayPass } from './patience.ts';
import type { LookScope } from './poll-loop.ts';

/** A site may have any number of jobs: one look reads so much of them, the next one goes on. */
const pagesPerLook = 10;

export interface FeedLooked {
  readonly changed: boolean;
  /** Jobs of the feed that its query does not show any longer. */
  readonly absent: readonly Job[];
  readonly failures: readonly GatewayError[];
}

export interface FeedLookOptions {
  readonly now: () => number;
  readonly feed: JobFeed;
  readonly jobs: Pick<JobsView, 'queryRows'>;
  /** How long to put up with failures. */
  readonly patienceMs: number;
  /** Every job that is seen is shown to the others who watch as well. */
  readonly observe: (job: Job, tick: Tick) => boolean;
  /** Other replicas are told of it, and of how far everything has been told now. */
  readonly tell: (news: News) => void;
}

/** Reads on in what the feed wants to know, and has it taken in. */
export const createFeedLook = ({ now, feed, jobs, patienceMs, observe, tell }: FeedLookOptions) => {
  let failingSince: number | null = null;

  const fail = (error: GatewayError) => {
    failingSince ??= now();
    if (isHopeless(error, now(), feed.waitingSince + patienceMs)) feed.refuse(error);
    // its readers would wait in silence for what waiting does not mend
    if (!mayPass(error) && now() >= failingSince + patienceMs) feed.fail(error);
  };

  return async (scope: LookScope, tick: Tick): Promise<FeedLooked> => {
    let changed = false;
    let pagesLeft = pagesPerLook;
    let absent: readonly Job[] = [];
    for (const { sweep, takeIn } of feed.readings(scope)) {
      if (!feed.isWanted) break;
      const part = await sweep.read(jobs, Math.max(1, pagesLeft));
      pagesLeft -= part.pages;
      for (const job of part.rows) if (observe(job, tick)) changed = true;
      const taken = takeIn(part, tick);
      tell({ ...noNews, found: part.rows, seenUntil: feed.seen.until });
      if (taken.changed) changed = true;
      absent = [...absent, ...taken.absent];
      if (part.failure !== null) {
        fail(part.failure);
        return { changed, absent, failures: [part.failure] };
      }
    }
    failingSince = null;
    return { changed, absent, failures: [] };
  };
};
