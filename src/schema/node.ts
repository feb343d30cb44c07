import type { Job } from '../domain/job.ts';
import type { SyncSchedule } from '../domain/sync-schedule.ts';
import { builder } from './builder.ts';

export const NodeRef = builder.interfaceRef<Job | SyncSchedule>('Node').implement({
  description: 'An object that can be asked for again by its id.',
  resolveType: (value) => ('status' in value ? 'Job' : 'SyncSchedule'),
  fields: (t) => ({
    id: t.exposeID('id', {
      nullable: false,
      description: 'The upstream GUID, unchanged: what REST, webhooks and the SDK call the same thing.',
    }),
  }),
});
