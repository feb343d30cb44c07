import type { Destination, OtherSite, Source } from '../jobs/endpoint.ts';
import type { JobError, WireShape } from '../jobs/job.ts';
import type { Ending, JobPlan } from '../jobs/job-plan.ts';
import type { JsonObject } from '../json.ts';
import { completed, rowRejections } from './endings.ts';

/** A job of the seed without its identity and its time. */
export type JobTemplate = {
  readonly name?: string;
  readonly source: Source;
  readonly destination: Destination;
  readonly otherSite?: OtherSite;
  readonly extendedFields?: JsonObject;
  readonly shape?: WireShape;
  readonly waitSeconds?: number;
  readonly initializeSeconds?: number;
  /** 0 for a job that fails while it is being prepared. */
  readonly moveSeconds: number;
  readonly items: number;
  readonly totalUnknown?: boolean;
  readonly logs?: number;
  readonly noteEvery?: number;
  readonly unitsPerItem?: number;
  readonly ending?: Ending;
  readonly rejections?: readonly JobError[];
};

export type JobIdentity = {
  readonly id: string;
  readonly startedAt: number;
  readonly scheduleId?: string;
  readonly workflowId?: string;
};

/** Of its items a job that fails handles this share. */
const shareBeforeFailure = 0.42;

export const planJob = (template: JobTemplate, identity: JobIdentity): JobPlan => {
  const { ending = completed, items, moveSeconds, unitsPerItem = 1 } = template;
  const handled = ending.status === 'FAILED' ? Math.floor(items * shareBeforeFailure) : items;
  return {
    id: identity.id,
    startedAt: identity.startedAt,
    name: template.name ?? null,
    source: template.source,
    destination: template.destination,
    otherSite: template.otherSite ?? null,
    scheduleId: identity.scheduleId ?? null,
    workflowId: identity.workflowId ?? null,
    extendedFields: template.extendedFields ?? null,
    shape: template.shape ?? 'bare',
    pace: {
      waitMs: (template.waitSeconds ?? 1) * 1000,
      initializeMs: (template.initializeSeconds ?? 2) * 1000,
      moveMs: moveSeconds * 1000,
    },
    load: {
      items: moveSeconds === 0 ? 0 : handled,
      announced: template.totalUnknown ? null : items * unitsPerItem,
      logs: template.logs ?? 0,
      noteEvery: template.noteEvery ?? 0,
      unitsPerItem,
    },
    ending,
    rejections: template.rejections ?? rowRejections,
  };
};
