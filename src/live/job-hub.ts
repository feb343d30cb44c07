import { LRUCache } from 'lru-cache';
import type { Clock } from '../domain/clock.ts';
import { isGuid } from '../domain/guid.ts';
import type { Log } from '../telemetry/log.ts';
import type { Caller } from '../upstream/caller.ts';
import { type Cadence, createCadence } from './cadence.ts';
import { type Company, noCompany, noNews } from './company.ts';
import { createJobWatcher, type JobWatcher, type WatchOptions } from './job-watcher.ts';
import type { JobsView } from './look.ts';
import { createPollShare, type PollShare } from './poll-share.ts';
import { createSharedWatch, type SharedWatch } from './shared-watch.ts';
import { telling } from './telling.ts';
import { noSuchJob } from './watched-job.ts';

export interface JobHubOptions extends WatchOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly upstream: (caller: Caller, signal: AbortSignal) => JobsView;
  /** Other replicas that watch for the same callers; none by default. */
  readonly company?: Company;
}

/** What is being watched for a caller at present. */
export interface WatchStatus {
  readonly watchedJobs: number;
  readonly pollIntervalMs: number | null;
}

/** What one caller can do with the watchers: always and only its own. */
export interface CallerLive extends Pick<JobWatcher, 'watchJob' | 'watchJobs' | 'observe' | 'forget'> {
  status(): WatchStatus;
}

export interface JobHub {
  as(caller: Caller): CallerLive;
  close(): void;
}

const maxCallers = 10_000;

/** What outlives a caller's watcher, so that leaving and coming back gains nothing. */
interface Pace {
  readonly share: PollShare;
  readonly cadence: Cadence;
}

interface CallerWatcher {
  readonly watcher: JobWatcher;
  readonly shared: SharedWatch;
}

/** One watcher for each caller that watches something, and none for the others. */
export const createJobHub = (options: JobHubOptions): JobHub => {
  const { clock, upstream, pollShare, requestsPerMinute, company = noCompany } = options;
  const watchers = new Map<string, CallerWatcher>();
  const paces = new LRUCache<string, Pace>({ max: maxCallers });

  const paceOf = (key: string): Pace => {
    const known = paces.get(key);
    if (known) return known;
    const share = createPollShare(pollShare * requestsPerMinute, clock.now);
    const { pollMinMs: minMs, pollMaxMs: maxMs } = options;
    const cadence = createCadence({ now: clock.now, minMs, maxMs, share: pollShare, requestsPerMinute });
    const pace = { share, cadence };
    paces.set(key, pace);
    return pace;
  };

  const watcherOf = (caller: Caller): CallerWatcher => {
    const existing = watchers.get(caller.key);
    if (existing) return existing;
    const shared = createSharedWatch(company, caller.key, () => watcher);
    const watcher: JobWatcher = createJobWatcher({
      ...options,
      ...paceOf(caller.key),
      upstream: (signal) => telling(upstream(caller, signal), shared.tell),
      isPolling: () => shared.isPolling,
      onIdle() {
        watchers.delete(caller.key);
        shared.leave();
      },
    });
    const both = { watcher, shared };
    watchers.set(caller.key, both);
    return both;
  };

  return {
    as: (caller) => ({
      async watchJob(id, kinds, signal) {
        signal.throwIfAborted();
        if (!isGuid(id)) throw noSuchJob();
        const { watcher, shared } = watcherOf(caller);
        return shared.own(id, watcher.watchJob(id, kinds, signal));
      },
      async watchJobs(feed, kinds, signal) {
        signal.throwIfAborted();
        const { watcher, shared } = watcherOf(caller);
        return shared.own(null, watcher.watchJobs(feed, kinds, signal));
      },
      observe(job) {
        watchers.get(caller.key)?.watcher.observe(job);
        company.tellWritten(caller.key, { ...noNews, found: [job] });
      },
      forget(id) {
        watchers.get(caller.key)?.watcher.forget(id);
        company.tellWritten(caller.key, { ...noNews, gone: [id] });
      },
      status: () => {
        const watcher = watchers.get(caller.key)?.watcher;
        return { watchedJobs: watcher?.watchedJobs ?? 0, pollIntervalMs: watcher?.pollIntervalMs ?? null };
      },
    }),
    close() {
      for (const { watcher } of [...watchers.values()]) watcher.close();
    },
  };
};
