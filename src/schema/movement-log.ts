import type { MovementLog } from '../domain/movement-log.ts';
import { ApplicationErrorRef } from './application-error.ts';
import { builder } from './builder.ts';

export const MovementLogRef = builder.objectRef<MovementLog>('MovementLog').implement({
  description:
    'What the destination recorded about one item: each failure, and with some destinations successes too (upstream: ListMovementLogs).',
  fields: (t) => ({
    sourceItemId: t.exposeString('sourceItemId', {
      description: 'The id of the item in the source, or the row number in a CSV file.',
    }),
    failure: t.expose('failure', {
      type: ApplicationErrorRef,
      description: 'Why the item could not be moved. Null when it was.',
    }),
    details: t.expose('details', {
      type: 'JSONObject',
      description: 'More about an item that was moved; its shape depends on the destination.',
    }),
  }),
});
