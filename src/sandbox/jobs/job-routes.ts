import { ok } from '../http/answer.ts';
import { invalid, notFound } from '../http/failure.ts';
import { guidParameter } from '../http/guid-parameter.ts';
import type { ApiRequest, Route } from '../http/route.ts';
import { isList, isObject, type JsonValue } from '../json.ts';
import { readPaging } from '../query/paging.ts';
import type { StoredJob } from './job-store.ts';
import { resumeWalk, startWalk } from './job-walk.ts';
import { jobsPage } from './jobs-page.ts';
import { logsPage } from './logs-page.ts';
import { renderJob } from './render-job.ts';

export const requestedJob = (request: ApiRequest): StoredJob => {
  const jobId = guidParameter(request, 'jobId');
  const job = request.site.jobs.find(jobId, request.now);
  if (job === undefined) throw notFound('No such job on this site.', { jobId });
  return job;
};

const getJob: Route['handle'] = (request) => ok({ job: renderJob(requestedJob(request).at(request.now)) });

const listJobs: Route['handle'] = ({ input, site, now }) => {
  const { limit, cursor } = readPaging(input['paging'], 'paging');
  const walk = cursor === null ? startWalk({}, []) : resumeWalk('ListJobs', cursor, 'paging.cursor');
  return ok(jobsPage('ListJobs', walk, limit, site.jobs, now));
};

/** To protobuf an empty filter or sort is one that was not sent. */
const isEmpty = (value: JsonValue): boolean =>
  (isObject(value) || isList(value)) && Object.keys(value).length === 0;

const queryJobs: Route['handle'] = ({ input, site, now }) => {
  const query = input['query'] ?? {};
  if (!isObject(query)) throw invalid({ field: 'query', description: 'must be an object' });
  const filter = query['filter'] ?? {};
  const sort = query['sort'] ?? [];
  const { limit, cursor } = readPaging(query['cursorPaging'], 'query.cursorPaging');
  if (cursor === null) return ok(jobsPage('QueryJobs', startWalk(filter, sort), limit, site.jobs, now));
  if (!isEmpty(filter) || !isEmpty(sort)) {
    const description = 'A cursor carries its own filter and sort; they cannot be sent beside it';
    throw invalid({ field: 'query.cursorPaging.cursor', description });
  }
  const walk = resumeWalk('QueryJobs', cursor, 'query.cursorPaging.cursor');
  return ok(jobsPage('QueryJobs', walk, limit, site.jobs, now));
};

const listMovementLogs: Route['handle'] = (request) => {
  const paging = readPaging(request.input['paging'], 'paging');
  return ok(logsPage(requestedJob(request), paging, request.now));
};

export const jobsPath = '/data-mover/v1/jobs';

export const jobRoutes: readonly Route[] = [
  { operation: 'ListJobs', method: 'GET', path: jobsPath, handle: listJobs },
  { operation: 'ListJobs', method: 'POST', path: `${jobsPath}/list`, handle: listJobs },
  { operation: 'QueryJobs', method: 'GET', path: `${jobsPath}/query`, handle: queryJobs },
  { operation: 'QueryJobs', method: 'POST', path: `${jobsPath}/query`, handle: queryJobs },
  { operation: 'GetJob', method: 'GET', path: `${jobsPath}/:jobId`, handle: getJob },
  { operation: 'ListMovementLogs', method: 'GET', path: `${jobsPath}/:jobId/logs`, handle: listMovementLogs },
];
