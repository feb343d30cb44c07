import { LRUCache } from 'lru-cache';
import type { Clock } from '../domain/clock.ts';
import { isGuid } from '../domain/guid.ts';
import { isSamePlace, type JobNews, type Place } from '../domain/job-news.ts';
import type { Log } from '../telemetry/log.ts';
import type { Caller } from '../upstream/caller.ts';
import { createJobWatcher, type JobWatcher, type WatchOptions } from './job-watcher.ts';
import type { JobsView } from './look.ts';
import { createPollShare, type PollShare } from './poll-share.ts';
import { noSuchJob } from './watched-job.ts';

export interface JobHubOptions extends WatchOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly upstream: (caller: Caller, signal: AbortSignal) => JobsView;
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
  close(): void;
}

const maxCallers = 10_000;

/** One watcher for each caller that watches something, and none for the others. */
export const createJobHub = (options: JobHubOptions): JobHub => {
  const { clock, upstream, pollShare, requestsPerMinute } = options;
  const watchers = new Map<string, JobWatcher>();
  const callers = new Map<string, Caller>();
  // a token does not say where it is good for, but jobs that it can read do
  const instances = new LRUCache<string, string>({ max: maxCallers });
  const shares = new LRUCache<string, PollShare>({ max: maxCallers });

  const shareOf = (key: string): PollShare => {
    const share = shares.get(key) ?? createPollShare(pollShare * requestsPerMinute, clock.now);
    shares.set(key, share);
    return share;
  };

  const watcherOf = (caller: Caller): JobWatcher => {
    const existing = watchers.get(caller.key);
    if (existing) return existing;
    const watcher = createJobWatcher({
      ...options,
      share: shareOf(caller.key),
      upstream: (signal) => upstream(caller, signal),
      onIdle() {
        watchers.delete(caller.key);
        callers.delete(caller.key);
      },
    });
    watchers.set(caller.key, watcher);
    callers.set(caller.key, caller);
    return watcher;
  };

  const placeOf = ({ key, siteId }: Caller): Place => ({
    siteId,
    instanceId: options.instanceId ?? instances.get(key) ?? null,
  });

  return {
    announce(news) {
      for (const [key, watcher] of [...watchers]) {
        const caller = callers.get(key);
        if (caller === undefined) continue;
        const hasSeen = watcher.announce(news.jobId, isSamePlace(placeOf(caller), news));
        if (hasSeen && news.instanceId !== null) instances.set(key, news.instanceId);
      }
    },
    as: (caller) => ({
      async watchJob(id, kinds, signal) {
        signal.throwIfAborted();
        if (!isGuid(id)) throw noSuchJob();
        return watcherOf(caller).watchJob(id, kinds, signal);
      },
      async watchJobs(feed, kinds, signal) {
        signal.throwIfAborted();
        return watcherOf(caller).watchJobs(feed, kinds, signal);
      },
      observe: (job) => watchers.get(caller.key)?.observe(job),
      forget: (id) => watchers.get(caller.key)?.forget(id),
      status: () => {
        const watcher = watchers.get(caller.key);
        return { watchedJobs: watcher?.watchedJobs ?? 0, pollIntervalMs: watcher?.pollIntervalMs ?? null };
      },
    }),
    close() {
      for (const watcher of [...watchers.values()]) watcher.close();
    },
  };
};
