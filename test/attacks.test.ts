import { expect, it } from 'vitest';
import { openGateway } from './support/gateway.ts';
import { openSocket } from './support/live-client.ts';
import { openServer } from './support/live-server.ts';
import { memoryLog } from './support/memory-log.ts';
import { openRaw } from './support/raw-http.ts';
import { jobsPage } from './support/rows.ts';
import { startScriptedUpstream } from './support/scripted-upstream.ts';
import { waysIn } from './support/send-over.ts';

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
  expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
  await fetch(new Request('http://gateway/graphql?query={__typename}&__proto__[polluted]=1&constructor=1'));
  expect(Object.keys(Object.prototype)).toEqual([]);
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
});

it.each(['POST', 'server-sent events', 'a WebSocket'])(
  'a variable that is wrong in many ways is told of once over %s, and not at its length',
  async (way) => {
    const { url } = await openServer((await open()).url);
    const wrong = Object.fromEntries(Array.from({ length: 60 }, (_, n) => [`k${n}`, 1]));
    for (const query of [
      'query ($f: JobFilter) { jobs(filter: $f) { nodes { id } } }',
      'subscription ($f: JobFilter) { jobsUpdated(filter: $f) { kind } }',
    ]) {
      if (way === 'POST' && query.startsWith('subscription')) continue;
      const variables = { f: { name: { eq: 'x'.repeat(200_000) }, ...wrong } };
      const { data, errors } = (await waysIn[way]?.(url, { query, variables })) ?? {};
      expect([data, errors]).toMatchObject([undefined, [{ extensions: { code: 'BAD_USER_INPUT' } }]]);
      expect(errors?.[0].message).toMatch(
        /^Variable "\$f" got invalid value .* … .*; Field "k0" is not defined by type "JobFilter"\./,
      );
      expect(JSON.stringify(errors).length).toBeLessThan(1500);
    }
  },
);

it('a request for no address is a mistake of its sender, and tells nothing of the gateway', async () => {
  const { log, events } = memoryLog();
  const { url } = await openServer((await open()).url, {}, log);
  const { host } = new URL(url);
  const targets = ['http://x/graphql', '*', '/graphql', '/', '/elsewhere?a=b'];
  const hosts = [host, '[', 'a b', '%', 'x:y', '127.0.0.1:99999', 'x/y', 'a@b', '', 'x\\y'];
  for (const method of ['GET', 'POST', 'OPTIONS', 'DELETE']) {
    for (const target of targets) {
      for (const to of target.startsWith('/') ? hosts.slice(1) : hosts.slice(0, 1)) {
        const { write, answer } = await openRaw(url);
        write(`${method} ${target} HTTP/1.1\r\nHost: ${to}\r\nContent-Length: 100\r\n\r\n`);
        const text = await answer;
        expect(text).toMatch(/^HTTP\/1.1 400 /);
        expect(text).toContain('"BAD_USER_INPUT"');
        expect(text).not.toMatch(/file:|node_modules| at /);
      }
    }
  }
  expect(events(40)).toEqual([]);
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
