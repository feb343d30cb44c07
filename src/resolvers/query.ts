import { badUserInput } from '../domain/gateway-error.ts';
import { type JobOrder, newestFirst } from '../domain/job-filter.ts';
import type { Loaders } from '../loaders.ts';
import { builder } from '../schema/builder.ts';
import { connectionArgs, JobConnectionRef } from '../schema/connections.ts';
import { JobRef } from '../schema/job.ts';
import { JobFilterRef } from '../schema/job-filter.ts';
import { JobOrderRef } from '../schema/job-order.ts';
import { NodeRef } from '../schema/node.ts';
import { assumedLength, priced, rowsOf } from '../schema/price.ts';
import { SyncScheduleRef } from '../schema/sync-schedule.ts';
import { UpstreamStatusRef } from '../schema/upstream-status.ts';
import { compileJobQuery } from '../upstream/job-query.ts';

const maxOrderKeys = 5;
const maxNodes = 1000;

const orderOf = (orderBy: readonly JobOrder[] | null | undefined): readonly JobOrder[] => {
  if (!orderBy || orderBy.length === 0) return newestFirst;
  if (orderBy.length > maxOrderKeys) {
    throw badUserInput(
      'orderBy',
      `${orderBy.length} keys are more than the ${maxOrderKeys} that upstream can order by.`,
    );
  }
  return orderBy;
};

// an id does not tell what it is the id of, and jobs are what people mostly ask for
const loadNode = async ({ job, schedule }: Loaders, id: string) =>
  (await job.load(id)) ?? (await schedule.load(id));

builder.queryType({
  description:
    'Reading. Every field that asks upstream is nullable, so that one that fails leaves its siblings alone.',
  fields: (t) => ({
    job: t.field({
      type: JobRef,
      description: "One job of the caller's site. Null when there is none with this id.",
      args: { id: t.arg.id({ required: true, description: 'The GUID of the job.' }) },
      extensions: priced({ lookups: { job: 1 } }),
      resolve: (_root, { id }, { loaders }) => loaders.job.load(id),
    }),
    jobs: t.field({
      type: JobConnectionRef,
      description:
        "The caller's jobs, newest first unless ordered otherwise. `first` is 1 to 100 (one upstream page), 50 by default.",
      args: {
        ...connectionArgs,
        filter: t.arg({ type: JobFilterRef, description: 'Only jobs that this holds for.' }),
        orderBy: t.arg({
          type: [JobOrderRef],
          defaultValue: [...newestFirst],
          description: 'At most 5 keys, the first one counting most.',
        }),
      },
      extensions: priced((args) => ({ calls: 1, times: rowsOf(args) })),
      resolve: (_root, { filter, orderBy, ...page }, { loaders }) =>
        loaders.jobs(compileJobQuery(filter ?? {}, orderOf(orderBy)), page),
    }),
    schedule: t.field({
      type: SyncScheduleRef,
      description: 'One sync schedule. Null when there is none with this id.',
      args: { id: t.arg.id({ required: true, description: 'The GUID of the schedule.' }) },
      extensions: priced({ lookups: { schedule: 1 } }),
      resolve: (_root, { id }, { loaders }) => loaders.schedule.load(id),
    }),
    schedules: t.field({
      type: [SyncScheduleRef],
      description:
        "Every sync schedule of the caller's site: upstream sends them all at once, without pages.",
      extensions: priced({ lookups: { schedule: 1 }, times: assumedLength.schedules }),
      resolve: (_root, _args, { loaders }) => loaders.allSchedules(),
    }),
    node: t.field({
      type: NodeRef,
      description: 'Any object by id, for Relay-style refetching.',
      args: { id: t.arg.id({ required: true, description: 'The GUID of a job or schedule.' }) },
      extensions: priced({ lookups: { job: 1, schedule: 1 } }),
      resolve: (_root, { id }, { loaders }) => loadNode(loaders, id),
    }),
    nodes: t.field({
      type: [NodeRef],
      nullable: { list: false, items: true },
      description: 'Any objects by id, in the order of the ids; null for an id of nothing.',
      args: {
        ids: t.arg.idList({ required: true, description: 'At most 1000 GUIDs of jobs or schedules.' }),
      },
      extensions: priced(({ ids }) => {
        const count = Array.isArray(ids) ? ids.length : 0;
        return { lookups: { job: count, schedule: count }, times: count };
      }),
      resolve: (_root, { ids }, { loaders }) => {
        if (ids.length > maxNodes)
          throw badUserInput('ids', `${ids.length} are more than ${maxNodes} at a time.`);
        return ids.map((id) => loadNode(loaders, id));
      },
    }),
    upstream: t.field({
      type: UpstreamStatusRef,
      nullable: false,
      description: 'What is known about upstream without asking it, so this field always answers.',
      extensions: priced({}),
      resolve: (_root, _args, { upstream, live }) => ({ upstream, live }),
    }),
  }),
});
