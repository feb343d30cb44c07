import { expect, it } from 'vitest';
import { openGateway } from './support/gateway.ts';
import { openSocket } from './support/live-client.ts';
import { openServer } from './support/live-server.ts';
import { jobsPage } from './support/rows.ts';
import { startScriptedUpstream } from './support/scripted-upstream.ts';

const jobs = '{ jobs { nodes { id } } }';
const open = () => startScriptedUpstream(() => jobsPage([]));

it.each(['authorization', 'wix-site-id', 'wix-account-id'])(
  'a line break in %s reaches no header of upstream',
  async (name) => {
    const upstream = await open();
    const { url } = await openServer(upstream.url);
    const params = { authorization: 'good', [name]: 'good\r\nwix-site-id: of-another' };
    const told = await (await openSocket(url, { params })).operate(jobs).next();
    expect(told.errors ?? told).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }]);
    expect(upstream.count()).toBe(0);
  },
);

it('an id that is a path leads to no other operation of upstream', async () => {
  const upstream = await open();
  const { ask } = openGateway(upstream.url);
  for (const id of ['../schedules', '..%2fquery', 'a/terminate', '?x=y', '#', '\u0000']) {
    const { data } = await ask('query ($id: ID!) { job(id: $id) { id } }', { variables: { id } });
    expect(data?.job ?? null).toBeNull();
  }
  expect(upstream.calls.filter(({ path }) => !/^\/data-mover\/v1\/jobs\/[^/]+$/.test(path))).toEqual([]);
});

it('names that objects have by themselves are plain keys', async () => {
  const upstream = await open();
  const { ask, fetch } = openGateway(upstream.url);
  const variables = JSON.parse(
    '{"__proto__": {"polluted": 1}, "constructor": {"prototype": {"polluted": 1}}}',
  );
  expect((await ask(jobs, { variables })).errors).toBeUndefined();
  const { errors } = await ask('query ($filter: JobFilter) { jobs(filter: $filter) { nodes { id } } }', {
    variables: { filter: variables },
  });
  expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }, {}]);
  await fetch(new Request('http://gateway/graphql?query={__typename}&__proto__[polluted]=1&constructor=1'));
  expect(Object.keys(Object.prototype)).toEqual([]);
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
});

it('introspection that goes in circles is refused', async () => {
  const { ask } = openGateway((await open()).url, { playground: true });
  const circle =
    '{ __schema { types { fields { type { fields { type { fields { type { name } } } } } } } } }';
  expect((await ask(circle)).errors).toMatchObject([{ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }]);
});

it('what decides on the status of an answer is no part of it', async () => {
  const { ask } = openGateway((await open()).url);
  for (const query of ['{', '{ unknown }', '{ jobs(first: 0) { nodes { id } } }', jobs]) {
    for (const { extensions } of (await ask(query, { authorization: null })).errors ?? []) {
      expect(Object.keys(extensions)).not.toContain('http');
    }
  }
});
