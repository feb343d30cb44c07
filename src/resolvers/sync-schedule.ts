import { newestFirst } from '../domain/job-filter.ts';
import { builder } from '../schema/builder.ts';
import { connectionArgs, JobConnectionRef } from '../schema/connections.ts';
import { priced, rowsOf } from '../schema/price.ts';
import { SyncScheduleRef } from '../schema/sync-schedule.ts';
import { compileJobQuery } from '../upstream/job-query.ts';

builder.objectField(SyncScheduleRef, 'jobs', (t) =>
  t.field({
    type: JobConnectionRef,
    description: 'Jobs that this schedule triggered, newest first. One upstream call per schedule.',
    args: connectionArgs,
    extensions: priced((args) => ({ calls: 1, times: rowsOf(args) })),
    resolve: ({ id }, page, { loaders }) =>
      loaders.jobs(compileJobQuery({ scheduleId: { eq: id } }, newestFirst), page),
  }),
);
