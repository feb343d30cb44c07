import { ok } from '../http/answer.ts';
import { invalid, notFound } from '../http/failure.ts';
import { guidParameter } from '../http/guid-parameter.ts';
import type { Route } from '../http/route.ts';
import { isList, type JsonObject } from '../json.ts';
import { renderSchedule } from './render-schedule.ts';

const nextExecution = 'NEXT_SCHEDULE_EXECUTION';

const asksForNextExecution = (input: JsonObject): boolean => {
  const fields = input['fields'] ?? [];
  if (!isList(fields) || fields.length > 1 || fields.some((field) => field !== nextExecution)) {
    throw invalid({ field: 'fields', description: `may hold nothing but one ${nextExecution}` });
  }
  return fields.length === 1;
};

const getSyncJob: Route['handle'] = (request) => {
  const { input, site, now } = request;
  const syncJobId = guidParameter(request, 'syncJobId');
  const schedule = site.schedules.find(({ id }) => id === syncJobId);
  if (schedule === undefined) throw notFound('No such sync job on this site.', { syncJobId });
  return ok({ syncJob: renderSchedule(schedule.at(now), asksForNextExecution(input)) });
};

/** All at once: paging and filter are accepted and ignored upstream too. */
const listSyncJobs: Route['handle'] = ({ input, site, now }) => {
  const withNextExecution = asksForNextExecution(input);
  return ok({
    syncJobs: site.schedules.map((schedule) => renderSchedule(schedule.at(now), withNextExecution)),
  });
};

const syncJobs = '/data-move-scheduler/v1/sync-jobs';

export const scheduleRoutes: readonly Route[] = [
  { operation: 'ListSyncJobs', method: 'GET', path: syncJobs, handle: listSyncJobs },
  { operation: 'GetSyncJob', method: 'GET', path: `${syncJobs}/:syncJobId`, handle: getSyncJob },
];
