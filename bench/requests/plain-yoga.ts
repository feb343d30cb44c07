import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import DataLoader from 'dataloader';
import { createSchema, createYoga, type YogaInitialContext } from 'graphql-yoga';
import { createRest } from './rest.ts';
import type { JobRow } from './site.ts';

/** The baseline: graphql-yoga with its defaults and DataLoader, as one would write it in an afternoon. */
const rest = createRest(process.env['WIX_API_URL'] ?? '');
const typeDefs = await readFile(new URL('peer-schema.graphql', import.meta.url), 'utf8');

const contextOf = ({ request }: YogaInitialContext) => {
  const authorization = request.headers.get('authorization') ?? '';
  return {
    authorization,
    job: new DataLoader((ids: readonly string[]) => rest.jobs(authorization, ids)),
    schedule: new DataLoader((ids: readonly string[]) =>
      Promise.all(ids.map((id) => rest.schedule(authorization, id))),
    ),
  };
};
type Context = ReturnType<typeof contextOf>;

const schema = createSchema<Context>({
  typeDefs,
  resolvers: {
    Query: {
      job: (_root: unknown, { id }: { id: string }, { job }: Context) => job.load(id),
      jobs: async (_root: unknown, { first }: { first: number }, { authorization }: Context) => ({
        nodes: await rest.page(authorization, first),
      }),
    },
    Job: {
      schedule: ({ scheduleId }: JobRow, _args: object, { schedule }: Context) => schedule.load(scheduleId),
    },
  },
});

const yoga = createYoga({ schema, context: contextOf });
createServer(yoga).listen(Number(process.env['PORT']), '127.0.0.1');
process.on('SIGTERM', () => process.exit(0));
