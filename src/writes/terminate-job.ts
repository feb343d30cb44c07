import { GatewayError } from '../domain/gateway-error.ts';
import { isFinished, type Job } from '../domain/job.ts';
import type { JobsApi } from '../upstream/jobs-api.ts';
import { isNotFound } from '../upstream/translate-failure.ts';
import { mayHaveHappened, outcomeUnknown } from './outcome.ts';

export type Terminated =
  /** `job` as it is afterwards: in its last state, whatever upstream makes of it; `isGone` when it has vanished. */
  | { readonly kind: 'terminated'; readonly job: Job | null; readonly isGone: boolean }
  | { readonly kind: 'already finished'; readonly job: Job }
  | { readonly kind: 'not found' };

const unknownMessage =
  'The termination was sent to Wix and no good answer came: the job may or may not go on. Look at the job, and terminate it again if it does.';

/** Statuses by which upstream may say that a finished job cannot be terminated; which one it uses is not documented. */
const clashes: ReadonlySet<number> = new Set([400, 409, 428]);

/** Terminates a job. Upstream has no status for that: the job may keep its last one, or vanish. */
export const terminateJob = async (
  jobs: Pick<JobsApi, 'terminate' | 'get'>,
  id: string,
  now: () => number,
): Promise<Terminated> => {
  const attemptedAt = now();
  try {
    const job = await jobs.terminate(id);
    if (isFinished(job) && job.finishedAt !== null && job.finishedAt.getTime() < attemptedAt) {
      return { kind: 'already finished', job };
    }
    const current = await jobs.get(id).catch(() => job);
    return { kind: 'terminated', job: current ?? job, isGone: current === null };
  } catch (error) {
    if (isNotFound(error)) return { kind: 'not found' };
    const isClash = error instanceof GatewayError && clashes.has(error.upstream?.status ?? 0);
    if (!isClash && !mayHaveHappened(error)) throw error;
    const current = await jobs.get(id).catch(() => undefined);
    if (current && isFinished(current)) return { kind: 'already finished', job: current };
    if (isClash) throw error;
    if (current === null) return { kind: 'terminated', job: null, isGone: true };
    throw outcomeUnknown(unknownMessage, error);
  }
};
