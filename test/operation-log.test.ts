import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { bearer, createTokenFile, entry, ownRights, tokenOf } from './support/access.ts';
import { openGateway } from './support/gateway.ts';
import { openSocket, watchByEvents } from './support/live-client.ts';
import { callerHeaders, openServer } from './support/live-server.ts';
import { type MemoryLog, memoryLog } from './support/memory-log.ts';
import { startMovingJobs } from './support/moving-jobs.ts';
import { guid, jobRow, jobRows, lookup } from './support/rows.ts';
import { startScriptedUpstream } from './support/scripted-upstream.ts';

const info = 30;
const job = (n: number) => `query Look { job(id: "${guid(n)}") { status } }`;
const watching = (n: number) => `subscription Watch { jobUpdated(id: "${guid(n)}") { kind job { status } } }`;
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const uuid = /^[0-9a-f-]{36}$/;

const operations = ({ events }: MemoryLog) => events(info).filter(({ msg }) => msg === 'operation');

describe('an operation', () => {
  it('is one line: what was asked, by whom, what it cost, and how it ended', async () => {
    const upstream = await startScriptedUpstream(lookup(jobRows(3)));
    const memory = memoryLog();
    const gateway = openGateway(upstream.url, { log: memory.log });
    const accept = 'application/json, text/event-stream';
    await gateway.ask(job(1), { headers: { 'x-request-id': 'from-the-client', accept } });
    const [line, ...others] = operations(memory);
    expect(others).toEqual([]);
    expect(line).toMatchObject({
      type: 'query',
      operation: 'Look',
      document: sha256(job(1)),
      transport: 'http',
      requestId: 'from-the-client',
      upstreamCalls: 1,
      cacheHits: 0,
      errors: [],
      upstreamRequestIds: ['request-1'],
    });
    expect(line.ms).toBeGreaterThan(0);
    expect(line.caller).toMatch(/^[\w-]{10}$/);
    expect(memory.lines.join()).not.toContain('test-credential');
  });

  it('tells what came from memory, and callers apart', async () => {
    const upstream = await startScriptedUpstream(lookup(jobRows(3)));
    const memory = memoryLog();
    const gateway = openGateway(upstream.url, { log: memory.log });
    for (const authorization of ['one', 'one', 'other']) await gateway.ask(job(1), { authorization });
    const [first, again, other] = operations(memory);
    expect([first, again, other].map(({ upstreamCalls, cacheHits }) => [upstreamCalls, cacheHits])).toEqual([
      [1, 0],
      [0, 1],
      [1, 0],
    ]);
    expect(again.caller).toBe(first.caller);
    expect(other.caller).not.toBe(first.caller);
  });

  it('says who asked for what was never run, over HTTP and WebSockets', async () => {
    const upstream = await startScriptedUpstream(lookup(jobRows(3)));
    const memory = memoryLog();
    const { url, ask } = await openServer(upstream.url, {}, memory.log);
    await ask(job(1));
    await ask('{ nothing }');
    await ask('{ jobs(');
    const { operate } = await openSocket(url, { params: callerHeaders });
    await operate('{ nothing }').next();
    const [{ caller }, ...refused] = operations(memory);
    expect(refused.map(({ errors, caller: who }) => [errors, who])).toEqual([
      [['GRAPHQL_VALIDATION_FAILED'], caller],
      [['GRAPHQL_PARSE_FAILED'], caller],
      [['GRAPHQL_VALIDATION_FAILED'], caller],
    ]);
  });

  it('counts every attempt upstream', async () => {
    const rows = lookup(jobRows(3));
    const upstream = await startScriptedUpstream((call) =>
      upstream.count() === 1 ? { status: 503, json: {} } : rows(call),
    );
    const memory = memoryLog();
    await openGateway(upstream.url, { log: memory.log }).ask(job(1));
    expect(operations(memory)[0]).toMatchObject({
      upstreamCalls: 2,
      errors: [],
      upstreamRequestIds: ['request-1', 'request-2'],
    });
  });

  it('has the name of a principal', async () => {
    const upstream = await startScriptedUpstream(lookup(jobRows(3)));
    const file = await createTokenFile([entry('dashboard')]);
    const memory = memoryLog();
    const env = { ...ownRights, GATEWAY_AUTH: 'tokens', GATEWAY_TOKENS_FILE: file.path };
    const { ask } = await openServer(upstream.url, env, memory.log);
    await ask(job(1), bearer(tokenOf('dashboard')));
    await ask(job(1), bearer('nobody knows this'));
    expect(operations(memory).map(({ caller, errors }) => [caller, errors])).toEqual([
      ['dashboard', []],
      [null, ['UNAUTHENTICATED']],
    ]);
  });

  it.each([
    ['{ job(', 'GRAPHQL_PARSE_FAILED', null],
    ['query Odd { nothing }', 'GRAPHQL_VALIDATION_FAILED', 'Odd'],
    [
      'query Deep { jobs(first: 100) { nodes { logs { nodes { sourceItemId } } } } }',
      'QUERY_TOO_COMPLEX',
      'Deep',
    ],
    ['query Many($id: ID!) { job(id: $id) { id } }', 'BAD_USER_INPUT', 'Many'],
    [`query ${'a'.repeat(250)} { nothing }`, 'GRAPHQL_VALIDATION_FAILED', 'a'.repeat(200)],
  ])('that is refused is a line too: %#', async (query, code, name) => {
    const upstream = await startScriptedUpstream(lookup([]));
    const memory = memoryLog();
    const server = await openServer(upstream.url, {}, memory.log);
    const { errors = [] } = await server.ask(query);
    expect(errors[0]?.extensions.code).toBe(code);
    const { operate } = await openSocket(server.url);
    expect((await operate(query).next()).type).toBe('error');
    expect(operations(memory).map((line) => [line.transport, line.operation, line.errors])).toEqual([
      ['http', name, [code]],
      ['ws', name, [code]],
    ]);
    expect(upstream.count()).toBe(0);
  });

  it('whose client leaves says so, rather than that something failed', async () => {
    const upstream = await startScriptedUpstream(() => 'hang');
    const memory = memoryLog();
    const server = await openServer(upstream.url, {}, memory.log);
    const { operate } = await openSocket(server.url);
    const asked = operate(job(1));
    while (upstream.count() === 0) await new Promise((resolve) => setImmediate(resolve));
    asked.leave();
    expect(await memory.logged('operation')).toMatchObject({ transport: 'ws', errors: ['CLIENT_LEFT'] });
  });

  it('over a WebSocket is a line, with an id under that of its socket', async () => {
    const upstream = await startScriptedUpstream(lookup(jobRows(3)));
    const memory = memoryLog();
    const server = await openServer(upstream.url, {}, memory.log);
    const { operate } = await openSocket(server.url, { headers: { 'x-request-id': 'socket-1' } });
    for (const n of [1, 2]) {
      const asked = operate(job(n));
      expect([(await asked.next()).type, (await asked.next()).type]).toEqual(['next', 'complete']);
    }
    expect(operations(memory).map((line) => [line.transport, line.requestId, line.operation])).toEqual([
      ['ws', 'socket-1/1', 'Look'],
      ['ws', 'socket-1/2', 'Look'],
    ]);
  });
});

describe('the id of a request', () => {
  it.each(['abc-123', '0af7651916cd43dd8448eb211c80319c', 'a.b:c/d+e=f_g'])(
    'is the client’s: %s',
    async (id) => {
      const upstream = await startScriptedUpstream(lookup(jobRows(3)));
      const memory = memoryLog();
      const server = await openServer(upstream.url, {}, memory.log);
      const answer = await fetch(`${server.url}?query={__typename}`, { headers: { 'x-request-id': id } });
      expect(answer.headers.get('x-request-id')).toBe(id);
      expect(operations(memory)[0].requestId).toBe(id);
    },
  );

  it.each([undefined, '', 'a b', 'x'.repeat(129), '{"level":60}', 'é'])(
    'is a new one instead of %j',
    async (id) => {
      const upstream = await startScriptedUpstream(lookup(jobRows(3)));
      const memory = memoryLog();
      const server = await openServer(upstream.url, {}, memory.log);
      const headers: Record<string, string> = id === undefined ? {} : { 'x-request-id': id };
      const answer = await fetch(`${server.url}?query={__typename}`, { headers });
      expect(answer.headers.get('x-request-id')).toMatch(uuid);
      expect(operations(memory)[0].requestId).toBe(answer.headers.get('x-request-id'));
    },
  );

  it('is given to who is refused at the gate', async () => {
    const upstream = await startScriptedUpstream(lookup([]));
    const server = await openServer(upstream.url);
    const answer = await fetch(server.url, {
      method: 'POST',
      body: 'x',
      headers: { 'x-request-id': 'mine' },
    });
    expect([answer.status, answer.headers.get('x-request-id')]).toEqual([415, 'mine']);
  });
});

describe('a trace that a client began', () => {
  const trace = '0af7651916cd43dd8448eb211c80319c';
  it.each([
    [`00-${trace}-b7ad6b7169203331-01`, trace],
    [`01-${trace}-b7ad6b7169203331-01-more`, trace],
    [`00-${trace}-b7ad6b7169203331-01-more`, undefined],
    [`ff-${trace}-b7ad6b7169203331-01`, undefined],
    [`00-${'0'.repeat(32)}-b7ad6b7169203331-01`, undefined],
    [`00-${trace}-${'0'.repeat(16)}-01`, undefined],
    ['nonsense', undefined],
  ])('is in the line: %s', async (traceparent, traceId) => {
    const upstream = await startScriptedUpstream(lookup(jobRows(3)));
    const memory = memoryLog();
    await openGateway(upstream.url, { log: memory.log }).ask(job(1), { headers: { traceparent } });
    expect(operations(memory)[0].traceId).toBe(traceId);
  });

  it('goes no further while nothing is traced, and no other header of the client ever does', async () => {
    const upstream = await startScriptedUpstream(lookup(jobRows(3)));
    await openGateway(upstream.url).ask(job(1), {
      headers: {
        traceparent: `00-${trace}-b7ad6b7169203331-01`,
        'x-request-id': 'mine',
        cookie: 'canary=1',
        'x-forwarded-for': '192.0.2.1',
      },
    });
    expect(Object.keys(upstream.calls[0]?.headers ?? {}).sort()).toEqual([
      'accept',
      'authorization',
      'connection',
      'host',
    ]);
  });
});

describe('a failing upstream', () => {
  it('is told with the operation that met it, and once its circuit is open, no more', async () => {
    const upstream = await startScriptedUpstream(() => ({ status: 500, json: { message: 'broken' } }));
    const memory = memoryLog();
    const gateway = openGateway(upstream.url, { log: memory.log });
    const ask = (n: number) => gateway.ask(job(n), { headers: { 'x-request-id': `mine-${n}` } });
    for (const n of [0, 1, 2, 3, 4]) await ask(n);
    const told = memory.events(40);
    expect(told).toHaveLength(6);
    expect(told[0]).toMatchObject({
      code: 'UPSTREAM_UNAVAILABLE',
      endpoint: 'GetJob',
      requestId: 'mine-0',
      caller: operations(memory)[0].caller,
    });
    for (const n of [5, 6]) await ask(n);
    expect(operations(memory)[6].errors).toEqual(['UPSTREAM_UNAVAILABLE']);
    expect(memory.events(40)).toHaveLength(6);
  });
});

describe('a subscription', () => {
  it.each(['ws', 'sse'])(
    'is a line when it begins and one when it ends, with none between: %s',
    async (transport) => {
      const upstream = await startMovingJobs(2);
      const memory = memoryLog();
      const server = await openServer(upstream.url, {}, memory.log);
      const watch =
        transport === 'ws'
          ? (await openSocket(server.url, { params: callerHeaders })).operate(watching(1))
          : watchByEvents(server.url, watching(1));
      await watch.next();
      const before = memory.events(info).length;
      for (const current of ['1', '2', '3']) {
        upstream.move(1, { progress: { current, total: '10' } });
        await watch.next();
      }
      expect(memory.events(info)).toHaveLength(before);
      watch.leave();
      const ended = await memory.logged('subscription ended');
      const began = await memory.logged('subscription began');
      expect([began, ended].map((line) => [line.transport, line.type, line.operation])).toEqual([
        [transport, 'subscription', 'Watch'],
        [transport, 'subscription', 'Watch'],
      ]);
      expect(ended).toMatchObject({ events: 4, errors: [], requestId: began.requestId });
    },
  );

  it('tells of its end when its job has finished, and when it never began', async () => {
    const upstream = await startMovingJobs(2);
    const memory = memoryLog();
    const server = await openServer(upstream.url, {}, memory.log);
    const { operate } = await openSocket(server.url);
    const watch = operate(watching(1));
    await watch.next();
    upstream.move(1, jobRow(1));
    expect([(await watch.next()).type, (await watch.next()).type]).toEqual(['next', 'complete']);
    expect(await memory.logged('subscription ended')).toMatchObject({ events: 2 });
    expect((await operate(watching(77)).next()).type).toBe('error');
    expect(await memory.logged('operation')).toMatchObject({
      type: 'subscription',
      operation: 'Watch',
      errors: ['BAD_USER_INPUT'],
    });
  });
});
