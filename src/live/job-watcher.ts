import type { GatewayError } from '../domain/gateway-error.ts';
import type { Job } from '../domain/job.ts';
import type { JobFilter } from '../domain/job-filter.ts';
import type { JobUpdateKind } from '../domain/job-update.ts';
import { maxPageSize } from '../domain/page.ts';
import { noTelemetry } from '../telemetry/telemetry.ts';
import { createAnnouncements } from './announcements.ts';
import type { News } from './company.ts';
import { createFeedLook } from './feed-look.ts';
import type { FeedReader } from './feed-reader.ts';
import { createJobFeed } from './job-feed.ts';
import { createKnownJobs } from './known-jobs.ts';
import type { EventStream, Latest, Tick } from './latest.ts';
import { createLives } from './lives.ts';
import { countCalls, lookAt, withinShare } from './look.ts';
import { lookAtAnnounced } from './look-at-announced.ts';
import { createStaleAlarm, isAccessDenied } from './patience.ts';
import { createPollLoop, type LookResult, type LookScope } from './poll-loop.ts';
import { createReaders } from './readers.ts';
import type { JobWatcherOptions } from './watch-options.ts';
import { createWatchedJobs } from './watched-jobs.ts';

export interface JobWatcher {
  /** Fails with BAD_USER_INPUT when there is no such job. The signal must not have fired yet. */
  watchJob(id: string, kinds: readonly JobUpdateKind[] | null, signal: AbortSignal): Promise<EventStream>;
  watchJobs(
    feed: { readonly filter: JobFilter; readonly since: Date | null },
    kinds: readonly JobUpdateKind[] | null,
    signal: AbortSignal,
  ): Promise<EventStream>;
  /** A state that was learned elsewhere, by a write: told without waiting for a look. */
  observe(job: Job): void;
  /** The same of a job that is no longer there. */
  forget(id: string): void;
  /** What another replica has learned. */
  hear(news: News): void;
  /** Some of that may have been lost. */
  miss(): void;
  /** Looks at everything once, now. */
  look(): void;
  /**
   * An event tells of a job: it is looked at soon if somebody may want to know. `isHere` says whether it happened where
   * the caller is, null for unknown. True when the caller has seen this job, and so is there.
   */
  announce(id: string, isHere: boolean | null): boolean;
  /** True while events tell of whatever happens, so that polling need not find it. */
  readonly reliesOnEvents: boolean;
  readonly watchedJobs: number;
  readonly pollIntervalMs: number | null;
  close(): void;
}

/** Of the jobs that the feed misses so many are looked at in one look. */
const maxAbsent = 3 * maxPageSize;

/** Everything that one caller watches, for the price of one look per 100 jobs and one for all feeds. */
export const createJobWatcher = (options: JobWatcherOptions): JobWatcher => {
  const { clock, log, share, cadence, staleAfterMs, onIdle } = options;
  const { now } = clock;
  const announcements = createAnnouncements(now);
  const { told } = announcements;
  const snapshotMs = options.pollMinMs;
  const watched = createWatchedJobs({ now, staleAfterMs, snapshotMs, told });

  const abort = new AbortController();
  const jobs = countCalls(options.upstream(abort.signal), share.spend);
  const feed = createJobFeed({ now, toUpstreamTime: jobs.toUpstreamTime, snapshotMs, told });
  let closed = false;
  let lastFailure: GatewayError | null = null;

  const known = createKnownJobs(watched, feed, now);

  const failAll = (error: unknown) => {
    for (const each of watched.all()) each.fail(error);
    feed.fail(error);
  };

  const lookAtJobs = async (ids: readonly string[], tick: Tick, ask: typeof lookAt = lookAt) => {
    let changed = false;
    const failures = await ask(jobs, ids, {
      tell: (looked) => {
        if (known.takeInLooked(looked, tick)) changed = true;
      },
      toConfirm: withinShare(share),
    });
    return { changed, failures };
  };

  const askAnnounced: typeof lookAt = (view, ids, options) =>
    lookAtAnnounced(view, ids, known.isFollowed, options);

  const { observe } = known;
  const readFeed = createFeedLook({ now, feed, jobs, patienceMs: staleAfterMs, observe, tell: options.tell });

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
    const announced = announcements.begin(scope, tick);
    const withFeed = feed.isWanted && (scope === 'round' || feed.hasNewcomers);
    try {
      const results = await Promise.all([
        lookAtJobs(ids, tick),
        lookAtJobs(announced, tick, askAnnounced),
        ...(withFeed ? [lookAtFeed(scope, tick)] : []),
      ]);
      const failures = results.flatMap((result) => result.failures);
      lastFailure = failures[0] ?? null;
      announcements.end(scope, failures.length === 0 && !feed.isMidway);
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
    Math.ceil(watched.count(scope) / maxPageSize) +
    Number(scope === 'round' ? feed.isWanted : feed.hasNewcomers) +
    Number(announcements.isWaiting);

  const loop = createPollLoop({
    ...options,
    telemetry: options.telemetry ?? noTelemetry,
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
      if (known.takeIn(job, {})) loop.quicken();
    },

    forget: (id) => void known.takeOut(id, {}),

    announce(id, isHere) {
      const hasSeen = known.find(id) !== undefined;
      if (hasSeen || isHere) announcements.heard();
      // the replica that polls has heard of it as well
      if (!options.isPolling()) return hasSeen;
      if (watched.find(id) || (feed.isWanted && (hasSeen || isHere !== false))) {
        announcements.add(id);
        loop.announce(announcements.isCrowded ? 'everything' : 'something');
      }
      return hasSeen;
    },

    get reliesOnEvents() {
      // what a sweep is reading is not put off
      return announcements.areReliable && !feed.isMidway;
    },

    hear({ found, same, gone, failed, error, seenUntil }) {
      if (seenUntil !== null) feed.seen.hear(seenUntil);
      const errors = new Map(error === null ? [] : failed.map((id) => [id, error]));
      if (known.takeInLooked({ found: feed.inOrder(found), gone, failed: errors }, {})) loop.quicken();
      for (const id of same) watched.find(id)?.seen();
      if (!closed) staleAlarm.plan();
    },

    miss: feed.seen.miss,

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
