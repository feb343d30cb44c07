import type { Source } from '../jobs/endpoint.ts';
import type { JsonObject } from '../json.ts';
import type { Schedule, ScheduleStep } from './schedule.ts';

/** A step's collection has filter and fields at the top, where a job's has filterQuery (CONTRACT 15). */
const renderStepSource = (source: Source): JsonObject => {
  if (!('wixDataCollection' in source)) return source;
  const { collectionId, filterQuery, filter, fields } = source.wixDataCollection;
  return { wixDataCollection: { collectionId, filter, fields, ...filterQuery } };
};

const renderStep = ({ source, destination, otherSite }: ScheduleStep): JsonObject => ({
  source: renderStepSource(source),
  destination,
  ...otherSite,
});

const renderWork = ({ form, steps, lastJobId, lastWorkflowId }: Schedule): JsonObject => {
  const rendered = steps.map(renderStep);
  return form === 'flat' ? { ...rendered[0], lastJobId } : { workflow: { steps: rendered }, lastWorkflowId };
};

export const renderSchedule = (schedule: Schedule, withNextExecution: boolean): JsonObject => {
  const { id, revision, name, enabled, cronExpression, lastExecutionAt, nextExecutionAt } = schedule;
  return {
    id,
    revision: String(revision),
    name,
    enabled,
    cronExpression,
    lastExecutionDate: new Date(lastExecutionAt).toISOString(),
    nextExecutionDate:
      withNextExecution && nextExecutionAt !== null ? new Date(nextExecutionAt).toISOString() : undefined,
    ...renderWork(schedule),
  };
};
