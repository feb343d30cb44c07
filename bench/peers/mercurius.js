import { readFile } from 'node:fs/promises';
import fastify from 'fastify';
import mercurius from 'mercurius';
import { createRest } from '../requests/rest.ts';

/** mercurius with its JIT from the first request on, and its loaders. */
const rest = createRest(process.env.WIX_API_URL ?? '');
const schema = await readFile(new URL('../requests/peer-schema.graphql', import.meta.url), 'utf8');

const app = fastify();
app.register(mercurius, {
  schema,
  jit: 1,
  context: (request) => ({ authorization: request.headers.authorization ?? '' }),
  resolvers: {
    Query: {
      jobs: async (_root, { first }, { authorization }) => ({ nodes: await rest.page(authorization, first) }),
    },
  },
  loaders: {
    Query: {
      job: (queries, { authorization }) =>
        rest.jobs(
          authorization,
          queries.map(({ params }) => params.id),
        ),
    },
    Job: {
      // a loader tells rows apart, not the schedules that they name
      schedule: async (queries, { authorization }) => {
        const ids = [...new Set(queries.map(({ obj }) => obj.scheduleId))];
        const rows = await Promise.all(ids.map((id) => rest.schedule(authorization, id)));
        const byId = new Map(rows.map((row) => [row.id, row]));
        return queries.map(({ obj }) => byId.get(obj.scheduleId) ?? null);
      },
    },
  },
});
await app.listen({ port: Number(process.env.PORT), host: '127.0.0.1' });
process.on('SIGTERM', () => process.exit(0));
