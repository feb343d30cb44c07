import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buildSchema } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { Repeater } from 'graphql-yoga';
import { WebSocketServer } from 'ws';
import { reportReady } from '../support/child.ts';

/** graphql-ws as its documentation has it: the same graph with default resolvers, and a publisher in memory. */
const schema = buildSchema(await readFile(new URL('../../schema.graphql', import.meta.url), 'utf8'));
const publishers = new Set<(update: object) => unknown>();
const watch = () =>
  new Repeater<object>(async (push, stop) => {
    publishers.add(push);
    await stop;
    publishers.delete(push);
  });
const http = createServer().listen(0, '127.0.0.1');
await once(http, 'listening');
useServer({ schema, roots: { subscription: { jobUpdated: watch } } }, new WebSocketServer({ server: http }));
process.on('message', ({ publish }: { publish?: { update: object } }) => {
  if (publish) for (const push of publishers) push({ jobUpdated: publish.update });
});
reportReady({ url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/` });
