import { GatewayError } from '../domain/gateway-error.ts';
import { idKey } from '../domain/guid.ts';
import type { Job } from '../domain/job.ts';
import { type FinishedJobs, isDenied } from './finished-jobs.ts';
import type { JobsApi, JobsById } from './jobs-api.ts';

export interface RememberedJobsOptions {
  readonly callerKey: string;
  readonly finished: FinishedJobs;
}

/** The same API; what it shows of finished jobs is remembered. */
export const rememberJobs = (jobs: JobsApi, { callerKey, finished }: RememberedJobsOptions): JobsApi => {
  const see = (job: Job | GatewayError) => {
    if (!(job instanceof GatewayError)) finished.observe(callerKey, job);
  };
  const watched = async <T>(answer: Promise<T>, learn: (value: T) => void): Promise<T> => {
    try {
      const value = await answer;
      learn(value);
      return value;
    } catch (error) {
      if (isDenied(error)) finished.forgetAll(callerKey);
      throw error;
    }
  };
  return {
    ...jobs,
    get: (id) => watched(jobs.get(id), (job) => (job === null ? finished.forget(callerKey, id) : see(job))),
    byIds: (ids) => watched(jobs.byIds(ids), (found) => found.forEach(see)),
    list: (page) => watched(jobs.list(page), ({ rows }) => rows.forEach(see)),
    query: (query, page) => watched(jobs.query(query, page), ({ rows }) => rows.forEach(see)),
    queryRows: (query, page) =>
      watched(jobs.queryRows(query, page), ({ rows }) => rows.forEach(({ value }) => void see(value))),
    submit: (job) => watched(jobs.submit(job), see),
    // whatever it was before: only upstream knows what it is now
    terminate: (id) =>
      watched(
        jobs.terminate(id).finally(() => finished.forget(callerKey, id)),
        () => {},
      ),
  };
};

export interface LookUpOptions extends RememberedJobsOptions {
  /** Told how many were found in memory, and how many not. */
  readonly note: (hits: number, misses: number) => void;
}

/** The same API; jobs that are known to have finished are looked up in memory, the others by `find`. */
export const lookUpJobs = (
  jobs: JobsApi,
  find: (ids: readonly string[]) => Promise<JobsById>,
  { callerKey, finished, note }: LookUpOptions,
): JobsApi => ({
  ...jobs,
  async get(id) {
    const remembered = finished.get(callerKey, id);
    note(remembered ? 1 : 0, remembered ? 0 : 1);
    const known = remembered ?? (await find([id])).get(idKey(id)) ?? null;
    if (known instanceof GatewayError) throw known;
    return known;
  },
  async byIds(ids) {
    const known = new Map<string, Job | GatewayError>();
    const others = ids.filter((id) => {
      const job = finished.get(callerKey, id);
      if (job) known.set(idKey(id), job);
      return job === undefined;
    });
    note(known.size, others.length);
    if (others.length === 0) return known;
    const found = await find(others);
    return known.size === 0 ? found : new Map([...known, ...found]);
  },
});
