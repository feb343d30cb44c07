import { isFinished, type Job } from '../domain/job.ts';
import type { JobFilter } from '../domain/job-filter.ts';
import { type JobUpdate, updateFrom } from '../domain/job-update.ts';
import { matchesFilter } from '../domain/matches-filter.ts';
import type { Latest, Tick } from './latest.ts';

/** Rows that far behind the newest are asked for again: they may have become visible late. */
const overlapMs = 60_000;
/** How far back the first look goes where no row has told upstream's time yet. */
const firstWindowMs = 5 * 60_000;

export interface FeedReader {
  readonly latest: Latest;
  readonly filter: JobFilter;
  readonly since: Date | null;
}

export interface JobFeed {
  readonly isWanted: boolean;
  /** True while a reader waits for a look. */
  readonly hasNewcomers: boolean;
  /** How many unfinished jobs it follows. */
  readonly size: number;
  join(reader: FeedReader): Promise<void>;
  leave(reader: FeedReader): void;
  /** What one look asks for: cost does not grow with the number of readers. */
  query(): JobFilter;
  /** Takes in all rows of `query`; returns known unfinished jobs that were not among them. */
  takeIn(rows: readonly Job[], tick: Tick): { readonly changed: boolean; readonly absent: readonly Job[] };
  /** A state seen elsewhere, by a look at single jobs, a write or a webhook. */
  observe(job: Job, tick: Tick): boolean;
  remove(update: JobUpdate, tick: Tick): void;
  /** Newcomers cannot be served. */
  refuse(error: unknown): void;
  fail(error: unknown): void;
  complete(): void;
  job(id: string): Job | undefined;
  /** When the first of the present newcomers came. */
  readonly waitingSince: number;
}

const time = (instant: Date | null): number => instant?.getTime() ?? Number.NEGATIVE_INFINITY;

/** When upstream says that what is told of the job happened; null for mere progress. */
const happenedAt = (job: Job, isNew: boolean): Date | null =>
  isFinished(job) ? job.finishedAt : isNew ? job.startedAt : null;

/**
 * Whoever comes back with this instant as `since` must be told of whatever happened after it. A reader may leave
 * between two events of one look, so an event claims no more than its own happening.
 */
const toldAt = (job: Job, isNew: boolean): Date => {
  const instant = happenedAt(job, isNew);
  return instant !== null && instant < job.observedAt ? instant : job.observedAt;
};

/** Follows every unfinished and newly submitted job of a caller for any number of readers. */
export const createJobFeed = (now: () => number): JobFeed => {
  const readers = new Set<FeedReader>();
  const newcomers = new Map<FeedReader, PromiseWithResolvers<void>>();
  const known = new Map<string, Job>();
  // how far upstream's own clock is known to have come; null before the first look
  let mark: number | null = null;
  let waitingSince = 0;
  // the newcomers that the look under way asks for; who comes later waits for the next
  let asked: readonly FeedReader[] = [];

  const windowFrom = () => (mark === null ? now() - firstWindowMs : mark - overlapMs);

  const send = (update: JobUpdate, tick: Tick) => {
    const event = { update, tick };
    for (const { latest, filter } of [...readers]) {
      if (!matchesFilter(update.job, filter)) continue;
      // a job that began and ended between two looks is told as submitted, or else as ended
      const toldAsEnded = update.kind === 'SUBMITTED' && isFinished(update.job) && !latest.wants('SUBMITTED');
      latest.push(toldAsEnded ? { tick, update: { ...update, kind: 'STATUS_CHANGED' } } : event);
    }
  };

  const observe = (job: Job, tick: Tick): boolean => {
    if (mark === null) return false;
    const before = known.get(job.id);
    if (before === undefined) {
      // every unfinished job of a known status was seen at the first look, so this one came after
      const isNew =
        time(job.startedAt) >= windowFrom() || (!isFinished(job) && job.status !== 'UNRECOGNIZED');
      if (!isNew && time(job.finishedAt) < windowFrom()) return false;
      known.set(job.id, job);
      const kind = isNew ? 'SUBMITTED' : 'STATUS_CHANGED';
      send({ kind, job, previousStatus: null, observedAt: toldAt(job, isNew) }, tick);
      return true;
    }
    if (isFinished(before) || job.observedAt < before.observedAt) return false;
    known.set(job.id, job);
    const update = updateFrom(before, job);
    if (update !== null) send({ ...update, observedAt: toldAt(job, false) }, tick);
    return update !== null;
  };

  const admit = (reader: FeedReader, tick: Tick) => {
    readers.add(reader);
    const { since, filter, latest } = reader;
    if (since === null) return;
    const after = since.getTime();
    for (const job of known.values()) {
      const isAsked = !isFinished(job) || time(job.startedAt) > after || time(job.finishedAt) > after;
      if (!isAsked || !matchesFilter(job, filter)) continue;
      latest.push({
        tick,
        update: { kind: 'SNAPSHOT', job, previousStatus: null, observedAt: job.observedAt },
      });
    }
  };

  const prune = () => {
    const oldest = windowFrom() - overlapMs;
    for (const [id, job] of known) {
      if (isFinished(job) && time(job.startedAt) < oldest && time(job.finishedAt) < oldest) known.delete(id);
    }
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
    job: (id) => known.get(id),
    get waitingSince() {
      return waitingSince;
    },
    async join(reader) {
      // what is known covers the recent past: many readers who come back need no look of their own
      if (mark !== null && (reader.since === null || reader.since.getTime() >= windowFrom())) {
        admit(reader, {});
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
      mark = null;
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
    takeIn(rows, tick) {
      if (readers.size + newcomers.size === 0) return { changed: false, absent: [] };
      const isFirst = mark === null;
      const seen = new Set<string>();
      let changed = false;
      let newest = mark ?? windowFrom();
      const order = (job: Job) => happenedAt(job, !known.has(job.id))?.getTime() ?? Number.POSITIVE_INFINITY;
      for (const job of rows.toSorted((one, other) => order(one) - order(other) || 0)) {
        seen.add(job.id);
        // no row may carry the mark into the future, where it would hide all that follows
        newest = Math.max(newest, Math.min(now(), Math.max(time(job.startedAt), time(job.finishedAt))));
        if (isFirst) known.set(job.id, job);
        else if (observe(job, tick)) changed = true;
        // older than what readers follow, but a newcomer asked for it
        else if (asked.length > 0 && !known.has(job.id)) known.set(job.id, job);
      }
      mark = newest;
      for (const reader of asked) {
        const admitted = newcomers.get(reader);
        if (admitted === undefined) continue;
        newcomers.delete(reader);
        admit(reader, tick);
        admitted.resolve();
      }
      prune();
      const absent = [...known.values()].filter((job) => !isFinished(job) && !seen.has(job.id));
      return { changed, absent };
    },
    observe,
    remove(update, tick) {
      if (known.delete(update.job.id)) send(update, tick);
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
