import { LRUCache } from 'lru-cache';
import type { Job } from '../domain/job.ts';

/** What became of the first submit with a key. */
export interface KeptSubmit {
  /** What was wanted then, as one text. */
  readonly fingerprint: string;
  readonly attemptedAt: Date;
  /** The job; rejects when there is none, or when that is not known. */
  outcome: Promise<Job>;
}

/** What is remembered of the submits of one caller. */
export interface SubmitMemory {
  get(key: string): KeptSubmit | undefined;
  keep(key: string, submit: KeptSubmit): void;
  forget(key: string): void;
  /** Notes that a job belongs to a submit; false when it belongs to another one already. */
  claim(jobId: string): boolean;
}

const keptMs = 24 * 60 * 60_000;
const maxEntries = 100_000;

const lazily = <Value>(create: () => Value): (() => Value) => {
  let value: Value | undefined;
  return () => {
    value ??= create();
    return value;
  };
};

/** Remembers for 24 hours, in this process, what was submitted under which key of which caller. */
export const createSubmitMemories = (now: () => number) => {
  const create = <Value extends object | true>() =>
    new LRUCache<string, Value>({ max: maxEntries, ttl: keptMs, perf: { now } });
  // a cache of this size takes its memory at once: not before the first submit
  const submits = lazily(() => create<KeptSubmit>());
  const claimed = lazily(() => create<true>());

  return (callerKey: string): SubmitMemory => {
    const nameOf = (key: string) => `${callerKey} ${key}`;
    return {
      get: (key) => submits().get(nameOf(key)),
      keep: (key, submit) => void submits().set(nameOf(key), submit),
      forget: (key) => void submits().delete(nameOf(key)),
      claim(jobId) {
        if (claimed().has(nameOf(jobId))) return false;
        claimed().set(nameOf(jobId), true);
        return true;
      },
    };
  };
};
