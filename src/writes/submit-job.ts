import type { Clock } from '../domain/clock.ts';
import { GatewayError } from '../domain/gateway-error.ts';
import type { Job } from '../domain/job.ts';
import { newestFirst } from '../domain/job-filter.ts';
import { fingerprint, isSameMove, type NewJob } from '../domain/new-job.ts';
import { maxPageSize } from '../domain/page.ts';
import { compileJobQuery } from '../upstream/job-query.ts';
import type { JobsApi } from '../upstream/jobs-api.ts';
import { mayHaveHappened, outcomeUnknown } from './outcome.ts';
import type { SubmitMemory } from './submit-memory.ts';

export interface SubmitOptions {
  readonly jobs: Pick<JobsApi, 'submit' | 'query' | 'get'>;
  readonly memory: SubmitMemory;
  readonly clock: Clock;
}

/** The job, and whether it is one of an earlier time. */
export interface Submitted {
  readonly job: Job;
  readonly replayed: boolean;
  /** False when `job` is an older state, since upstream could not be asked for a newer one. */
  readonly isCurrent: boolean;
}

/** Waits before a submit that never left is sent again. */
const resendAfterMs = [200, 1000];
/** Waits before looking for a job whose submit got no answer: it may take a moment to show. */
const lookAfterMs = [0, 500, 2000];

const unknownMessage =
  'The job was sent to Wix and no good answer came: it may or may not be there. Look at the newest jobs. Asking again with the same idempotencyKey looks for it again and never submits it twice; if it is not there, submit it with a new key.';

/** Submits jobs so that no fault of the network moves data twice. */
export const createSubmitter = ({ jobs, memory, clock }: SubmitOptions) => {
  const wait = (ms: number) => new Promise<void>((resolve) => void clock.after(ms, resolve));

  const send = async (wanted: NewJob): Promise<Job> => {
    for (const ms of resendAfterMs) {
      try {
        return await jobs.submit(wanted);
      } catch (error) {
        if (!(error instanceof GatewayError) || !error.notSent || !error.transient) throw error;
        await wait(ms);
      }
    }
    return jobs.submit(wanted);
  };

  /** The one job that can only have come of this submit; null unless it is unmistakable. */
  const find = async (wanted: NewJob, attemptedAt: Date): Promise<Job | null> => {
    const query = compileJobQuery(
      { startedAt: { gte: attemptedAt }, ...(wanted.name === null ? {} : { name: { eq: wanted.name } }) },
      newestFirst,
    );
    const { rows, next } = await jobs.query(query, { limit: maxPageSize, cursor: null });
    // while another submit of the same is unanswered, the job may be that one's
    if (memory.unanswered(fingerprint(wanted)) > 0) return null;
    const [found, ...others] = rows.filter((job) => isSameMove(wanted, job) && !memory.isClaimed(job.id));
    return found !== undefined && others.length === 0 && next === null ? found : null;
  };

  const findPatiently = async (wanted: NewJob, attemptedAt: Date, cause: GatewayError): Promise<Job> => {
    for (const ms of lookAfterMs) {
      await wait(ms);
      const found = await find(wanted, attemptedAt).catch(() => null);
      if (found === null) continue;
      memory.claim(found.id);
      return found;
    }
    throw outcomeUnknown(unknownMessage, cause);
  };

  const submitOnce = async (wanted: NewJob, attemptedAt: Date): Promise<Job> => {
    const answered = memory.begin(fingerprint(wanted));
    try {
      const job = await send(wanted).finally(answered);
      memory.claim(job.id);
      return job;
    } catch (error) {
      if (!mayHaveHappened(error)) throw error;
      return findPatiently(wanted, attemptedAt, error);
    }
  };

  /** The job of the first time as it is now. */
  const replay = async (first: Promise<Job>): Promise<Submitted> => {
    const job = await first;
    const current = await jobs.get(job.id).catch(() => null);
    return { job: current ?? job, replayed: true, isCurrent: current !== null };
  };

  return async (wanted: NewJob, idempotencyKey: string | null): Promise<Submitted | 'conflict'> => {
    if (idempotencyKey === null) {
      return { job: await submitOnce(wanted, new Date(clock.now())), replayed: false, isCurrent: true };
    }
    const kept = memory.get(idempotencyKey);
    if (kept !== undefined) {
      if (kept.fingerprint !== fingerprint(wanted)) return 'conflict';
      const { attemptedAt, outcome } = kept;
      kept.outcome = outcome.catch((error: unknown) => {
        if (!(error instanceof GatewayError) || error.code !== 'OUTCOME_UNKNOWN') throw error;
        return findPatiently(wanted, attemptedAt, error);
      });
      return replay(kept.outcome);
    }
    const attemptedAt = new Date(clock.now());
    const outcome = submitOnce(wanted, attemptedAt);
    memory.keep(idempotencyKey, { fingerprint: fingerprint(wanted), attemptedAt, outcome });
    try {
      return { job: await outcome, replayed: false, isCurrent: true };
    } catch (error) {
      // a submit that certainly made no job leaves its key free
      const isUnknown = error instanceof GatewayError && error.code === 'OUTCOME_UNKNOWN';
      if (!isUnknown) memory.forget(idempotencyKey);
      throw error;
    }
  };
};
