import { badUserInput } from '../domain/gateway-error.ts';
import type { Job } from '../domain/job.ts';
import { isFinished } from '../domain/job.ts';
import { isLast, type JobUpdate, updateFrom } from '../domain/job-update.ts';
import type { Latest, Tick } from './latest.ts';
import { createSnapshots } from './snapshots.ts';

export const noSuchJob = () =>
  badUserInput(
    'id',
    'there is no job with this id on the site. Check the id and the credential it is asked with.',
  );

/** One job and everybody who watches it. */
export interface WatchedJob {
  readonly id: string;
  /** The newest state; null until the first look. */
  readonly job: Job | null;
  readonly hasReaders: boolean;
  /** When it was last seen, or began to be looked for. */
  readonly seenAt: number;
  /** When waiting for the first look began. */
  readonly since: number;
  /** Settles with the first state: rejects when there will be none. */
  readonly arrived: Promise<void>;
  join(latest: Latest): void;
  leave(latest: Latest): void;
  /** Takes in a state; true when it tells something new. */
  observe(job: Job, tick: Tick): boolean;
  /** Upstream has the job no longer. */
  remove(update: JobUpdate, tick: Tick): void;
  /** A look elsewhere found it as it is known. */
  seen(): void;
  /** A look failed: nothing is known for as long as this lasts. */
  missed(): void;
  /** When STALE is due; null while looks succeed, or once it is told. */
  readonly staleAt: number | null;
  tellStale(): void;
  refuse(error: unknown): void;
  fail(error: unknown): void;
  complete(): void;
}

export interface WatchedJobOptions {
  readonly now: () => number;
  readonly staleAfterMs: number;
  /** How long one snapshot serves all who join. */
  readonly snapshotMs: number;
  /** Hears of whatever its readers are told. */
  readonly told: (update: JobUpdate, tick: Tick) => void;
}

export const createWatchedJob = (
  id: string,
  { now, staleAfterMs, snapshotMs, told }: WatchedJobOptions,
): WatchedJob => {
  const readers = new Set<Latest>();
  // those of them who know that nothing has been heard since
  let warned = new WeakSet<Latest>();
  const arrival = Promise.withResolvers<void>();
  // who waits may have left before it settles
  arrival.promise.catch(() => undefined);
  const since = now();
  let job: Job | null = null;
  let seenAt = since;
  let health: 'seen' | 'missed' | 'told stale' = 'seen';

  const send = (update: JobUpdate, tick: Tick) => {
    told(update, tick);
    const event = { update, tick };
    for (const latest of [...readers]) {
      latest.push(event);
      if (isLast(update)) latest.complete();
    }
  };

  const snapshotOf = createSnapshots(now, snapshotMs);

  return {
    id,
    since,
    arrived: arrival.promise,
    get job() {
      return job;
    },
    get seenAt() {
      return seenAt;
    },
    get hasReaders() {
      return readers.size > 0;
    },
    join(latest) {
      readers.add(latest);
      // the alarm is for the newcomer
      if (health === 'told stale') health = 'missed';
      if (job !== null) latest.push(snapshotOf(job));
    },
    leave(latest) {
      readers.delete(latest);
      // whoever waited has left
      if (readers.size === 0) arrival.resolve();
    },
    observe(seen, tick) {
      // clocks of replicas differ a little, and no end may be taken for old news
      if (job !== null && seen.observedAt < job.observedAt && !isFinished(seen)) return false;
      seenAt = now();
      if (health !== 'seen') warned = new WeakSet();
      health = 'seen';
      if (job === null) {
        job = seen;
        send({ kind: 'SNAPSHOT', job, previousStatus: null, observedAt: job.observedAt }, tick);
        arrival.resolve();
        return true;
      }
      if (isFinished(job)) return false;
      const update = updateFrom(job, seen);
      job = seen;
      if (update !== null) send(update, tick);
      return update !== null;
    },
    remove: (update, tick) => send(update, tick),
    seen() {
      if (job === null) return;
      seenAt = now();
      health = 'seen';
    },
    missed() {
      if (health === 'seen') health = 'missed';
    },
    get staleAt() {
      return job !== null && health === 'missed' ? seenAt + staleAfterMs : null;
    },
    tellStale() {
      if (job === null) return;
      health = 'told stale';
      const tick: Tick = {};
      const update: JobUpdate = { kind: 'STALE', job, previousStatus: null, observedAt: new Date(now()) };
      told(update, tick);
      for (const latest of readers) {
        if (!warned.has(latest)) latest.push({ update, tick });
        warned.add(latest);
      }
    },
    refuse(error) {
      arrival.reject(error);
      for (const latest of [...readers]) latest.drop();
    },
    fail(error) {
      arrival.reject(error);
      for (const latest of [...readers]) latest.fail(error);
    },
    complete() {
      arrival.resolve();
      for (const latest of [...readers]) latest.complete();
    },
  };
};
