import { builder } from '../schema/builder.ts';
import { connectionArgs, MovementLogConnectionRef } from '../schema/connections.ts';
import { JobRef } from '../schema/job.ts';
import { assumedLength, priced, rowsOf } from '../schema/price.ts';
import { SyncScheduleRef } from '../schema/sync-schedule.ts';

builder.objectFields(JobRef, (t) => ({
  logs: t.field({
    type: MovementLogConnectionRef,
    description:
      'What the destination recorded per item. One upstream call per job: ask for it on one job, not on a page of them.',
    args: connectionArgs,
    extensions: priced((args) => ({ calls: 1, times: rowsOf(args) })),
    resolve: (job, page, { loaders }) => loaders.logs.load({ jobId: job.id, ...page }),
  }),
  schedule: t.field({
    type: SyncScheduleRef,
    description: 'The schedule that triggered this job.',
    extensions: priced({ lookups: { schedule: 1 } }),
    resolve: ({ scheduleId }, _args, { loaders }) =>
      scheduleId === null ? null : loaders.schedule.load(scheduleId),
  }),
  workflowJobs: t.field({
    type: [JobRef],
    nullable: false,
    description:
      'All jobs of the same workflow, this one included, oldest first. Empty when the job belongs to none.',
    extensions: priced({ lookups: { workflow: 1 }, times: assumedLength.workflow }),
    resolve: ({ workflowId }, _args, { loaders }) =>
      workflowId === null ? [] : loaders.workflowJobs.load(workflowId),
  }),
}));
