import type { SyncSchedule, SyncStep } from '../domain/sync-schedule.ts';
import { builder } from './builder.ts';
import { DestinationRef } from './destination.ts';
import { NodeRef } from './node.ts';
import { SourceRef } from './source.ts';

const SyncStepRef = builder.objectRef<SyncStep>('SyncStep').implement({
  description: 'One movement that a schedule makes each time it runs (upstream: workflow.steps).',
  fields: (t) => ({
    source: t.expose('source', { type: SourceRef, description: 'Where the data comes from.' }),
    destination: t.expose('destination', { type: DestinationRef, description: 'Where the data goes.' }),
    sourceSiteId: t.exposeID('sourceSiteId', {
      description: 'The site the data comes from, when that is another site of the account.',
    }),
    destinationSiteId: t.exposeID('destinationSiteId', {
      description: 'The site the data goes to, when that is another site of the account.',
    }),
  }),
});

export const SyncScheduleRef = builder.objectRef<SyncSchedule>('SyncSchedule').implement({
  description: 'A schedule that moves data again and again (upstream: sync job of the Data Move Scheduler).',
  interfaces: [NodeRef],
  fields: (t) => ({
    name: t.exposeString('name', { description: 'What the schedule is called.' }),
    enabled: t.exposeBoolean('enabled', {
      nullable: false,
      description: 'False while the schedule is paused.',
    }),
    cronExpression: t.exposeString('cronExpression', {
      description:
        'When it runs: five cron fields in UTC, for example 0 2 * * *. H in place of the minute means one that upstream picks.',
    }),
    lastRunAt: t.expose('lastRunAt', { type: 'DateTime', description: 'When it ran last.' }),
    nextRunAt: t.expose('nextRunAt', { type: 'DateTime', description: 'When it runs next.' }),
    steps: t.expose('steps', {
      type: [SyncStepRef],
      nullable: false,
      description: 'What it moves, in this order.',
    }),
    lastWorkflowId: t.exposeID('lastWorkflowId', {
      description: 'The workflow of its last run: filter `jobs` by `workflowId` to see those jobs.',
    }),
  }),
});
