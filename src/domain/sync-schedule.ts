import type { Destination } from './destination.ts';
import type { Source } from './source.ts';

export interface SyncStep {
  readonly source: Source | null;
  readonly destination: Destination | null;
  readonly sourceSiteId: string | null;
  readonly destinationSiteId: string | null;
}

export interface SyncSchedule {
  readonly id: string;
  readonly name: string | null;
  readonly enabled: boolean;
  readonly cronExpression: string | null;
  readonly lastRunAt: Date | null;
  readonly nextRunAt: Date | null;
  readonly steps: readonly SyncStep[];
  readonly lastWorkflowId: string | null;
}
