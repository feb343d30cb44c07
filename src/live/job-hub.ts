import { LRUCache } from 'lru-cache';
import type { Clock } from '../domain/clock.ts';
import { isGuid } from '../domain/guid.ts';
import { isSamePlace, type JobNews, type Place } from '../domain/job-news.ts';
import type { Log } from '../telemetry/log.ts';
import { shortHash } from '../telemetry/observed.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { Caller } from '../upstream/caller.ts';
import { type Cadence, createCadence } from './cadence.ts';
import { type Company, noNews } from './company.ts';
import { createJobWatcher, type JobWatcher } from './job-watcher.ts';
import type { JobsView } from './look.ts';
import { createPollShare, type PollShare } from './poll-share.ts';
import { createSharedWatch, type SharedWatch } from './shared-watch.ts';
import { telling } from './telling.ts';
import type { WatchOptions } from './watch-options.ts';
import { noSuchJob } from './watched-job.ts';

export interface JobHubOptions extends WatchOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly telemetry?: Telemetry;
  readonly upstream: (caller: Caller, signal: AbortSignal) => JobsView;
  /** Other replicas that watch for the same callers; none by default. */
  readonly company?: Company;
  /** The app instance that every caller acts as; null where they act as themselves. */
  readonly instanceId: string | null;
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
  /** An event: it shows nothing to anybody, but makes those whom it may concern look. */
  announce(news: JobNews): void;
  /** Of all callers together. */
  state(): { readonly watchers: number; readonly watchedJobs: number };
  close(): void;
}

const maxCallers = 10_000;

/** What outlives a caller's watcher, so that leaving and coming back gains nothing. */
interface Pace {
  readonly share: PollShare;
  readonly cadence: Cadence;
}

interface CallerWatcher {
  readonly caller: Caller;
  readonly watcher: JobWatcher;
  /** Null in a process that is the only one. */
  readonly shared: SharedWatch | null;
}

/** One watcher for each caller that watches something, and none for the others. */
export const createJobHub = (options: JobHubOptions): JobHub => {
  const { clock, upstream, pollShare, requestsPerMinute, company } = options;
  const watchers = new Map<string, CallerWatcher>();
  const watcherWith = (key: string): JobWatcher | undefined => watchers.get(key)?.watcher;
  // a token does not say where it is good for, but jobs that it can read do
  const instances = new LRUCache<string, string>({ max: maxCallers });
  const paces = new LRUCache<string, Pace>({ max: maxCallers });

  const paceOf = (key: string): Pace => {
    const known = paces.get(key);
    if (known) return known;
    const share = createPollShare(pollShare * requestsPerMinute, clock.now);
    const { pollMinMs: minMs, pollMaxMs: maxMs } = options;
    const isSafetyNet = () => watcherWith(key)?.reliesOnEvents ?? false;
    const timing = { now: clock.now, minMs, maxMs, isSafetyNet };
    const cadence = createCadence({ ...timing, share: pollShare, requestsPerMinute });
    const pace = { share, cadence };
    paces.set(key, pace);
    return pace;
  };

  const watcherOf = (caller: Caller): CallerWatcher => {
    const existing = watchers.get(caller.key);
    if (existing) return existing;
    const shared = company ? createSharedWatch(company, caller.key, () => watcher) : null;
    const watcher: JobWatcher = createJobWatcher({
      ...options,
      ...paceOf(caller.key),
      callerName: shortHash(caller.key),
      upstream(signal) {
        const view = upstream(caller, signal);
        return shared ? telling(view, shared.tell) : view;
      },
      isPolling: () => shared?.isPolling ?? true,
      tell: (news) => shared?.tell(news),
      onIdle() {
        watchers.delete(caller.key);
        shared?.leave();
      },
    });
    const both = { caller, watcher, shared };
    watchers.set(caller.key, both);
    return both;
  };

  const placeOf = ({ key, siteId }: Caller): Place => ({
    siteId,
    instanceId: options.instanceId ?? instances.get(key) ?? null,
  });

  return {
    announce(news) {
      for (const { caller, watcher } of [...watchers.values()]) {
        const hasSeen = watcher.announce(news.jobId, isSamePlace(placeOf(caller), news));
        if (hasSeen && news.instanceId !== null) instances.set(caller.key, news.instanceId);
      }
    },
    as: (caller) => ({
      async watchJob(id, kinds, signal) {
        signal.throwIfAborted();
        if (!isGuid(id)) throw noSuchJob();
        const { watcher, shared } = watcherOf(caller);
        const stream = watcher.watchJob(id, kinds, signal);
        return shared?.own(id, stream) ?? stream;
      },
      async watchJobs(feed, kinds, signal) {
        signal.throwIfAborted();
        const { watcher, shared } = watcherOf(caller);
        const stream = watcher.watchJobs(feed, kinds, signal);
        return shared?.own(null, stream) ?? stream;
      },
      observe(job) {
        watcherWith(caller.key)?.observe(job);
        company?.tellWritten(caller.key, { ...noNews, found: [job] });
      },
      forget(id) {
        watcherWith(caller.key)?.forget(id);
        company?.tellWritten(caller.key, { ...noNews, gone: [id] });
      },
      status: () => {
        const watcher = watcherWith(caller.key);
        return { watchedJobs: watcher?.watchedJobs ?? 0, pollIntervalMs: watcher?.pollIntervalMs ?? null };
      },
    }),
    state() {
      let watchedJobs = 0;
      for (const { watcher } of watchers.values()) watchedJobs += watcher.watchedJobs;
      return { watchers: watchers.size, watchedJobs };
    },
    close() {
      for (const { watcher } of [...watchers.values()]) watcher.close();
    },
  };
};
