import { LRUCache } from 'lru-cache';
import { GatewayError } from '../domain/gateway-error.ts';
import { idKey } from '../domain/guid.ts';
import { isFinished, type Job } from '../domain/job.ts';
import { createEpochs } from './epochs.ts';

const maxBytes = 32 * 1024 * 1024;
/** What a job takes beside its text. */
const overhead = 500;

export interface FinishedJobsOptions {
  /** How long a finished job is served without upstream; 0 for not at all. */
  readonly ttlMs: number;
  readonly now: () => number;
}

/** Jobs that have finished: they never change again, so they can be served from here. Each caller has its own. */
export interface FinishedJobs {
  get(callerKey: string, id: string): Job | undefined;
  /** A job as upstream shows it. */
  observe(callerKey: string, job: Job): void;
  /** The job is not there any longer. */
  forget(callerKey: string, id: string): void;
  /** Something happened to the job after all: nobody is shown what was known of it. */
  forgetForAll(id: string): void;
  /** The caller may have lost the right to see any of them. */
  forgetAll(callerKey: string): void;
}

export const createFinishedJobs = ({ ttlMs, now }: FinishedJobsOptions): FinishedJobs => {
  // under which names a job is kept
  const namesOf = new Map<string, Set<string>>();
  const jobs = new LRUCache<string, Job>({
    maxSize: maxBytes,
    ttl: ttlMs,
    perf: { now },
    ttlResolution: 0,
    dispose({ id }, name, reason) {
      if (reason === 'set') return;
      const names = namesOf.get(idKey(id));
      names?.delete(name);
      if (names?.size === 0) namesOf.delete(idKey(id));
    },
  });
  // part of every name: what was known before all was forgotten is never found again
  const clearings = createEpochs();
  const nameOf = (callerKey: string, id: string) => `${callerKey} ${clearings.of(callerKey)} ${idKey(id)}`;

  return {
    get: (callerKey, id) => (ttlMs === 0 ? undefined : jobs.get(nameOf(callerKey, id))),
    observe(callerKey, job) {
      if (ttlMs === 0 || !isFinished(job)) return;
      const name = nameOf(callerKey, job.id);
      // to measure a job is dear, and it does not grow any more
      const size = jobs.info(name)?.size ?? JSON.stringify(job).length + name.length + overhead;
      // an answer may have been kept for a while before it came here
      const leftMs = ttlMs - (now() - job.observedAt.getTime());
      if (leftMs > 0) jobs.set(name, job, { size, ttl: leftMs });
      if (!jobs.has(name)) return;
      namesOf.set(idKey(job.id), (namesOf.get(idKey(job.id)) ?? new Set()).add(name));
    },
    forget: (callerKey, id) => void jobs.delete(nameOf(callerKey, id)),
    forgetForAll(id) {
      for (const name of [...(namesOf.get(idKey(id)) ?? [])]) jobs.delete(name);
    },
    forgetAll: clearings.advance,
  };
};

/** True when a caller may no longer see what it saw. */
export const isDenied = (error: unknown): boolean =>
  error instanceof GatewayError && (error.code === 'UNAUTHENTICATED' || error.code === 'FORBIDDEN');
