import type { GatewayError } from '../domain/gateway-error.ts';
import { idKey } from '../domain/guid.ts';
import type { Job } from '../domain/job.ts';
import type { Tick } from './latest.ts';
import { isHopeless } from './patience.ts';
import type { LookScope } from './poll-loop.ts';
import { createWatchedJob, type WatchedJob, type WatchedJobOptions } from './watched-job.ts';

/** The jobs that somebody watches by their id. */
export interface WatchedJobs {
  readonly size: number;
  /** True while one of them has never been seen. */
  readonly hasNewcomers: boolean;
  all(): readonly WatchedJob[];
  find(id: string): WatchedJob | undefined;
  /** The job of this id, watched from now on. */
  watch(id: string): WatchedJob;
  /** Lets go of a job that nobody reads any longer. */
  release(job: WatchedJob): void;
  /** How many jobs a look asks for. */
  count(scope: LookScope): number;
  /** What a look asks for: newcomers first, then what was not seen for longest. */
  ids(scope: LookScope): readonly string[];
  observe(job: Job, tick: Tick): boolean;
  /** Nothing could be learned of this id. */
  miss(id: string, error: GatewayError): void;
}

export const createWatchedJobs = (options: WatchedJobOptions): WatchedJobs => {
  const { now, staleAfterMs } = options;
  const jobs = new Map<string, WatchedJob>();
  const newcomers = new Set<WatchedJob>();
  const find = (id: string) => jobs.get(idKey(id));

  return {
    get size() {
      return jobs.size;
    },
    get hasNewcomers() {
      return newcomers.size > 0;
    },
    all: () => [...jobs.values()],
    find,
    watch(id) {
      const job = find(id) ?? createWatchedJob(id, options);
      jobs.set(idKey(id), job);
      if (job.job === null) newcomers.add(job);
      return job;
    },
    release(job) {
      if (job.hasReaders) return;
      newcomers.delete(job);
      if (find(job.id) === job) jobs.delete(idKey(job.id));
    },
    count: (scope) => (scope === 'round' ? jobs.size : newcomers.size),
    ids: (scope) =>
      [...(scope === 'round' ? jobs.values() : newcomers)]
        .sort(
          (one, other) =>
            Number(newcomers.has(other)) - Number(newcomers.has(one)) || one.seenAt - other.seenAt,
        )
        .map(({ id }) => id),
    observe(seen, tick) {
      const job = find(seen.id);
      if (job === undefined) return false;
      newcomers.delete(job);
      return job.observe(seen, tick);
    },
    miss(id, error) {
      const job = find(id);
      if (job === undefined) return;
      if (job.job !== null) job.missed();
      else if (isHopeless(error, now(), job.since + staleAfterMs)) job.refuse(error);
    },
  };
};
