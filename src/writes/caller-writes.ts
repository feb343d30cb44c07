import type { Clock } from '../domain/clock.ts';
import type { Job } from '../domain/job.ts';
import type { NewJob } from '../domain/new-job.ts';
import type { JobsApi, UploadUrl } from '../upstream/jobs-api.ts';
import type { CallerSubmits } from './shared-submits.ts';
import { createSubmitter } from './submit-job.ts';
import type { SubmitMemory, Submitted } from './submit-memory.ts';
import { type Terminated, terminateJob } from './terminate-job.ts';

/** Whoever must hear of a write at once. */
export interface Listener {
  observe(job: Job): void;
  /** The job is no longer there. */
  forget(id: string): void;
}

export interface CallerWritesOptions {
  /** Not bound to the client: a write that was sent goes on without it. */
  readonly jobs: () => JobsApi;
  readonly memory: () => SubmitMemory;
  /** What other replicas know of submits. */
  readonly others: () => CallerSubmits;
  readonly listener: Listener;
  /** What was read before may be out of date by now, whatever came of the write. */
  readonly outdate: () => void;
  readonly clock: Clock;
}

/** What one caller can change. */
export interface CallerWrites {
  submit(wanted: NewJob, idempotencyKey: string | null): Promise<Submitted | 'conflict'>;
  terminate(id: string): Promise<Terminated>;
  createUploadUrl(fileName: string | null): Promise<UploadUrl>;
}

export const createCallerWrites = ({
  jobs,
  memory,
  others,
  listener,
  outdate,
  clock,
}: CallerWritesOptions): CallerWrites => ({
  async submit(wanted, idempotencyKey) {
    const submit = createSubmitter({ jobs: jobs(), memory: memory(), others: others(), clock });
    const submitted = await submit(wanted, idempotencyKey).finally(outdate);
    if (submitted !== 'conflict' && submitted.isCurrent) listener.observe(submitted.job);
    return submitted;
  },
  async terminate(id) {
    const terminated = await terminateJob(jobs(), id, clock.now).finally(outdate);
    if (terminated.kind === 'terminated' && terminated.isGone) listener.forget(id);
    else if (terminated.kind !== 'not found' && terminated.job !== null) listener.observe(terminated.job);
    return terminated;
  },
  createUploadUrl: (fileName) => jobs().createUploadUrl(fileName),
});
