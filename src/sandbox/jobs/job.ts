import type { JsonObject } from '../json.ts';
import type { Destination, OtherSite, Source } from './endpoint.ts';

export type JobStatus = 'UNINITIALIZED' | 'INITIALIZING' | 'IN_PROGRESS' | FinishedStatus;
export type FinishedStatus = 'COMPLETED' | 'FAILED' | 'PARTIALLY_SUCCESSFUL';

export type Progress = {
  readonly current: number;
  readonly total: number | null;
  readonly itemsSuccessful: number;
  readonly itemsRejected: number;
};

export type JobError = {
  readonly code: string;
  readonly description: string;
  readonly data: JsonObject | null;
};

/** How the job looks on the wire: bare, with every default spelled out, or in protobuf wrappers (CONTRACT 4). */
export type WireShape = 'bare' | 'defaults' | 'wrapped';

/** A job as it is at one instant. Times are milliseconds since the epoch. */
export type Job = {
  readonly id: string;
  readonly status: JobStatus;
  readonly startedAt: number;
  readonly finishedAt: number | null;
  readonly name: string | null;
  readonly source: Source;
  readonly destination: Destination;
  readonly progress: Progress | null;
  readonly error: JobError | null;
  readonly partialSuccessCause: string | null;
  readonly otherSite: OtherSite | null;
  readonly logsRecorded: number;
  readonly scheduleId: string | null;
  readonly workflowId: string | null;
  readonly extendedFields: JsonObject | null;
  readonly shape: WireShape;
};
