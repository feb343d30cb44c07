import type { Clock } from '../domain/clock.ts';
import { GatewayError } from '../domain/gateway-error.ts';
import type { Job } from '../domain/job.ts';
import type { JobFilter } from '../domain/job-filter.ts';
import type { JobUpdateKind } from '../domain/job-update.ts';
import { maxPageSize } from '../domain/page.ts';
import type { Log } from '../telemetry/log.ts';
import { createAnnouncements } from './announcements.ts';
import { createCadence } from './cadence.ts';
import type { FeedReader } from './feed-reader.ts';
import { createJobFeed } from './job-feed.ts';
import { createKnownJobs } from './known-jobs.ts';
import type { EventStream, Latest, Tick } from './latest.ts';
import { type Announced, countCalls, type JobsView, lookAt, lookFor, nothing } from './look.ts';
import { createStaleAlarm, isAccessDenied, isHopeless, mayPass } from './patience.ts';
import { createPollLoop, type LookResult, type LookScope } from './poll-loop.ts';
import type { PollShare } from './poll-share.ts';
import { createReader, type Reader } from './reader.ts';
import { createWatchedJobs } from './watched-jobs.ts';

export interface WatchOptions {
  readonly pollMinMs: number;
  readonly pollMaxMs: number;
  readonly pollShare: number;
  readonly requestsPerMinute: number;
  readonly staleAfterMs: number;
  readonly watchMaxMs: number;
}

export interface JobWatcherOptions extends WatchOptions {
  readonly clock: Clock;
  /** Outlives the watcher, so that leaving and coming back gains nothing. */
  readonly share: PollShare;
  readonly log: Log;
  /** Upstream for the watcher's caller; calls under way end when the signal fires. */
  readonly upstream: (signal: AbortSignal) => JobsView;
  /** Called when nobody watches any longer. */
  readonly onIdle: () => void;
}

export interface JobWatcher {
  /** Fails with BAD_USER_INPUT when there is no such job. The signal must not have fired yet. */
  watchJob(id: string, kinds: readonly JobUpdateKind[] | null, signal: AbortSignal): Promise<EventStream>;
  watchJobs(
    feed: { readonly filter: JobFilter; readonly since: Date | null },
    kinds: readonly JobUpdateKind[] | null,
    signal: AbortSignal,
  ): Promise<EventStream>;
  /** A state that was learned elsewhere, by a write or a webhook: told without waiting for a look. */
  observe(job: Job): void;
  /** The same of a job that is no longer there. */
  forget(id: string): void;
  /**
   * An event tells of a job: it is looked at soon if somebody may want to know. `isHere` says whether it happened where
   * the caller is, null for unknown. True when the caller has seen this job, and so is there.
   */
  announce(id: string, isHere: boolean | null): boolean;
  readonly watchedJobs: number;
  readonly pollIntervalMs: number | null;
  close(): void;
}

/** Everything that one caller watches, for the price of one look per 100 jobs and one for all feeds. */
export const createJobWatcher = (options: JobWatcherOptions): JobWatcher => {
  const { clock, log, share, staleAfterMs, onIdle } = options;
  const { now } = clock;
  const announcements = createAnnouncements(now);
  const { told } = announcements;
  const snapshotMs = options.pollMinMs;
  const watched = createWatchedJobs({ now, staleAfterMs, snapshotMs, told });

  const abort = new AbortController();
  const jobs = countCalls(options.upstream(abort.signal), share.spend);
  const feed = createJobFeed({ now, toUpstreamTime: jobs.toUpstreamTime, snapshotMs, told });
  const cadence = createCadence({
    minMs: options.pollMinMs,
    maxMs: options.pollMaxMs,
    share: options.pollShare,
    requestsPerMinute: options.requestsPerMinute,
    isSafetyNet: () => announcements.areReliable,
  });
  let closed = false;
  let feedFailingSince: number | null = null;
  let lastFailure: GatewayError | null = null;

  const { find, isFollowed, takeIn, takeOut, takeInLooked } = createKnownJobs(watched, feed, now);

  const failAll = (error: unknown) => {
    for (const each of watched.all()) each.fail(error);
    feed.fail(error);
  };

  const lookAtFeed = async (tick: Tick, startedAt: number) => {
    try {
      const look = await lookFor(jobs, feed.query(), startedAt);
      if (closed) return { changed: false, failures: [] };
      feedFailingSince = null;
      let changed = false;
      for (const job of look.rows) if (watched.observe(job, tick)) changed = true;
      const taken = feed.takeIn(look, tick);
      // no longer among the unfinished, and not seen to finish: ask for these by id
      const { absent } = taken;
      const looked =
        absent.length === 0
          ? nothing
          : await lookAt(
              jobs,
              absent.map(({ id }) => id),
            );
      const more = takeInLooked(looked, tick);
      return { changed: changed || taken.changed || more, failures: looked.failures };
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      feedFailingSince ??= now();
      if (isHopeless(error, now(), feed.waitingSince + staleAfterMs)) feed.refuse(error);
      // its readers would wait in silence for what waiting does not mend
      if (!mayPass(error) && now() >= feedFailingSince + staleAfterMs) feed.fail(error);
      return { changed: false, failures: [error] };
    }
  };

  const lookAtJobs = async (ids: readonly string[], tick: Tick, announced?: Announced) => {
    const looked = ids.length === 0 ? nothing : await lookAt(jobs, ids, announced);
    return { changed: takeInLooked(looked, tick), failures: looked.failures };
  };

  const staleAlarm = createStaleAlarm(clock, watched.all);

  const look = async (scope: LookScope): Promise<LookResult> => {
    const tick: Tick = {};
    const before = jobs.calls;
    const ids = watched.ids(scope);
    const announced = announcements.begin(scope, tick);
    const withFeed = feed.isWanted && (scope === 'round' || feed.hasNewcomers);
    try {
      const results = await Promise.all([
        lookAtJobs(ids, tick),
        lookAtJobs(announced, tick, { isFollowed }),
        ...(withFeed ? [lookAtFeed(tick, now())] : []),
      ]);
      const failures = results.flatMap((result) => result.failures);
      lastFailure = failures[0] ?? null;
      announcements.end(scope, failures.length > 0);
      const denied = failures.find(isAccessDenied);
      if (denied) failAll(denied);
      if (!closed) staleAlarm.plan();
      return { changed: results.some(({ changed }) => changed), calls: jobs.calls - before, failures };
    } catch (error) {
      if (!closed) {
        log.error({ err: error }, 'watching failed unexpectedly');
        failAll(error);
      }
      return { changed: false, calls: jobs.calls - before, failures: [] };
    }
  };

  const expectedCalls = () => Math.ceil(watched.size / maxPageSize) + Number(feed.isWanted);

  const loop = createPollLoop({
    clock,
    log,
    cadence,
    share,
    hasNewcomers: () => watched.hasNewcomers || feed.hasNewcomers || announcements.isWaiting,
    expectedCalls,
    look,
  });

  const stopIfIdle = () => {
    if (closed || watched.size > 0 || feed.isWanted) return;
    closed = true;
    loop.stop();
    staleAlarm.stop();
    abort.abort();
    onIdle();
  };

  const open = (
    kinds: readonly JobUpdateKind[] | null,
    signal: AbortSignal,
    leave: (latest: Latest) => void,
  ): Reader =>
    createReader({
      clock,
      kinds,
      signal,
      lifeMs: options.watchMaxMs,
      patienceMs: staleAfterMs,
      reason: () => lastFailure,
      onLeave(latest) {
        leave(latest);
        stopIfIdle();
      },
    });

  return {
    async watchJob(id, kinds, signal) {
      const job = watched.watch(id);
      const { latest, opened } = open(kinds, signal, (left) => {
        job.leave(left);
        watched.release(job);
      });
      job.join(latest);
      loop.wake();
      return job.job === null ? opened(job.arrived) : latest.stream;
    },

    async watchJobs({ filter, since }, kinds, signal) {
      const { latest, opened } = open(kinds, signal, () => feed.leave(reader));
      const reader: FeedReader = { latest, filter, since, joinedAt: jobs.toUpstreamTime(now()) };
      const admitted = feed.join(reader);
      loop.wake();
      return opened(admitted);
    },

    observe(job) {
      if (takeIn(job, {})) loop.quicken();
    },

    forget: (id) => void takeOut(id, {}),

    announce(id, isHere) {
      const hasSeen = find(id) !== undefined;
      if (hasSeen || isHere) announcements.heard();
      if (watched.find(id) || (feed.isWanted && (hasSeen || isHere !== false))) {
        announcements.add(id);
        loop.announce(announcements.isCrowded ? 'everything' : 'something');
      }
      return hasSeen;
    },

    get watchedJobs() {
      let others = 0;
      for (const { id } of watched.all()) if (!feed.job(id)) others += 1;
      return others + feed.size;
    },

    get pollIntervalMs() {
      return closed ? null : Math.max(cadence.intervalMs, share.waitMs(expectedCalls()));
    },

    close() {
      for (const each of watched.all()) each.complete();
      feed.complete();
      stopIfIdle();
    },
  };
};
