import type { ApplicationError } from './application-error.ts';
import type { Destination } from './destination.ts';
import type { JsonObject } from './json.ts';
import type { Progress } from './progress.ts';
import type { Source } from './source.ts';

/** The statuses that upstream documents. */
export const knownJobStatuses = [
  'UNINITIALIZED',
  'INITIALIZING',
  'IN_PROGRESS',
  'COMPLETED',
  'FAILED',
  'PARTIALLY_SUCCESSFUL',
] as const;
export type JobStatus = (typeof knownJobStatuses)[number] | 'UNRECOGNIZED';

export interface ExtendedFields {
  readonly namespaces: JsonObject;
}

export interface Job {
  readonly id: string;
  readonly name: string | null;
  readonly status: JobStatus;
  /** The status as upstream wrote it; differs from `status` only where that is UNRECOGNIZED. */
  readonly rawStatus: string | null;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
  readonly source: Source | null;
  readonly destination: Destination | null;
  readonly sourceSiteId: string | null;
  readonly destinationSiteId: string | null;
  readonly progress: Progress | null;
  readonly error: ApplicationError | null;
  readonly partialSuccessCause: string | null;
  readonly logsRecorded: number;
  readonly scheduleId: string | null;
  readonly workflowId: string | null;
  readonly extendedFields: ExtendedFields | null;
  /** When upstream was asked for this state: whatever it does not show happened later. */
  readonly observedAt: Date;
}

/** A status of a later upstream counts as unfinished unless `finishedAt` says otherwise. */
export const isFinished = (job: Pick<Job, 'status' | 'finishedAt'>): boolean =>
  job.status === 'COMPLETED' ||
  job.status === 'FAILED' ||
  job.status === 'PARTIALLY_SUCCESSFUL' ||
  (job.status === 'UNRECOGNIZED' && job.finishedAt !== null);

/** Seconds from `startedAt` to `finishedAt`, or to `now` while the job runs; null when either end is unknown. */
export const durationSeconds = (
  job: Pick<Job, 'status' | 'startedAt' | 'finishedAt'>,
  now: number,
): number | null => {
  if (job.startedAt === null) return null;
  const end = job.finishedAt?.getTime() ?? (isFinished(job) ? null : now);
  return end === null ? null : Math.max(0, end - job.startedAt.getTime()) / 1000;
};
