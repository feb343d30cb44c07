import type { JobStatus } from './job.ts';

/** A member that may be left out; null is the same as leaving it out. */
export type Given<Value> = Value | null | undefined;

/**
 * Conditions on jobs, in the graph's own terms. All members of one object must hold.
 */
export interface JobFilter {
  readonly and?: Given<readonly JobFilter[]>;
  readonly or?: Given<readonly JobFilter[]>;
  readonly not?: Given<JobFilter>;
  readonly id?: Given<IdFilter>;
  readonly name?: Given<StringFilter>;
  readonly status?: Given<JobStatusFilter>;
  readonly startedAt?: Given<InstantFilter>;
  readonly finishedAt?: Given<InstantFilter>;
  readonly scheduleId?: Given<IdFilter>;
  readonly workflowId?: Given<IdFilter>;
}

export interface IdFilter {
  readonly eq?: Given<string>;
  readonly ne?: Given<string>;
  readonly in?: Given<readonly string[]>;
  readonly exists?: Given<boolean>;
}

export interface StringFilter extends IdFilter {
  readonly startsWith?: Given<string>;
}

export interface JobStatusFilter {
  readonly eq?: Given<JobStatus>;
  readonly ne?: Given<JobStatus>;
  readonly in?: Given<readonly JobStatus[]>;
}

export interface InstantFilter {
  readonly eq?: Given<Date>;
  readonly ne?: Given<Date>;
  readonly gt?: Given<Date>;
  readonly gte?: Given<Date>;
  readonly lt?: Given<Date>;
  readonly lte?: Given<Date>;
  readonly exists?: Given<boolean>;
}

export type JobOrderField =
  | 'ID'
  | 'NAME'
  | 'STATUS'
  | 'STARTED_AT'
  | 'FINISHED_AT'
  | 'SCHEDULE_ID'
  | 'WORKFLOW_ID';

export type OrderDirection = 'ASC' | 'DESC';

export interface JobOrder {
  readonly field: JobOrderField;
  readonly direction: OrderDirection;
}

export const newestFirst: readonly JobOrder[] = [{ field: 'STARTED_AT', direction: 'DESC' }];
export const oldestFirst: readonly JobOrder[] = [{ field: 'STARTED_AT', direction: 'ASC' }];
