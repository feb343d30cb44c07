import type { Clock } from '../domain/clock.ts';
import { GatewayError } from '../domain/gateway-error.ts';
import type { Job } from '../domain/job.ts';
import { newestFirst } from '../domain/job-filter.ts';
import { fingerprint, isSameMove, type NewJob } from '../domain/new-job.ts';
import { maxPageSize, type Page } from '../domain/page.ts';
import { compileJobQuery } from '../upstream/job-query.ts';
import type { JobsApi } from '../upstream/jobs-api.ts';
import { mayHaveHappened, outcomeUnknown } from './outcome.ts';
import { type CallerSubmits, type KeptClaim, lookBackMs } from './shared-submits.ts';
import type { KeptSubmit, SubmitMemory, Submitted } from './submit-memory.ts';

export interface SubmitOptions {
  readonly jobs: Pick<JobsApi, 'submit' | 'query' | 'get'>;
  readonly memory: SubmitMemory;
  /** What other replicas know. */
  readonly others: CallerSubmits;
  readonly clock: Clock;
}

/** Waits before a submit that never left is sent again. */
const resendAfterMs = [200, 1000];
/** Waits before looking for a job whose submit got no answer: it may take a moment to show. */
const lookAfterMs = [0, 500, 2000];

const unknownMessage =
  'The job was sent to Wix and no good answer came: it may or may not be there. Look at the newest jobs. Asking again with the same idempotencyKey looks for it again and never submits it twice; if it is not there, submit it with a new key.';

/** In so many pages of new jobs a job is looked for. */
const maxLookPages = 10;

const doubtMessage =
  'Not all replicas of the gateway could ask each other just now, and a job just like this one is new: it may be that of this idempotencyKey. Nothing was submitted. Look at the newest jobs before you ask again: after ten minutes that job is no longer found by this key.';

const vanishedMessage =
  'The job of this idempotencyKey is no longer there. Nothing was submitted; to submit it again, use a new key.';

const isUnknown = (error: unknown): error is GatewayError =>
  error instanceof GatewayError && error.code === 'OUTCOME_UNKNOWN';

/** All jobs that may have come of this since then. */
const queryFor = ({ name }: NewJob, since: Date) =>
  compileJobQuery(
    { startedAt: { gte: since }, ...(name === null ? {} : { name: { eq: name } }) },
    newestFirst,
  );

const isOfOther = (claim: 'mine' | 'unsure' | KeptClaim | null): claim is KeptClaim =>
  typeof claim === 'object' && claim !== null;

/** Submits jobs so that no fault of the network moves data twice. */
export const createSubmitter = ({ jobs, memory, others, clock }: SubmitOptions) => {
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
    const query = queryFor(wanted, attemptedAt);
    const { rows, next } = await jobs.query(query, { limit: maxPageSize, cursor: null });
    // while another submit of the same is unanswered, the job may be that one's
    if (memory.unanswered(fingerprint(wanted)) > 0) return null;
    if ((await others.unanswered(fingerprint(wanted))) > 0) return null;
    const [found, ...more] = rows.filter((job) => isSameMove(wanted, job) && !memory.isClaimed(job.id));
    if (found === undefined || more.length > 0 || next !== null) return null;
    return (await others.takeJob(found.id)) ? found : null;
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
    const answeredThere = await others.begin(fingerprint(wanted));
    try {
      const job = await send(wanted).finally(() => {
        answered();
        answeredThere();
      });
      memory.claim(job.id);
      await others.takeJob(job.id);
      return job;
    } catch (error) {
      if (!mayHaveHappened(error)) throw error;
      return findPatiently(wanted, attemptedAt, error);
    }
  };

  /** Not all others could be asked: where a job like this is new, it may be that of the same key. */
  const isSure = async (wanted: NewJob, attemptedAt: Date): Promise<boolean> => {
    const query = queryFor(wanted, new Date(attemptedAt.getTime() - lookBackMs));
    let cursor: string | null = null;
    for (let pages = 0; pages < maxLookPages; pages += 1) {
      const page: Page<Job> = await jobs.query(query, { limit: maxPageSize, cursor });
      const alike = page.rows.filter((job) => isSameMove(wanted, job) && !memory.isClaimed(job.id));
      const known = await Promise.all(alike.map(({ id }) => others.isTaken(id)));
      if (!known.every(Boolean)) return false;
      if (page.next === null) return true;
      cursor = page.next;
    }
    return false;
  };

  /** The job of another replica's submit with the same key. */
  const fromOther = async (wanted: NewJob, key: string, claim: KeptClaim): Promise<Submitted> => {
    if (claim.jobId === null) {
      const cause = new GatewayError('UPSTREAM_TIMEOUT', 'Another replica had no answer.');
      const job = await findPatiently(wanted, claim.attemptedAt, cause);
      await others.settle(key, job.id);
      return { job, replayed: true, isCurrent: true };
    }
    const job = await jobs.get(claim.jobId);
    if (job === null) throw new GatewayError('OUTCOME_UNKNOWN', vanishedMessage);
    return { job, replayed: true, isCurrent: true };
  };

  /** What stands against submitting: somebody else's claim, or an error. */
  const claimSurely = async (wanted: NewJob, key: string, { fingerprint, attemptedAt }: KeptSubmit) => {
    const claim = await others.claim(key, fingerprint, attemptedAt);
    if (claim !== null && claim !== 'unsure') return claim;
    try {
      if (!(await isSure(wanted, attemptedAt))) throw new GatewayError('OUTCOME_UNKNOWN', doubtMessage);
    } catch (error) {
      memory.forget(key);
      // what was not submitted must not be told as a submit once they can be asked
      await others.release(key);
      throw error;
    }
    // perhaps they can be asked by now
    return claim ?? others.claim(key, fingerprint, attemptedAt);
  };

  const submitFirst = async (wanted: NewJob, key: string, kept: KeptSubmit) => {
    const claim = await claimSurely(wanted, key, kept);
    if (isOfOther(claim)) {
      memory.forget(key);
      return claim.fingerprint === kept.fingerprint ? fromOther(wanted, key, claim) : 'conflict';
    }
    try {
      const job = await submitOnce(wanted, kept.attemptedAt);
      await others.settle(key, job.id);
      return { job, replayed: false, isCurrent: true };
    } catch (error) {
      // a submit that certainly made no job leaves its key free
      if (!isUnknown(error)) memory.forget(key);
      await (isUnknown(error) ? others.settle(key, null) : others.release(key));
      throw error;
    }
  };

  const lookAgain = async (wanted: NewJob, key: string, kept: KeptSubmit, cause: GatewayError) => {
    const claim = await others.claim(key, kept.fingerprint, kept.attemptedAt);
    // another replica may have looked with more luck
    if (isOfOther(claim) && claim.jobId !== null) return fromOther(wanted, key, claim);
    const job = await findPatiently(wanted, kept.attemptedAt, cause);
    await others.settle(key, job.id);
    return { job, replayed: true, isCurrent: true };
  };

  /** The job of the first time as it is now. */
  const replay = async (first: KeptSubmit['outcome']): Promise<Submitted | 'conflict'> => {
    const submitted = await first;
    if (submitted === 'conflict') return 'conflict';
    const current = await jobs.get(submitted.job.id).catch(() => null);
    return { job: current ?? submitted.job, replayed: true, isCurrent: current !== null };
  };

  return async (wanted: NewJob, idempotencyKey: string | null): Promise<Submitted | 'conflict'> => {
    if (idempotencyKey === null) {
      return { job: await submitOnce(wanted, new Date(clock.now())), replayed: false, isCurrent: true };
    }
    const kept = memory.get(idempotencyKey);
    if (kept !== undefined) {
      if (kept.fingerprint !== fingerprint(wanted)) return 'conflict';
      kept.outcome = kept.outcome.catch((error: unknown) => {
        if (!isUnknown(error)) throw error;
        return lookAgain(wanted, idempotencyKey, kept, error);
      });
      return replay(kept.outcome);
    }
    const { promise: outcome, resolve } = Promise.withResolvers<Submitted | 'conflict'>();
    const first = { fingerprint: fingerprint(wanted), attemptedAt: new Date(clock.now()), outcome };
    memory.keep(idempotencyKey, first);
    resolve(submitFirst(wanted, idempotencyKey, first));
    return outcome;
  };
};
