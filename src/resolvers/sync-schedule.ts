import { newestFirst } from '../domain/job-filter.ts';
import { builder } from '../schema/builder.ts';
import { connectionArgs, JobConnectionRef } from '../schema/connections.ts';
import { SyncScheduleRef } from '../schema/sync-schedule.ts';
import { compileJobQuery } from '../upstream/job-query.ts';

builder.objectField(SyncScheduleRef, 'jobs', (t) =>
  t.field({
    type: JobConnectionRef,
    description: 'Jobs that this schedule triggered, newest first. One upstream call per schedule.',
    args: connectionArgs,
    resolve: ({ id }, page, { loaders }) =>
      loaders.jobs(compileJobQuery({ scheduleId: { eq: id } }, newestFirst), page),
  }),
);
