import { isFinished, type Job } from '../domain/job.ts';
import { type JobUpdate, updateFrom } from '../domain/job-update.ts';
import { createFeedJobs, type FeedJobs } from './feed-jobs.ts';
import { createFeedNewcomers } from './feed-newcomers.ts';
import { createFeedOpening } from './feed-opening.ts';
import { createFeedPast } from './feed-past.ts';
import { createFeedPresent } from './feed-present.ts';
import type { FeedReader } from './feed-reader.ts';
import type { FeedReading, Taken } from './feed-reading.ts';
import { createFeedSeen, type FeedSeen } from './feed-seen.ts';
import { firstWindowMs, overlapMs, time } from './feed-time.ts';
import type { Tick } from './latest.ts';
import { mayPass } from './patience.ts';
import type { LookScope } from './poll-loop.ts';
import { createSnapshots } from './snapshots.ts';
import type { Sweep, SweepPart } from './sweep.ts';
import { tellReaders } from './tell-readers.ts';

export interface JobFeed {
  readonly isWanted: boolean;
  /** True while a reader waits for what it opens with. */
  readonly hasNewcomers: boolean;
  /** How many unfinished jobs it follows. */
  readonly size: number;
  /** Settles when the stream of the reader may open. */
  join(reader: FeedReader): Promise<void>;
  leave(reader: FeedReader): void;
  /** What a look reads. */
  readings(scope: LookScope): readonly FeedReading[];
  /** True while there is more to read of what the last look began with. */
  readonly isMidway: boolean;
  /** A state seen elsewhere, by a look at single jobs, a write or a webhook. */
  observe(job: Job, tick: Tick): boolean;
  remove(update: JobUpdate, tick: Tick): void;
  readonly seen: Pick<FeedSeen, 'until' | 'hear' | 'miss'>;
  readonly inOrder: FeedJobs['inOrder'];
  job(id: string): Job | undefined;
  /** When the first of those came whose streams are not open yet. */
  readonly waitingSince: number;
  /** Ends those whose streams are not open yet. */
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

const nothingTaken: Taken = { changed: false, absent: [] };

/** Follows every unfinished and newly submitted job of a caller for any number of readers. */
export const createJobFeed = ({ now, toUpstreamTime, snapshotMs, told }: JobFeedOptions): JobFeed => {
  const upstreamNow = () => toUpstreamTime(now());
  const readers = new Set<FeedReader>();
  const newcomers = createFeedNewcomers();
  const past = createFeedPast();
  const present = createFeedPresent();
  const known = createFeedJobs();
  // how far upstream's own clock is known to have come; null until a first sweep is complete
  let mark: number | null = null;
  const seen = createFeedSeen(toUpstreamTime);
  const { toldAt } = seen;

  const windowFrom = () => (mark === null ? upstreamNow() - firstWindowMs : mark - overlapMs);

  const send = (update: JobUpdate, tick: Tick) => {
    told(update, tick);
    tellReaders(readers, update, tick);
  };

  const observe = (job: Job, tick: Tick): boolean => {
    if (mark === null || known.isOutdated(job)) return false;
    const before = known.get(job.id);
    if (before === undefined) {
      // every unfinished job of a known status was seen at the first look, so this one came after
      const isNew =
        time(job.startedAt) >= windowFrom() || (!isFinished(job) && job.status !== 'UNRECOGNIZED');
      if (!isNew && time(job.finishedAt) < windowFrom()) return false;
      known.set(job);
      const kind = isNew ? 'SUBMITTED' : 'STATUS_CHANGED';
      send({ kind, job, previousStatus: null, observedAt: toldAt(job, isNew) }, tick);
      return true;
    }
    if (isFinished(before) || (job.observedAt < before.observedAt && !isFinished(job))) return false;
    known.set(job);
    const update = updateFrom(before, job);
    if (update !== null) send({ ...update, observedAt: toldAt(job, false) }, tick);
    return update !== null;
  };

  const tellOpening = createFeedOpening({
    now,
    toUpstreamTime,
    toldAt,
    snapshotOf: createSnapshots(now, snapshotMs),
  });

  const isUnknown = ({ id }: Job) => known.get(id) === undefined && !known.isRemoved(id);

  const admit = (reader: FeedReader, before: readonly Job[] = []) => {
    newcomers.delete(reader);
    readers.add(reader);
    tellOpening(reader, [...known.all(), ...before.filter(isUnknown)]);
  };

  /** Admits whoever can be told all it asks for, when what is known reaches back so far. */
  const admitAll = (knownFrom: number) => {
    if (mark === null) return;
    for (const reader of newcomers.all()) {
      const isKnown = reader.since === null || reader.since.getTime() >= knownFrom;
      if (isKnown || past.covers(reader)) admit(reader, past.jobs);
    }
    if (past.sweep === null) past.clear();
  };

  const prune = () => {
    // who waits for the past is told what has happened meanwhile as well
    const oldest = Math.min(windowFrom(), toUpstreamTime(past.startedAt)) - overlapMs;
    known.prune(oldest, now() - firstWindowMs);
  };

  const takeInPresent = (sweep: Sweep, part: SweepPart, tick: Tick): Taken => {
    if (sweep !== present.sweep) return nothingTaken;
    const isFirst = mark === null;
    const startedAt = toUpstreamTime(sweep.startedAt);
    // the first answer may have told that upstream's clock is far behind: begin again
    const isMistimed = isFirst && windowFrom() + overlapMs < sweep.from;
    // a cursor that upstream refuses will not do better later
    const isRefused = part.failure !== null && !mayPass(part.failure);
    if (part.isComplete || isMistimed || isRefused) present.end();
    if (isMistimed) return nothingTaken;
    if (part.failure === null) newcomers.open();
    if (part.isComplete) seen.complete(startedAt);
    present.note(part, startedAt);
    let changed = false;
    for (const job of known.inOrder(part.rows)) {
      if (!isFirst) changed = observe(job, tick) || changed;
      else if (!known.isOutdated(job)) known.set(job);
    }
    if (!part.isComplete) return { changed, absent: [] };
    // the next sweep begins where this one did, or later: what is older was never followed
    // and where nothing is new, it leaves behind what the first sweep would not have asked for either
    mark = Math.max(mark ?? sweep.from + overlapMs, present.newest, startedAt - firstWindowMs);
    admitAll(isFirst ? sweep.from : windowFrom());
    prune();
    // a job that was learned of after the sweep began need not be in it
    const isAbsent = (job: Job) =>
      !isFinished(job) && !present.hasShown(job) && job.observedAt.getTime() < sweep.startedAt;
    const absent = known.all().filter(isAbsent);
    return { changed, absent: absent.sort((one, other) => +one.observedAt - +other.observedAt) };
  };

  const takeInPast = (sweep: Sweep, part: SweepPart, tick: Tick): Taken => {
    if (sweep !== past.sweep) return nothingTaken;
    let changed = false;
    for (const job of part.rows) {
      if (observe(job, tick)) changed = true;
      else if (!isUnknown(job)) continue;
      else if (isFinished(job)) past.add(job);
      // of a status that the present is not asked for: followed from now on
      else known.set(job);
    }
    const { failure } = part;
    if (failure === null) newcomers.open();
    if (failure !== null && !mayPass(failure)) {
      for (const reader of past.readers.filter(newcomers.has)) newcomers.fail(reader, failure);
      past.clear();
    }
    if (part.isComplete) past.complete();
    admitAll(windowFrom());
    return { changed, absent: [] };
  };

  return {
    get isWanted() {
      return readers.size + newcomers.size > 0;
    },
    get hasNewcomers() {
      return newcomers.size > 0;
    },
    get size() {
      return known.size;
    },
    get waitingSince() {
      return newcomers.waitingSince;
    },
    get isMidway() {
      return present.sweep !== null;
    },
    job: known.get,
    join(reader) {
      // what is known covers the recent past: many readers who come back need no look of their own
      if (mark === null || (reader.since !== null && reader.since.getTime() < windowFrom()))
        return newcomers.add(reader);
      admit(reader);
      return Promise.resolve();
    },
    leave(reader) {
      readers.delete(reader);
      newcomers.delete(reader);
      if (!past.readers.some(newcomers.has)) past.clear();
      if (readers.size + newcomers.size > 0) return;
      known.clear();
      mark = null;
      seen.clear();
      present.end();
    },
    readings(scope) {
      const readings: FeedReading[] = [];
      if (scope === 'round' || mark === null) {
        if (present.sweep === null) seen.begin();
        const sweep = present.begin(windowFrom(), now());
        readings.push({ sweep, takeIn: (part, tick) => takeInPresent(sweep, part, tick) });
      }
      const knownFrom = (mark === null ? present.sweep?.from : null) ?? windowFrom();
      const old = newcomers.all().filter(({ since }) => since !== null && since.getTime() < knownFrom);
      if (past.readers.length === 0 && old.length > 0) past.begin(old, now());
      const { sweep } = past;
      if (sweep !== null) readings.push({ sweep, takeIn: (part, tick) => takeInPast(sweep, part, tick) });
      return readings;
    },
    observe,
    remove(update, tick) {
      const { job } = update;
      if (known.remove(job.id, now())) send({ ...update, observedAt: toldAt(job, false) }, tick);
    },
    seen,
    inOrder: known.inOrder,
    refuse: newcomers.refuse,
    fail(error) {
      for (const reader of newcomers.all()) newcomers.fail(reader, error);
      for (const { latest } of [...readers]) latest.fail(error);
    },
    complete() {
      for (const { latest } of [...readers, ...newcomers.all()]) latest.complete();
    },
  };
};
