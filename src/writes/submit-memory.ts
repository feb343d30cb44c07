import { LRUCache } from 'lru-cache';
import type { Job } from '../domain/job.ts';
import { lazily } from '../domain/lazily.ts';

/** What became of the first submit with a key. */
export interface KeptSubmit {
  /** What was wanted then, as one text. */
  readonly fingerprint: string;
  readonly attemptedAt: Date;
  /** The job; rejects when there is none, or when that is not known. */
  outcome: Promise<Submitted | 'conflict'>;
}

/** The job, and whether it is one of an earlier time. */
export interface Submitted {
  readonly job: Job;
  readonly replayed: boolean;
  /** False when `job` is an older state, since upstream could not be asked for a newer one. */
  readonly isCurrent: boolean;
}

/** What is remembered of the submits of one principal, and of the jobs of the caller it acts as. */
export interface SubmitMemory {
  get(key: string): KeptSubmit | undefined;
  keep(key: string, submit: KeptSubmit): void;
  forget(key: string): void;
  /** Notes that a job belongs to a submit. */
  claim(jobId: string): void;
  isClaimed(jobId: string): boolean;
  /** How many submits of just this are waiting for their answer. */
  unanswered(fingerprint: string): number;
  /** Counts one more until what is returned is called. */
  begin(fingerprint: string): () => void;
}

const keptMs = 24 * 60 * 60_000;
const maxEntries = 100_000;

/**
 * Remembers for 24 hours, in this process, what was submitted under which key of whom. Principals who act as one caller
 * have keys of their own, but the jobs that come of them lie side by side upstream.
 */
export const createSubmitMemories = (now: () => number) => {
  const create = <Value extends object | true>() =>
    new LRUCache<string, Value>({ max: maxEntries, ttl: keptMs, perf: { now } });
  // a cache of this size takes its memory at once: not before the first submit
  const submits = lazily(() => create<KeptSubmit>());
  const claimed = lazily(() => create<true>());
  const underWay = new Map<string, number>();

  return (callerKey: string, principalKey: string): SubmitMemory => {
    const nameOf = (key: string) => `${callerKey} ${key}`;
    const ownNameOf = (key: string) => `${callerKey} ${principalKey} ${key}`;
    return {
      get: (key) => submits().get(ownNameOf(key)),
      keep: (key, submit) => void submits().set(ownNameOf(key), submit),
      forget: (key) => void submits().delete(ownNameOf(key)),
      claim: (jobId) => void claimed().set(nameOf(jobId), true),
      isClaimed: (jobId) => claimed().has(nameOf(jobId)),
      unanswered: (fingerprint) => underWay.get(nameOf(fingerprint)) ?? 0,
      begin(fingerprint) {
        const name = nameOf(fingerprint);
        underWay.set(name, (underWay.get(name) ?? 0) + 1);
        return () => {
          const left = (underWay.get(name) ?? 1) - 1;
          if (left > 0) underWay.set(name, left);
          else underWay.delete(name);
        };
      },
    };
  };
};
