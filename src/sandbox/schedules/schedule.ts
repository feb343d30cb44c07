import type { Destination, OtherSite, Source } from '../jobs/endpoint.ts';

export type ScheduleStep = {
  readonly source: Source;
  readonly destination: Destination;
  readonly otherSite: OtherSite | null;
};

/** A sync schedule as it is at one instant. */
export type Schedule = {
  readonly id: string;
  readonly revision: number;
  readonly name: string;
  readonly enabled: boolean;
  readonly cronExpression: string;
  readonly steps: readonly ScheduleStep[];
  readonly lastExecutionAt: number;
  readonly nextExecutionAt: number | null;
  readonly lastWorkflowId: string;
  readonly lastJobId: string;
  /** The older published version has one step's members at the top and no workflow (CONTRACT 15). */
  readonly form: 'workflow' | 'flat';
};

export type StoredSchedule = { readonly id: string; readonly at: (now: number) => Schedule };
