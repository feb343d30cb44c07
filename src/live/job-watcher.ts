import type { Clock } from '../domain/clock.ts';
import type { GatewayError } from '../domain/gateway-error.ts';
import { isFinished, type Job } from '../domain/job.ts';
import type { JobFilter } from '../domain/job-filter.ts';
import type { JobUpdateKind } from '../domain/job-update.ts';
import { maxPageSize } from '../domain/page.ts';
import type { Log } from '../telemetry/log.ts';
import type { Cadence } from './cadence.ts';
import type { News } from './company.ts';
import { createFeedLook } from './feed-look.ts';
import type { FeedReader } from './feed-reader.ts';
import { createJobFeed } from './job-feed.ts';
import type { EventStream, Latest, Tick } from './latest.ts';
import { createLives } from './lives.ts';
import { countCalls, type JobsView, type Looked, lookAt } from './look.ts';
import { createStaleAlarm, isAccessDenied } from './patience.ts';
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
  /** The same: what failed a moment ago is left alone. */
  readonly cadence: Cadence;
  readonly log: Log;
  /** Upstream for the watcher's caller; calls under way end when the signal fires. */
  readonly upstream: (signal: AbortSignal) => JobsView;
  /** False while another replica polls for this caller. */
  readonly isPolling: () => boolean;
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
  /** What another replica has learned. */
  hear(news: News): void;
  /** Looks at everything once, now. */
  look(): void;
  readonly watchedJobs: number;
  readonly pollIntervalMs: number | null;
  close(): void;
}

/** A job that a query leaves out is asked for by itself; so many in one look. */
const maxConfirmations = 10;
/** Who comes meanwhile waits no longer than this until the share allows a look again. */
const confirmingMs = 8000;
/** And of the jobs that the feed misses so many are looked at in one look. */
const maxAbsent = 3 * maxPageSize;

/** Everything that one caller watches, for the price of one look per 100 jobs and one for all feeds. */
export const createJobWatcher = (options: JobWatcherOptions): JobWatcher => {
  const { clock, log, share, cadence, staleAfterMs, onIdle } = options;
  const { now } = clock;
  const watched = createWatchedJobs({ now, staleAfterMs, snapshotMs: options.pollMinMs });

  const abort = new AbortController();
  const jobs = countCalls(options.upstream(abort.signal), share.spend);
  const feed = createJobFeed({
    now,
    toUpstreamTime: jobs.toUpstreamTime,
    snapshotMs: options.pollMinMs,
  });
  let closed = false;
  let lastFailure: GatewayError | null = null;

  const observe = (job: Job, tick: Tick): boolean => {
    // finished is final, also where only the feed has seen it
    const known = feed.job(job.id);
    return watched.observe(known !== undefined && isFinished(known) ? known : job, tick);
  };

  const takeIn = (job: Job, tick: Tick): boolean => {
    const isNewsToWatchers = observe(job, tick);
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

  const lookAtJobs = async (ids: readonly string[], tick: Tick) => {
    let changed = false;
    const failures = await lookAt(jobs, ids, {
      tell: (looked) => {
        if (takeInLooked(looked, tick)) changed = true;
      },
      confirmations: () => Math.min(maxConfirmations, Math.max(1, share.room(confirmingMs))),
    });
    return { changed, failures };
  };

  const readFeed = createFeedLook({ now, feed, jobs, patienceMs: staleAfterMs, observe });

  const lookAtFeed = async (scope: LookScope, tick: Tick) => {
    const { changed, absent, failures } = await readFeed(scope, tick);
    // no longer among the unfinished, and not seen to finish: ask by id for those that nobody else asks for
    const ids = absent.map(({ id }) => id).filter((id) => !watched.find(id));
    const looked = await lookAtJobs(ids.slice(0, maxAbsent), tick);
    return { changed: changed || looked.changed, failures: [...failures, ...looked.failures] };
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
        ...(withFeed ? [lookAtFeed(scope, tick)] : []),
      ]);
      const failures = results.flatMap((result) => result.failures);
      lastFailure = failures[0] ?? null;
      const denied = failures.find(isAccessDenied);
      if (denied) failAll(denied);
      if (!closed) staleAlarm.plan();
      const changed = results.some((result) => result.changed);
      return { changed, isPartial: feed.isMidway, calls: jobs.calls - before, failures };
    } catch (error) {
      if (!closed) {
        log.error({ err: error }, 'watching failed unexpectedly');
        failAll(error);
      }
      return { changed: false, isPartial: false, calls: jobs.calls - before, failures: [] };
    }
  };

  const expectedCalls = (scope: LookScope) =>
    Math.ceil(watched.ids(scope).length / maxPageSize) +
    Number(scope === 'round' ? feed.isWanted : feed.hasNewcomers);

  const loop = createPollLoop({
    clock,
    log,
    cadence,
    share,
    isPolling: options.isPolling,
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
      const reader: FeedReader = { latest, filter, since, joinedAt: now() };
      const admitted = feed.join(reader);
      loop.wake();
      return opened(latest, admitted);
    },

    observe(job) {
      if (takeIn(job, {})) loop.quicken();
    },

    forget: (id) => takeOut(id, {}),

    hear({ found, same, gone, failed, error }) {
      const errors = new Map(error === null ? [] : failed.map((id) => [id, error]));
      if (takeInLooked({ found, gone, failed: errors }, {})) loop.quicken();
      for (const id of same) watched.find(id)?.seen();
      if (!closed) staleAlarm.plan();
    },

    look: loop.round,

    get watchedJobs() {
      let others = 0;
      for (const { id } of watched.all()) if (!feed.job(id)) others += 1;
      return others + feed.size;
    },

    get pollIntervalMs() {
      return closed ? null : Math.max(cadence.intervalMs, share.waitMs(expectedCalls('round')));
    },

    close() {
      for (const each of watched.all()) each.complete();
      feed.complete();
      stopIfIdle();
    },
  };
};
