import { excerptOf } from '../excerpt.ts';
import type { Destination } from '../jobs/endpoint.ts';
import type { Job, JobError, JobStatus } from '../jobs/job.ts';
import type { Ending } from '../jobs/job-plan.ts';
import type { StoredJob } from '../jobs/job-store.ts';
import type { MovementLog } from '../jobs/movement-log.ts';
import type { Submission } from '../jobs/submission.ts';
import type { Outcome } from './open-destination.ts';

/** A job that really moves data, seen from the work behind it. */
export type LiveJob = {
  readonly stored: StoredJob;
  readonly initialize: () => void;
  readonly begin: (total: number) => void;
  readonly handled: (sourceItemId: string, outcome: Outcome) => void;
  readonly end: (ending: Ending, now: number) => void;
};

export type LiveJobOptions = {
  readonly id: string;
  readonly startedAt: number;
  readonly submission: Submission;
  /** With the address where an export can be had once it is whole. */
  readonly addressed: Destination;
  readonly mostLogs: number;
  readonly stop: () => void;
};

const longestItemId = 512;

export const createLiveJob = (options: LiveJobOptions): LiveJob => {
  const { id, startedAt, submission, addressed, mostLogs, stop } = options;
  const counts = { current: 0, total: 0, itemsSuccessful: 0, itemsRejected: 0 };
  const logs: MovementLog[] = [];
  let status: JobStatus = 'UNINITIALIZED';
  let hasBegun = false;
  let error: JobError | null = null;
  let partialSuccessCause: string | null = null;
  let finishedAt: number | null = null;

  const job = (): Job => ({
    id,
    status,
    startedAt,
    finishedAt,
    name: submission.name,
    source: submission.source,
    destination: status === 'UNINITIALIZED' ? submission.destination : addressed,
    progress: hasBegun ? { ...counts } : null,
    error,
    partialSuccessCause,
    otherSite: submission.otherSite,
    logsRecorded: logs.length,
    scheduleId: null,
    workflowId: null,
    extendedFields: null,
    shape: 'bare',
  });

  const record = (sourceItemId: string, failure: JobError): void => {
    if (logs.length < mostLogs) logs.push({ sourceItemId: excerptOf(sourceItemId, longestItemId), failure });
  };

  const entry = (index: number): MovementLog => {
    const log = logs[index];
    if (log === undefined) throw new RangeError(`Job ${id} has no log entry ${index}.`);
    return log;
  };

  return {
    stored: { id, startedAt, at: job, logs: () => ({ length: logs.length, entry }), stop },
    initialize: () => {
      status = 'INITIALIZING';
    },
    begin: (total) => {
      status = 'IN_PROGRESS';
      hasBegun = true;
      counts.total = total;
    },
    handled: (sourceItemId, outcome) => {
      counts.current += 1;
      if (outcome.kind === 'arrived') counts.itemsSuccessful += 1;
      if ('failure' in outcome) {
        counts.itemsRejected += 1;
        record(sourceItemId, outcome.failure);
      }
    },
    end: (ending, now) => {
      status = ending.status;
      finishedAt = now;
      if (ending.status === 'FAILED') error = ending.error;
      if (ending.status === 'PARTIALLY_SUCCESSFUL') partialSuccessCause = ending.cause;
    },
  };
};
