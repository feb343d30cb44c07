import type { Clock } from '../domain/clock.ts';
import { GatewayError } from '../domain/gateway-error.ts';
import type { Job } from '../domain/job.ts';
import type { JobFilter } from '../domain/job-filter.ts';
import type { JobUpdateKind } from '../domain/job-update.ts';
import { maxPageSize } from '../domain/page.ts';
import type { Log } from '../telemetry/log.ts';
import { createCadence } from './cadence.ts';
import type { FeedReader } from './feed-reader.ts';
import { createJobFeed } from './job-feed.ts';
import type { EventStream, Latest, Tick } from './latest.ts';
import { createLives } from './lives.ts';
import { countCalls, type JobsView, type Looked, lookAt, lookFor, nothing } from './look.ts';
import { createStaleAlarm, isAccessDenied, isHopeless, mayPass } from './patience.ts';
import { createPollLoop, type LookResult, type LookScope } from './poll-loop.ts';
import type { PollShare } from './poll-share.ts';
import { createReaders } from './readers.ts';
import { noSuchJob } from './watched-job.ts';
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
  readonly watchedJobs: number;
  readonly pollIntervalMs: number | null;
  close(): void;
}

/** Everything that one caller watches, for the price of one look per 100 jobs and one for all feeds. */
export const createJobWatcher = (options: JobWatcherOptions): JobWatcher => {
  const { clock, log, share, staleAfterMs, onIdle } = options;
  const { now } = clock;
  const watched = createWatchedJobs({ now, staleAfterMs, snapshotMs: options.pollMinMs });

  const abort = new AbortController();
  const jobs = countCalls(options.upstream(abort.signal), share.spend);
  const feed = createJobFeed({
    now,
    toUpstreamTime: jobs.toUpstreamTime,
    snapshotMs: options.pollMinMs,
  });
  const cadence = createCadence({
    minMs: options.pollMinMs,
    maxMs: options.pollMaxMs,
    share: options.pollShare,
    requestsPerMinute: options.requestsPerMinute,
  });
  let closed = false;
  let feedFailingSince: number | null = null;
  let lastFailure: GatewayError | null = null;

  const takeIn = (job: Job, tick: Tick): boolean => {
    const isNewsToWatchers = watched.observe(job, tick);
    return feed.observe(job, tick) || isNewsToWatchers;
  };

  const takeOut = (id: string, tick: Tick) => {
    const each = watched.find(id);
    if (each?.job === null) each.refuse(noSuchJob());
    const job = each?.job ?? feed.job(id);
    if (!job) return;
    const update = { kind: 'DELETED' as const, job, previousStatus: null, observedAt: new Date(now()) };
    each?.remove(update, tick);
    feed.remove(update, tick);
  };

  const takeInLooked = ({ found, gone, failed }: Looked, tick: Tick): boolean => {
    let changed = gone.length > 0;
    for (const job of found) if (takeIn(job, tick)) changed = true;
    for (const id of gone) takeOut(id, tick);
    for (const [id, error] of failed) watched.miss(id, error);
    return changed;
  };

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

  const lookAtJobs = async (ids: readonly string[], tick: Tick) => {
    const looked = ids.length === 0 ? nothing : await lookAt(jobs, ids);
    return { changed: takeInLooked(looked, tick), failures: looked.failures };
  };

  const staleAlarm = createStaleAlarm(clock, watched.all);

  const look = async (scope: LookScope): Promise<LookResult> => {
    const tick: Tick = {};
    const before = jobs.calls;
    const ids = watched.ids(scope);
    const withFeed = feed.isWanted && (scope === 'round' || feed.hasNewcomers);
    try {
      const results = await Promise.all([
        lookAtJobs(ids, tick),
        ...(withFeed ? [lookAtFeed(tick, now())] : []),
      ]);
      const failures = results.flatMap((result) => result.failures);
      lastFailure = failures[0] ?? null;
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
    hasNewcomers: () => watched.hasNewcomers || feed.hasNewcomers,
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

  const { open, opened } = createReaders({
    clock,
    lives: createLives(clock, options.watchMaxMs),
    patienceMs: staleAfterMs,
    reason: () => lastFailure,
  });

  return {
    async watchJob(id, kinds, signal) {
      const job = watched.watch(id);
      const onLeave = (left: Latest) => {
        job.leave(left);
        watched.release(job);
        stopIfIdle();
      };
      const latest = open({ kinds, signal, onLeave });
      job.join(latest);
      loop.wake();
      return job.job === null ? opened(latest, job.arrived) : latest.stream;
    },

    async watchJobs({ filter, since }, kinds, signal) {
      const onLeave = () => {
        feed.leave(reader);
        stopIfIdle();
      };
      const latest = open({ kinds, signal, onLeave });
      const reader: FeedReader = { latest, filter, since, joinedAt: jobs.toUpstreamTime(now()) };
      const admitted = feed.join(reader);
      loop.wake();
      return opened(latest, admitted);
    },

    observe(job) {
      if (takeIn(job, {})) loop.quicken();
    },

    forget: (id) => takeOut(id, {}),

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
