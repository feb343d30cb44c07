import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type Client, createClient } from 'graphql-ws';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { WebSocket } from 'ws';
import { createFakeClock } from './support/fake-clock.ts';
import { openSocket } from './support/live-client.ts';
import { openClockedServer, openServer } from './support/live-server.ts';
import { startMovingJobs } from './support/moving-jobs.ts';
import { sendRaw } from './support/raw-http.ts';
import { guid, lookup } from './support/rows.ts';
import { startScriptedUpstream } from './support/scripted-upstream.ts';

const watchJob = (n: number, fields = 'name') =>
  `subscription { jobUpdated(id: "${guid(n)}") { kind job { ${fields} } } }`;
const progress = (current: number) => ({ progress: { current, total: 1000 } });

const addressOf = (url: string) => url.replace(/^http/, 'ws');

describe('opening', () => {
  it('is for the address of GraphQL only', async () => {
    const { url } = await openServer((await startMovingJobs(0)).url);
    const socket = new WebSocket(addressOf(url.replace('/graphql', '/elsewhere')), 'graphql-transport-ws');
    const [, response] = await once(socket, 'unexpected-response');
    expect(response.statusCode).toBe(404);
    let body = '';
    for await (const part of response.setEncoding('utf8')) body += part;
    expect(JSON.parse(body).errors[0].extensions).toEqual({ code: 'BAD_USER_INPUT' });
    socket.on('error', () => undefined).terminate();
  });

  it('is not what a client is refused for that offers another protocol', async () => {
    const { url } = await openServer((await startMovingJobs(0)).url);
    const headers = {
      'content-type': 'application/json',
      connection: 'Upgrade, HTTP2-Settings',
      upgrade: 'h2c',
      'http2-settings': 'AAMAAABkAAQAAP__',
    };
    const { status, text } = await sendRaw(url, { headers, body: '{"query":"{ __typename }"}' });
    expect([status, text]).toEqual([200, '{"data":{"__typename":"Query"}}']);
    const health = await sendRaw(new URL('/health', url).href, { method: 'GET', headers });
    expect(health.status).toBe(200);
  });

  it('keeps no connection of a client that was refused and does not hang up', async () => {
    const { url } = await openServer((await startMovingJobs(0)).url);
    const client = connect({ port: Number(new URL(url).port), host: '127.0.0.1', allowHalfOpen: true });
    onTestFinished(() => void client.destroy());
    client.write(
      `GET /elsewhere HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${'A'.repeat(22)}==\r\n\r\n`,
    );
    await once(client.resume(), 'end');
    client.on('error', () => undefined);
    // an end that still listened would take any number of these
    while (!client.destroyed) {
      client.write('x');
      await new Promise(setImmediate);
    }
  });

  it('sends a client away that speaks no protocol', async () => {
    const { url } = await openServer((await startMovingJobs(0)).url);
    const [code] = await once(new WebSocket(addressOf(url)), 'close');
    expect(code).toBe(4406);
  });

  it('sends a client away that has not greeted within three seconds', async () => {
    const { url } = await openServer((await startMovingJobs(0)).url);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const client = await openSocket(url, { greet: false });
    vi.advanceTimersByTime(2999);
    await client.roundTrip();
    vi.advanceTimersByTime(1);
    expect((await client.closed).code).toBe(4408);
  });

  it('sends a client away that asks before it has greeted, and one that greets twice', async () => {
    const { url } = await openServer((await startMovingJobs(0)).url);
    const hasty = await openSocket(url, { greet: false });
    hasty.operate('{ __typename }');
    expect((await hasty.closed).code).toBe(4401);
    const polite = await openSocket(url);
    polite.send({ type: 'connection_init' });
    expect((await polite.closed).code).toBe(4429);
  });
});

describe('an upgrade that is refused', () => {
  it.each([
    ['elsewhere', '/elsewhere', ''],
    ['of a foreign page', '/graphql', 'Origin: https://evil.test\r\n'],
  ])('%s is hung up on, though the client would keep the connection', async (_what, path, header) => {
    const { url } = await openServer((await startMovingJobs(0)).url);
    const { hostname, port, host } = new URL(url);
    const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
    onTestFinished(() => void socket.destroy());
    socket.on('error', () => undefined).resume();
    socket.write(
      `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n${header}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
    );
    await once(socket, 'end');
    // to be reset, and not to be read for ever
    const closed = new Promise((resolve) => socket.once('close', resolve));
    const writing = setInterval(() => socket.write('more'), 10);
    await closed.finally(() => clearInterval(writing));
  });
});

describe('who is asking', () => {
  it.each([
    ['in small letters', { authorization: 'key', 'wix-site-id': 'site' }, {}],
    ['in any other letters', { Authorization: 'key', 'WIX-Site-ID': 'site' }, {}],
    ['in the headers of the upgrade', null, { Authorization: 'key', 'wix-site-id': 'site' }],
    [
      'in both, the parameters first',
      { Authorization: 'key' },
      { authorization: 'other', 'wix-site-id': 'site' },
    ],
    ['beside what is no text', { authorization: 'key', 'wix-site-id': 7 }, { 'wix-site-id': 'site' }],
  ])('is told by connection parameters %s', async (_where, params, headers) => {
    const jobs = await startMovingJobs(1);
    const { operate } = await openSocket((await openServer(jobs.url)).url, { params, headers });
    await operate(watchJob(0)).next();
    expect(jobs.calls[0]?.headers).toMatchObject({ authorization: 'key', 'wix-site-id': 'site' });
  });

  it('sees its own jobs only, also under ids that others have too', async () => {
    const upstream = await startScriptedUpstream((call) =>
      lookup([
        {
          id: guid(0),
          name: `The job of ${call.headers.authorization}`,
          status: 'COMPLETED',
          logsRecorded: 0,
        },
      ])(call),
    );
    const { url } = await openServer(upstream.url);
    const callers = ['ann', 'bob'];
    const sockets = await Promise.all(
      callers.map((authorization) => openSocket(url, { params: { authorization } })),
    );
    const told = await Promise.all(sockets.map(({ operate }) => operate(watchJob(0)).next()));
    expect(told.map(({ data }) => data.jobUpdated.job.name)).toEqual(['The job of ann', 'The job of bob']);
    expect(new Set(upstream.calls.map(({ headers }) => headers.authorization))).toEqual(new Set(callers));
  });
});

describe('one socket', () => {
  it('carries many operations, and an error ends its own only', async () => {
    const jobs = await startMovingJobs(1);
    const { operate } = await openSocket((await openServer(jobs.url)).url);
    const live = operate(watchJob(0));
    await live.next();
    for (const [query, code] of [
      ['subscription {', 'GRAPHQL_PARSE_FAILED'],
      ['{ nothing }', 'GRAPHQL_VALIDATION_FAILED'],
      [watchJob(9), 'BAD_USER_INPUT'],
    ]) {
      const failing = operate(query ?? '');
      expect((await failing.next()).errors[0].extensions.code).toBe(code);
      expect(failing.waiting).toEqual([]);
    }
    const asking = operate(`{ job(id: "${guid(0)}") { name } }`);
    expect((await asking.next()).data).toEqual({ job: { name: 'Job 0' } });
    expect((await asking.next()).type).toBe('complete');
    jobs.move(0, progress(1));
    expect((await live.next()).data.jobUpdated.kind).toBe('PROGRESSED');
  });

  it('takes messages of 256 KiB, and is closed for a longer one', async () => {
    const jobs = await startMovingJobs(0);
    const server = await openServer(jobs.url);
    const { operate, send, closed } = await openSocket(server.url);
    const other = await openSocket(server.url);
    const frame = (bytes: number) => {
      const [head, tail] = [
        '{"id":"long","type":"subscribe","payload":{"query":"{ __typename }","operationName":null,"extensions":{"pad":"',
        '"}}}',
      ];
      return `${head}${'x'.repeat(bytes - head.length - tail.length)}${tail}`;
    };
    const long = operate('{ __typename }', { id: 'long' });
    await long.next();
    await long.next();
    send(frame(256 * 1024));
    expect((await long.next()).data).toEqual({ __typename: 'Query' });
    send(frame(256 * 1024 + 1));
    expect((await closed).code).toBe(1009);
    expect((await other.operate('{ __typename }').next()).type).toBe('next');
  });

  it('has a limited number of operations, and refuses only those beyond', async () => {
    const jobs = await startMovingJobs(3);
    const { operate } = await openSocket((await openServer(jobs.url, { WS_MAX_OPERATIONS: '2' })).url);
    const [first, second, third] = [operate(watchJob(0)), operate(watchJob(1)), operate(watchJob(2))];
    expect((await third.next()).errors).toMatchObject([
      { message: expect.stringContaining('2 operations'), extensions: { code: 'BAD_USER_INPUT' } },
    ]);
    expect((await first.next()).type).toBe('next');
    expect((await second.next()).type).toBe('next');
    first.leave();
    expect((await operate(watchJob(2)).next()).data.jobUpdated.kind).toBe('SNAPSHOT');
    jobs.move(1, progress(1));
    expect((await second.next()).data.jobUpdated.kind).toBe('PROGRESSED');
  });

  it('may use an id again as soon as its operation is complete, even in the same breath', async () => {
    const jobs = await startMovingJobs(2);
    const client = await openSocket((await openServer(jobs.url)).url);
    const first = client.operate(watchJob(0), { id: 'same' });
    expect((await first.next()).data.jobUpdated.job.name).toBe('Job 0');
    // both frames leave in one packet
    client.socket.pause();
    // biome-ignore lint/suspicious/noExplicitAny: the only way to hold a client's frames back
    const { _socket: stream } = client.socket as any;
    stream.cork();
    first.leave();
    const second = client.operate(watchJob(1), { id: 'same' });
    stream.uncork();
    client.socket.resume();
    expect((await second.next()).data.jobUpdated.job.name).toBe('Job 1');
    jobs.move(1, progress(1));
    expect((await second.next()).data.jobUpdated.kind).toBe('PROGRESSED');
  });

  it('is told nothing more of an operation that it has completed, though that was being worked out', async () => {
    const jobs = await startMovingJobs(2, () => ({ scheduleId: guid(0, 'schedule') }));
    const client = await openSocket((await openServer(jobs.url)).url);
    const first = client.operate(watchJob(0, 'name schedule { name }'), { id: 'same' });
    await first.next();
    const release = jobs.hold('GetSyncJob');
    const arrived = jobs.next('GetSyncJob');
    jobs.move(0, progress(1));
    await arrived;
    first.leave();
    await client.roundTrip();
    const second = client.operate(watchJob(1), { id: 'same' });
    await client.roundTrip();
    release();
    expect((await second.next()).data.jobUpdated.job.name).toBe('Job 1');
    jobs.move(1, progress(1));
    expect((await second.next()).data.jobUpdated.job.name).toBe('Job 1');
  });

  it.each(['complete', 'terminate'] as const)('gives up the upstream call of a query on %s', async (how) => {
    const jobs = await startMovingJobs(1);
    jobs.answer = () => 'hang';
    const client = await openSocket((await openServer(jobs.url)).url);
    const arrived = jobs.next();
    const query = client.operate(`{ job(id: "${guid(0)}") { name } }`);
    const call = await arrived;
    if (how === 'complete') query.leave();
    else query.terminate();
    await call.aborted;
    expect(query.waiting).toEqual([]);
  });
});

describe('a silent client', () => {
  it('is dropped by the second ping, and one that answers stays', async () => {
    const clock = createFakeClock();
    const jobs = await startMovingJobs(1);
    const server = await openClockedServer(jobs.url, clock);
    const silent = await openSocket(server.url, { autoPong: false });
    const lively = await openSocket(server.url);
    silent.operate(watchJob(0));
    await silent.roundTrip();
    expect((await server.watching()).watchedJobs).toBe(1);
    for (let n = 0; n < 3; n += 1) {
      const pinged = once(lively.socket, 'ping');
      await clock.advance(12_000);
      await pinged;
      await lively.roundTrip();
    }
    expect((await silent.closed).code).toBe(1006);
    expect(lively.socket.readyState).toBe(WebSocket.OPEN);
    expect(server.webSockets.count).toBe(1);
    expect((await server.watching()).watchedJobs).toBe(0);
  });
});

it('a client that answers pings it has not read is dropped as a silent one', async () => {
  const clock = createFakeClock();
  const server = await openClockedServer((await startMovingJobs(0)).url, clock);
  const { socket, closed, roundTrip } = await openSocket(server.url, { autoPong: false });
  const pinged = once(socket, 'ping');
  await clock.advance(12_000);
  await pinged;
  for (const word of ['', 'guessed']) socket.pong(word);
  await roundTrip();
  await clock.advance(12_000);
  expect((await closed).code).toBe(1006);
});

it('a client has time to read a large answer before it comes to the pings behind it', async () => {
  const clock = createFakeClock();
  // 512 KiB, for which there are 32 seconds
  const jobs = await startMovingJobs(128, () => ({ name: 'x'.repeat(4096) }));
  const server = await openClockedServer(jobs.url, clock);
  const { closed, operate, socket, roundTrip } = await openSocket(server.url, { autoPong: false });
  const names = Array.from({ length: 128 }, (_, n) => `j${n}: job(id: "${guid(n)}") { name }`);
  expect((await operate(`{ ${names.join(' ')} }`).next()).data.j127.name).toHaveLength(4096);
  for (let n = 1; n <= 2; n += 1) {
    await clock.advance(12_000);
    await roundTrip();
  }
  expect(socket.readyState).toBe(WebSocket.OPEN);
  await clock.advance(12_000);
  expect((await closed).code).toBe(1006);
});

it('a socket is not listened to while answers wait for it, so that nothing waits parsed behind them', async () => {
  const { url } = await openServer((await startMovingJobs(0)).url);
  const paused = Promise.withResolvers<void>();
  const { pause } = WebSocket.prototype;
  const { socket, operate } = await openSocket(url);
  const other = await openSocket(url);
  socket.pause();
  const spy = vi.spyOn(WebSocket.prototype, 'pause').mockImplementation(function (this: WebSocket) {
    paused.resolve();
    pause.apply(this);
  });
  onTestFinished(() => spy.mockRestore());
  const names = Array.from({ length: 400 }, (_, n) => `${'x'.repeat(240)}${n}: __typename`).join(' ');
  let isPaused = false;
  void paused.promise.then(() => {
    isPaused = true;
  });
  for (let n = 0; n < 90 && !isPaused; n += 1) {
    operate(`{ ${names} }`);
    await other.roundTrip();
  }
  await paused.promise;
  const padding = 'x'.repeat(200_000);
  for (let n = 0; n < 150; n += 1) socket.send(`{"type":"ping","payload":{"padding":"${padding}"}}`);
  for (let n = 0; n < 20; n += 1) await other.roundTrip();
  // the kernels keep some of it
  expect(socket.bufferedAmount).toBeGreaterThan(15_000_000);
  socket.resume();
  while (socket.bufferedAmount > 0) await other.roundTrip();
});

describe('a stop of the server', () => {
  it('waits no longer than it must for clients that do not say goodbye', async () => {
    const clock = createFakeClock();
    const server = await openClockedServer((await startMovingJobs(0)).url, clock);
    const { socket } = await openSocket(server.url);
    socket.pause();
    let closed = false;
    const closing = server.webSockets.close(1000).then(() => {
      closed = true;
    });
    await clock.advance(1999);
    expect(closed).toBe(false);
    await clock.advance(1001);
    await closing;
    expect([server.webSockets.count, clock.pending]).toEqual([0, 0]);
  });

  it('that is late ends those who wait for an answer, too', async () => {
    const clock = createFakeClock();
    const asked = Promise.withResolvers<void>();
    const upstream = await startScriptedUpstream(() => {
      asked.resolve();
      return 'hang';
    });
    const server = await openClockedServer(upstream.url, clock);
    const { operate, closed } = await openSocket(server.url);
    operate(`{ job(id: "${guid(0)}") { id } }`);
    await asked.promise;
    const closing = server.webSockets.close(0, 3_600_000);
    await clock.advance(1);
    expect(server.webSockets.count).toBe(1);
    server.webSockets.terminate();
    expect((await closed).code).toBe(1006);
    await closing;
    expect(server.webSockets.count).toBe(0);
  });

  it('sends 200 sockets away one after the other and exits 0', async () => {
    const root = join(import.meta.dirname, '..');
    const child = spawn(join(root, 'node_modules/.bin/node'), [join(root, 'src/main.ts')], {
      env: { PATH: process.env['PATH'] ?? '', PORT: '0' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    const exited = once(child, 'exit');
    let url = '';
    for await (const line of createInterface({ input: child.stdout })) {
      url = /http:\S+\/graphql/.exec(line)?.[0] ?? '';
      if (url !== '') break;
    }
    child.stdout.resume();
    const clients = await Promise.all(Array.from({ length: 200 }, () => openSocket(url, { params: null })));
    await Promise.all(
      clients.map(({ operate }) =>
        operate('subscription { jobsUpdated(since: "2020-01-01T00:00:00Z") { kind } }').next(),
      ),
    );
    const stopped = performance.now();
    child.kill('SIGTERM');
    const closings = await Promise.all(
      clients.map(async ({ closed }) => ({ ...(await closed), after: performance.now() - stopped })),
    );
    expect(await exited).toEqual([0, null]);
    expect(new Set(closings.map(({ code }) => code))).toEqual(new Set([1001]));
    const times = closings.map(({ after }) => after);
    expect(Math.max(...times) - Math.min(...times)).toBeGreaterThan(500);
    // in no tenth of a second more than four times their share
    const tenths = Map.groupBy(times, (time) => Math.floor(time / 100));
    expect(Math.max(...tenths.values().map((some) => some.length))).toBeLessThan(80);
  });
});

describe('the graphql-ws client', () => {
  const connect = (url: string): Client => {
    const client = createClient({
      url: addressOf(url),
      webSocketImpl: WebSocket,
      connectionParams: { authorization: 'test-credential' },
    });
    onTestFinished(() => void client.dispose());
    return client;
  };

  it('watches, asks and leaves', async () => {
    const jobs = await startMovingJobs(1);
    const server = await openServer(jobs.url);
    const client = connect(server.url);
    const watch = client.iterate<{ jobUpdated: { kind: string } }>({ query: watchJob(0) });
    const kinds: (string | undefined)[] = [];
    for await (const { data } of watch) {
      kinds.push(data?.jobUpdated.kind);
      if (kinds.length === 3) break;
      jobs.move(0, progress(kinds.length));
    }
    expect(kinds).toEqual(['SNAPSHOT', 'PROGRESSED', 'PROGRESSED']);
    const { value } = await client.iterate({ query: '{ upstream { watchedJobs } }' }).next();
    expect(value?.data).toEqual({ upstream: { watchedJobs: 0 } });
  });

  it('is told of an error as what it is', async () => {
    const jobs = await startMovingJobs(0);
    const client = connect((await openServer(jobs.url)).url);
    await expect(client.iterate({ query: watchJob(0) }).next()).rejects.toMatchObject([
      { extensions: { code: 'BAD_USER_INPUT' } },
    ]);
  });
});
