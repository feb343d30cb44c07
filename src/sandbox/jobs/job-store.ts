import type { Job } from './job.ts';
import type { LogBook } from './movement-log.ts';

/** A scripted job computes its state from the time; one that really moves data keeps its own. */
export type StoredJob = {
  readonly id: string;
  readonly startedAt: number;
  readonly at: (now: number) => Job;
  readonly logs: (now: number) => LogBook;
  /** Ends the work behind the job, if there is any; what it has done stays. */
  readonly stop: () => void;
};

export type JobSupply = (now: number) => readonly StoredJob[];

export type JobStore = {
  readonly find: (id: string, now: number) => StoredJob | undefined;
  readonly all: (now: number) => readonly StoredJob[];
};

export const createJobStore = (supplies: readonly JobSupply[]): JobStore => {
  const all = (now: number): readonly StoredJob[] =>
    supplies.flatMap((supply) => supply(now)).filter(({ startedAt }) => startedAt <= now);
  return { all, find: (id, now) => all(now).find((job) => job.id === id) };
};
