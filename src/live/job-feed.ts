import { idKey } from '../domain/guid.ts';
import { isFinished, type Job } from '../domain/job.ts';
import type { JobFilter } from '../domain/job-filter.ts';
import { type JobUpdate, updateFrom } from '../domain/job-update.ts';
import { matchesFilter } from '../domain/matches-filter.ts';
import type { FeedLook, FeedReader } from './feed-reader.ts';
import { firstWindowMs, happenedAt, overlapMs, time } from './feed-time.ts';
import type { JobEvent, Tick } from './latest.ts';
import { createSnapshots } from './snapshots.ts';

export interface JobFeed {
  readonly isWanted: boolean;
  /** True while a reader waits for a look. */
  readonly hasNewcomers: boolean;
  /** How many unfinished jobs it follows. */
  readonly size: number;
  /** Settles when the reader has been told what it opens with. */
  join(reader: FeedReader): Promise<void>;
  leave(reader: FeedReader): void;
  /** What one look asks for: cost does not grow with the number of readers. */
  query(): JobFilter;
  /** Takes in a look; returns known unfinished jobs that it did not show. */
  takeIn(look: FeedLook, tick: Tick): { readonly changed: boolean; readonly absent: readonly Job[] };
  /** A state seen elsewhere, by a look at single jobs, a write or a webhook. */
  observe(job: Job, tick: Tick): boolean;
  remove(update: JobUpdate, tick: Tick): void;
  job(id: string): Job | undefined;
  /** When the first of the present newcomers came. */
  readonly waitingSince: number;
  /** Newcomers cannot be served. */
  refuse(error: unknown): void;
  fail(error: unknown): void;
  complete(): void;
}

export interface JobFeedOptions {
  readonly now: () => number;
  /** An instant of ours on upstream's clock: what is compared with upstream's instants. */
  readonly toUpstreamTime: (instant: number) => number;
  /** How long one snapshot serves all who join. */
  readonly snapshotMs: number;
  /** Hears of whatever its readers are told. */
  readonly told: (update: JobUpdate, tick: Tick) => void;
}

/** Follows every unfinished and newly submitted job of a caller for any number of readers. */
export const createJobFeed = ({ now, toUpstreamTime, snapshotMs, told }: JobFeedOptions): JobFeed => {
  const upstreamNow = () => toUpstreamTime(now());
  const readers = new Set<FeedReader>();
  const newcomers = new Map<FeedReader, PromiseWithResolvers<void>>();
  const known = new Map<string, Job>();
  // what is gone, and when that was learned: an answer of before must not bring it back
  const removed = new Map<string, number>();
  const snapshotOf = createSnapshots(now, snapshotMs);
  // how far upstream's own clock is known to have come; null before the first look
  let mark: number | null = null;
  // when the last look began that saw everything
  let completeAt = Number.NEGATIVE_INFINITY;
  let waitingSince = 0;
  // the newcomers that the look under way asks for; who comes later waits for the next
  let asked: readonly FeedReader[] = [];

  const windowFrom = () => (mark === null ? upstreamNow() - firstWindowMs : mark - overlapMs);

  /**
   * Whoever comes back with this instant as `since` must be told of whatever happened after it. A reader may leave
   * between two events, so an event claims no more than its own happening, nor than the last look at everything.
   */
  const toldAt = (job: Job, isNew: boolean): Date =>
    new Date(
      Math.min(happenedAt(job, isNew), toUpstreamTime(job.observedAt.getTime()), Math.max(completeAt, 0)),
    );

  const send = (update: JobUpdate, tick: Tick) => {
    told(update, tick);
    const event = { update, tick };
    // a job that began and ended between two looks is told as submitted, or else as ended
    const ended: JobEvent = { tick, update: { ...update, kind: 'STATUS_CHANGED' } };
    const mayBeToldAsEnded = update.kind === 'SUBMITTED' && isFinished(update.job);
    for (const { latest, filter } of [...readers]) {
      if (!matchesFilter(update.job, filter)) continue;
      latest.push(mayBeToldAsEnded && !latest.wants('SUBMITTED') ? ended : event);
    }
  };

  const observe = (job: Job, tick: Tick): boolean => {
    const key = idKey(job.id);
    if (mark === null || job.observedAt.getTime() <= (removed.get(key) ?? Number.NEGATIVE_INFINITY))
      return false;
    const before = known.get(key);
    if (before === undefined) {
      // every unfinished job of a known status was seen at the first look, so this one came after
      const isNew =
        time(job.startedAt) >= windowFrom() || (!isFinished(job) && job.status !== 'UNRECOGNIZED');
      if (!isNew && time(job.finishedAt) < windowFrom()) return false;
      known.set(key, job);
      const kind = isNew ? 'SUBMITTED' : 'STATUS_CHANGED';
      send({ kind, job, previousStatus: null, observedAt: toldAt(job, isNew) }, tick);
      return true;
    }
    if (isFinished(before) || job.observedAt < before.observedAt) return false;
    known.set(key, job);
    const update = updateFrom(before, job);
    if (update !== null) send({ ...update, observedAt: toldAt(job, false) }, tick);
    return update !== null;
  };

  const admit = (reader: FeedReader) => {
    readers.add(reader);
    const { since, filter, latest, joinedAt } = reader;
    const matching = [...known.values()].filter((job) => matchesFilter(job, filter));
    // ends first, the oldest first: leaving in between loses none
    for (const job of matching.toSorted(
      (one, other) => happenedAt(one, false) - happenedAt(other, false) || 0,
    )) {
      if (since === null) {
        // submitted while the reader waited to be admitted
        if (time(job.startedAt) < joinedAt || time(job.startedAt) > upstreamNow() + overlapMs) continue;
        latest.push({
          tick: {},
          update: { ...snapshotOf(job, toldAt(job, true)).update, kind: 'SUBMITTED' },
        });
      } else if (
        !isFinished(job) ||
        time(job.startedAt) > since.getTime() ||
        time(job.finishedAt) > since.getTime()
      ) {
        latest.push(snapshotOf(job, toldAt(job, false)));
      }
    }
  };

  const prune = () => {
    const oldest = windowFrom() - overlapMs;
    for (const [key, job] of known) {
      if (isFinished(job) && time(job.startedAt) < oldest && time(job.finishedAt) < oldest) known.delete(key);
    }
    for (const [key, at] of removed) if (at < now() - firstWindowMs) removed.delete(key);
  };

  const refuse = (error: unknown) => {
    for (const [reader, admitted] of [...newcomers]) {
      admitted.reject(error);
      reader.latest.drop();
    }
  };

  return {
    get isWanted() {
      return readers.size + newcomers.size > 0;
    },
    get hasNewcomers() {
      return newcomers.size > 0;
    },
    get size() {
      let unfinished = 0;
      for (const job of known.values()) if (!isFinished(job)) unfinished += 1;
      return unfinished;
    },
    get waitingSince() {
      return waitingSince;
    },
    job: (id) => known.get(idKey(id)),
    async join(reader) {
      // what is known covers the recent past: many readers who come back need no look of their own
      if (mark !== null && (reader.since === null || reader.since.getTime() >= windowFrom())) {
        admit(reader);
        return;
      }
      const admitted = Promise.withResolvers<void>();
      if (newcomers.size === 0) waitingSince = now();
      newcomers.set(reader, admitted);
      await admitted.promise;
    },
    leave(reader) {
      readers.delete(reader);
      newcomers.get(reader)?.resolve();
      newcomers.delete(reader);
      if (readers.size + newcomers.size > 0) return;
      known.clear();
      removed.clear();
      mark = null;
      completeAt = Number.NEGATIVE_INFINITY;
    },
    query() {
      asked = [...newcomers.keys()];
      const times = asked.map(({ since }) => since?.getTime() ?? Number.POSITIVE_INFINITY);
      const from = new Date(Math.min(windowFrom(), ...times));
      return {
        or: [
          { status: { in: ['UNINITIALIZED', 'INITIALIZING', 'IN_PROGRESS'] } },
          { startedAt: { gte: from } },
          { finishedAt: { gte: from } },
        ],
      };
    },
    takeIn({ rows, unreadable, startedAt }, tick) {
      if (readers.size + newcomers.size === 0) return { changed: false, absent: [] };
      const isFirst = mark === null;
      const seen = new Set(unreadable.map(idKey));
      let changed = false;
      let newest = mark ?? windowFrom();
      completeAt = toUpstreamTime(startedAt);
      const order = (job: Job) => happenedAt(job, !known.has(idKey(job.id)));
      for (const job of rows.toSorted((one, other) => order(one) - order(other) || 0)) {
        const key = idKey(job.id);
        seen.add(key);
        // no row may carry the mark into the future, where it would hide all that follows
        newest = Math.max(
          newest,
          Math.min(upstreamNow(), Math.max(time(job.startedAt), time(job.finishedAt))),
        );
        if (isFirst) known.set(key, job);
        else if (observe(job, tick)) changed = true;
        // older than what readers follow, but a newcomer asked for it
        else if (asked.length > 0 && !known.has(key) && !removed.has(key)) known.set(key, job);
      }
      mark = newest;
      for (const reader of asked) {
        const admitted = newcomers.get(reader);
        if (admitted === undefined) continue;
        newcomers.delete(reader);
        admit(reader);
        admitted.resolve();
      }
      prune();
      // a job that was learned of after this look began need not be in it
      const absent = [...known.values()].filter(
        (job) => !isFinished(job) && !seen.has(idKey(job.id)) && job.observedAt.getTime() < startedAt,
      );
      return { changed, absent };
    },
    observe,
    remove(update, tick) {
      removed.set(idKey(update.job.id), now());
      if (known.delete(idKey(update.job.id)))
        send({ ...update, observedAt: toldAt(update.job, false) }, tick);
    },
    refuse,
    fail(error) {
      refuse(error);
      for (const { latest } of [...readers]) latest.fail(error);
    },
    complete() {
      for (const { latest } of [...readers, ...newcomers.keys()]) latest.complete();
    },
  };
};
