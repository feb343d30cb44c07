import { builder } from '../schema/builder.ts';
import { JobFilterRef } from '../schema/job-filter.ts';
import { JobUpdateKindRef, JobUpdateRef } from '../schema/job-update.ts';
import { priced } from '../schema/price.ts';

const kindsDescription = 'Only updates of these kinds. All when left out.';

builder.subscriptionType({
  description:
    'Watching, over WebSocket (graphql-transport-ws) or server-sent events. Upstream is polled once for all subscribers of a caller.',
  fields: (t) => ({
    jobUpdated: t.field({
      type: JobUpdateRef,
      nullable: false,
      description:
        'The job now, then each change of it. Completes after the job has finished, or after the longest life of a watch (24 hours by default). A slow reader is told the newest state, never less than the end. An id of no job is BAD_USER_INPUT.',
      args: {
        id: t.arg.id({ required: true, description: 'The GUID of the job.' }),
        kinds: t.arg({ type: [JobUpdateKindRef], description: kindsDescription }),
      },
      // an event costs what is selected on it; looking for events is polling's, which has its own share
      extensions: priced({}),
      subscribe: (_root, { id, kinds }, { live, signal }) => live.watchJob(id, kinds ?? null, signal),
      resolve: ({ update }) => update,
    }),
    jobsUpdated: t.field({
      type: JobUpdateRef,
      nullable: false,
      description:
        'Every job of the caller that is submitted or changes. Never completes by itself, but for the longest life of a watch. With `since` it opens with a SNAPSHOT of each job that is unfinished or was submitted or finished after that instant. After a reconnect pass the last `observedAt`: no end is missed, though one that was told just before may come again, as the SNAPSHOT of a finished job; a job that vanished meanwhile is not told.',
      args: {
        filter: t.arg({
          type: JobFilterRef,
          description: 'Only updates after which this holds for the job.',
        }),
        kinds: t.arg({ type: [JobUpdateKindRef], description: kindsDescription }),
        since: t.arg({
          type: 'DateTime',
          description:
            "Open with what has happened since then, on upstream's clock: the last `observedAt` of this subscription.",
        }),
      },
      extensions: priced({}),
      subscribe: (_root, { filter, kinds, since }, { live, signal }) =>
        live.watchJobs({ filter: filter ?? {}, since: since ?? null }, kinds ?? null, signal),
      resolve: ({ update }) => update,
    }),
  }),
});
