import type { JsonObject } from '../json.ts';
import type { Destination, OtherSite, Source } from './endpoint.ts';
import type { JobError, WireShape } from './job.ts';

/** How long each stage of a job lasts. */
export type Pace = { readonly waitMs: number; readonly initializeMs: number; readonly moveMs: number };

/** What a job has to move and what becomes of it. */
export type Load = {
  /** Items handled by the end. */
  readonly items: number;
  /** What `progress.total` says; null when it is not known beforehand. */
  readonly announced: number | null;
  /** Log entries by the end; spread evenly over the items. */
  readonly logs: number;
  /** Every so many entries one tells of an item that did arrive; 0 for none. */
  readonly noteEvery: number;
  /** Units of progress an item counts for: 1 where items are counted, more where bytes are. */
  readonly unitsPerItem: number;
};

export type Ending =
  | { readonly status: 'COMPLETED' }
  | { readonly status: 'FAILED'; readonly error: JobError }
  | { readonly status: 'PARTIALLY_SUCCESSFUL'; readonly cause: string };

/** The whole life of a scripted job, known from its beginning. */
export type JobPlan = {
  readonly id: string;
  readonly startedAt: number;
  readonly name: string | null;
  readonly source: Source;
  readonly destination: Destination;
  readonly otherSite: OtherSite | null;
  readonly scheduleId: string | null;
  readonly workflowId: string | null;
  readonly extendedFields: JsonObject | null;
  readonly shape: WireShape;
  readonly pace: Pace;
  readonly load: Load;
  readonly ending: Ending;
  /** What the log entries of rejected items say, in turn. */
  readonly rejections: readonly JobError[];
};
