import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { createClient } from 'graphql-ws';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import type { JobUpdate, JobUpdateKind } from '../src/domain/job-update.ts';
import { createLatest, type JobEvent, type Latest } from '../src/live/latest.ts';
import { deliver } from '../src/websocket/deliver.ts';
import { createFrameSender } from '../src/websocket/frame-sender.ts';
import { createGoodbye } from '../src/websocket/goodbye.ts';
import { createFakeClock } from './support/fake-clock.ts';
import { askForEvents, openSocket, readEvents } from './support/live-client.ts';
import { callerHeaders, openServer } from './support/live-server.ts';
import { job } from './support/live-upstream.ts';
import { type MovingJobs, startMovingJobs } from './support/moving-jobs.ts';
import { guid } from './support/rows.ts';

const senderOf = (socket: WebSocket) =>
  createFrameSender(socket, (code, reason) => socket.close(code, reason), Date.now).send;

const update = (n: number, kind: JobUpdateKind, more: Partial<JobUpdate> = {}): JobUpdate => ({
  kind,
  job: job(n),
  previousStatus: null,
  observedAt: new Date(0),
  ...more,
});
const event = (n: number, kind: JobUpdateKind = 'PROGRESSED', more: Partial<JobUpdate> = {}): JobEvent => ({
  update: update(n, kind, more),
  tick: {},
});

const open = (kinds: readonly JobUpdateKind[] | null = null) => {
  let ends = 0;
  const latest = createLatest(kinds, () => {
    ends += 1;
  });
  return { latest, stream: latest.stream, ends: () => ends };
};

/** What is waiting, taken. */
const taken = ({ stream }: Latest): JobUpdate[] => {
  const updates: JobUpdate[] = [];
  for (let next = stream.take(); next !== undefined; next = stream.take()) updates.push(next.update);
  return updates;
};

describe('the newest of each job', () => {
  it.each(['return', 'drop', 'complete'] as const)(
    'ends at once on %s while its reader waits',
    async (how) => {
      const { latest, stream, ends } = open();
      const waiting = stream.next();
      if (how === 'return') void stream.return();
      else latest[how]();
      expect(await waiting).toEqual({ done: true, value: undefined });
      expect(await stream.next()).toEqual({ done: true, value: undefined });
      await stream.return();
      expect(ends()).toBe(1);
    },
  );

  it('tells a waiting reader at once, and whoever reads by taking', async () => {
    const { latest, stream } = open();
    const waiting = stream.next();
    const first = event(0);
    latest.push(first);
    expect((await waiting).value).toBe(first);
    let told = 0;
    stream.onReadable(() => {
      told += 1;
    });
    latest.push(event(0));
    latest.complete();
    expect([told, stream.end]).toEqual([2, {}]);
    expect(taken(latest)).toHaveLength(1);
  });

  it('lets what waits be read before it completes or fails', async () => {
    for (const how of ['complete', 'fail'] as const) {
      const { latest, stream, ends } = open();
      latest.push(event(0));
      latest.push(event(1));
      latest[how](new Error('enough'));
      latest.push(event(2));
      expect(ends()).toBe(1);
      expect((await stream.next()).value?.update.job.id).toBe(guid(0));
      expect((await stream.next()).value?.update.job.id).toBe(guid(1));
      if (how === 'fail') await expect(stream.next()).rejects.toThrow('enough');
      expect((await stream.next()).done).toBe(true);
    }
  });

  it('fails a reader that waits', async () => {
    const { latest, stream } = open();
    const waiting = stream.next();
    latest.fail(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    expect((await stream.next()).done).toBe(true);
  });

  it('gives nothing more to a reader that has left', async () => {
    const { latest, stream } = open();
    latest.push(event(0));
    await stream.return();
    latest.push(event(1));
    latest.fail(new Error('enough'));
    expect(await stream.next()).toEqual({ done: true, value: undefined });
    expect(taken(latest)).toEqual([]);
  });

  it('holds only the kinds that are wanted', () => {
    const { latest } = open(['STATUS_CHANGED', 'DELETED']);
    for (const kind of ['SNAPSHOT', 'PROGRESSED', 'STATUS_CHANGED', 'STALE'] as const)
      latest.push(event(0, kind));
    expect(taken(latest).map(({ kind }) => kind)).toEqual(['STATUS_CHANGED']);
  });

  it.each<[JobUpdateKind, JobUpdateKind, JobUpdateKind]>([
    ['SNAPSHOT', 'PROGRESSED', 'SNAPSHOT'],
    ['SNAPSHOT', 'STATUS_CHANGED', 'SNAPSHOT'],
    ['SUBMITTED', 'STATUS_CHANGED', 'SUBMITTED'],
    ['STATUS_CHANGED', 'PROGRESSED', 'STATUS_CHANGED'],
    ['STATUS_CHANGED', 'STATUS_CHANGED', 'STATUS_CHANGED'],
    ['PROGRESSED', 'PROGRESSED', 'PROGRESSED'],
    ['PROGRESSED', 'STATUS_CHANGED', 'STATUS_CHANGED'],
    ['STALE', 'PROGRESSED', 'PROGRESSED'],
    ['SNAPSHOT', 'DELETED', 'DELETED'],
    ['STATUS_CHANGED', 'DELETED', 'DELETED'],
  ])('makes one of %s and %s: %s with the newest state', (first, second, kind) => {
    const { latest } = open();
    const newest = job(0, { status: 'COMPLETED' });
    latest.push(event(0, first, { previousStatus: 'UNINITIALIZED' }));
    latest.push(event(0, second, { job: newest, previousStatus: 'INITIALIZING' }));
    const previousStatus = kind === second && kind !== first ? 'INITIALIZING' : undefined;
    expect(taken(latest)).toEqual([
      expect.objectContaining({ kind, job: newest, ...(previousStatus && { previousStatus }) }),
    ]);
  });

  it('tells the status that its reader knew, and no silence that is over', () => {
    const { latest } = open();
    latest.push(event(0, 'STATUS_CHANGED', { previousStatus: 'UNINITIALIZED' }));
    latest.push(event(0, 'STATUS_CHANGED', { previousStatus: 'INITIALIZING' }));
    latest.push(event(0, 'STALE'));
    expect(taken(latest)).toMatchObject([{ kind: 'STATUS_CHANGED', previousStatus: 'UNINITIALIZED' }]);
  });

  it('is never more than one for each job, and never misses the last, however slowly it is read', () => {
    const step = fc.oneof(
      fc.record({
        push: fc.nat(2),
        kind: fc.constantFrom('PROGRESSED', 'STATUS_CHANGED', 'STALE', 'DELETED'),
      }),
      fc.constant('take'),
    );
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const { latest } = open();
        const pushed = new Map<string, Date>();
        const read = new Map<string, Date>();
        const take = () => {
          const next = latest.stream.take()?.update;
          if (next) read.set(next.job.id, next.job.observedAt);
          return next;
        };
        steps.forEach((each, n) => {
          if (each === 'take') {
            take();
          } else if (typeof each === 'object') {
            const observedAt = new Date(n);
            // silence has no state of its own
            if (each.kind !== 'STALE') pushed.set(guid(each.push), observedAt);
            const known = pushed.get(guid(each.push)) ?? observedAt;
            latest.push(event(each.push, each.kind, { job: job(each.push, { observedAt: known }) }));
          }
        });
        latest.complete();
        let left = 0;
        while (take()) left += 1;
        expect(left).toBeLessThanOrEqual(3);
        for (const [id, observedAt] of pushed) expect(read.get(id)).toEqual(observedAt);
      }),
    );
  });
});

/** Both ends of one WebSocket. */
const connect = async () => {
  const http = createServer().listen(0, '127.0.0.1');
  await once(http, 'listening');
  const sockets = new WebSocketServer({ server: http });
  const client = new WebSocket(`ws://127.0.0.1:${(http.address() as AddressInfo).port}`);
  onTestFinished(() => {
    client.terminate();
    sockets.close();
    http.close();
  });
  const [[server]] = await Promise.all([once(sockets, 'connection'), once(client, 'open')]);
  return { client, server: server as WebSocket };
};

/** As much as the kernel may hold for a reader that does not read. */
const kernelBytes = 12 * 1024 * 1024;

describe('a WebSocket that is not read', () => {
  const deliverTo = (server: WebSocket, latest: Latest, textOf: (event: JobEvent) => string) =>
    deliver({
      operationId: 'x',
      delivery: {
        source: latest.stream,
        run: (each) => JSON.stringify(textOf(each)),
        turnToWrite: () => null,
      },
      send: senderOf(server),
      present: (error) => error as Error,
    });

  it('costs a bounded memory through 10,000 updates, and is then told the end', async () => {
    const { client, server } = await connect();
    const { latest } = open();
    const pad = 'x'.repeat(8000);
    const over = deliverTo(server, latest, ({ update: { job } }) => `${job.status} ${pad}`).next();
    const received: string[] = [];
    client.on('message', (message) => received.push(JSON.parse(String(message)).payload.split(' ')[0]));
    client.pause();
    let mostBuffered = 0;
    for (let n = 0; n < 10_000; n += 1) {
      latest.push(event(0));
      mostBuffered = Math.max(mostBuffered, server.bufferedAmount);
      // lets what was sent go out
      if (n % 10 === 0) await new Promise(setImmediate);
    }
    expect(mostBuffered).toBeGreaterThan(0);
    expect(mostBuffered).toBeLessThan(64 * 1024 + 2 * pad.length);
    latest.push(event(0, 'STATUS_CHANGED', { job: job(0, { status: 'COMPLETED' }) }));
    latest.complete();
    client.resume();
    expect(await over).toEqual({ done: true, value: undefined });
    while (received.at(-1) !== 'COMPLETED') await once(client, 'message');
    expect(received.length * pad.length).toBeLessThan(kernelBytes);
  });

  it('catches up with any number of jobs', async () => {
    const { client, server } = await connect();
    const { latest } = open();
    for (let n = 0; n < 20_000; n += 1) latest.push(event(n));
    latest.complete();
    const over = deliverTo(server, latest, ({ update: { job } }) => job.id).next();
    const received = new Set<string>();
    client.on('message', (message) => received.add(JSON.parse(String(message)).payload));
    while (received.size < 20_000) await once(client, 'message');
    await over;
  });

  it('is not closed for one answer that is large', async () => {
    const { client, server } = await connect();
    const send = senderOf(server);
    const received: number[] = [];
    client.on('message', (message) => received.push(String(message).length));
    send('x'.repeat(8 * 1024 * 1024), () => undefined);
    const isOut = new Promise<void>((resolve) => send('the end', resolve));
    await isOut;
    while (received.length < 2) await once(client, 'message');
    expect([received, server.readyState]).toEqual([[8 * 1024 * 1024, 7], server.OPEN]);
  });

  it('is closed once more waits for it than can be borne, so that its client tries again', async () => {
    const { client, server } = await connect();
    const send = senderOf(server);
    client.pause();
    const frame = 'x'.repeat(512 * 1024);
    let sent = 0;
    while (server.readyState === server.OPEN && sent < 1000) {
      send(frame, () => undefined);
      sent += 1;
    }
    expect(server.bufferedAmount).toBeLessThan(6 * 1024 * 1024);
    let dropped = 0;
    send(frame, () => {
      dropped += 1;
    });
    expect(dropped).toBe(1);
    client.resume();
    const [code] = await once(client, 'close');
    expect(code).toBe(1013);
  });
});

it('a reader is given time for what it was sent: 4 MiB in 256 seconds', async () => {
  const { server } = await connect();
  const clock = createFakeClock();
  const { send, isReading } = createFrameSender(server, () => undefined, clock.now);
  expect(isReading()).toBe(false);
  send('x'.repeat(1024), () => undefined);
  expect(isReading()).toBe(false);
  for (let n = 0; n < 2; n += 1) send('x'.repeat(2 * 1024 * 1024), () => undefined);
  await clock.advance(255_999);
  expect(isReading()).toBe(true);
  await clock.advance(1);
  expect(isReading()).toBe(false);
});

it('a reader is given time for many small frames too, once they queue up', async () => {
  const clock = createFakeClock();
  const socket = { OPEN: 1, readyState: 1, bufferedAmount: 0, send: () => undefined };
  const { send, isReading } = createFrameSender(socket as unknown as WebSocket, () => undefined, clock.now);
  send('x'.repeat(50_000), () => undefined);
  expect(isReading()).toBe(false);
  socket.bufferedAmount = 64 * 1024;
  for (let n = 0; n < 20; n += 1) send('x'.repeat(50_000), () => undefined);
  await clock.advance(60_000);
  expect(isReading()).toBe(true);
  await clock.advance(2_000);
  expect(isReading()).toBe(false);
});

it('a reader that has read 60 MiB at once is given time only for what came after the ping that it answered', async () => {
  const { client, server } = await connect();
  const clock = createFakeClock();
  const { send, isReading, pinged, ponged } = createFrameSender(server, () => undefined, clock.now);
  const sendMiB = () => {
    const read = once(client, 'message');
    send('x'.repeat(1024 * 1024), () => undefined);
    return read;
  };
  for (let n = 0; n < 59; n += 1) await sendMiB();
  pinged();
  await sendMiB();
  ponged();
  await clock.advance(63_999);
  expect(isReading()).toBe(true);
  await clock.advance(1);
  expect(isReading()).toBe(false);
});

it('a reader that says no goodbye keeps nothing waiting for it', async () => {
  const { client, server } = await connect();
  const clock = createFakeClock();
  const gone = once(server, 'close');
  client.pause();
  server.send('x'.repeat(32 * 1024 * 1024));
  createGoodbye(server, clock)(1013, 'Read faster');
  expect(server.bufferedAmount).toBeGreaterThan(8 * 1024 * 1024);
  await clock.advance(1999);
  expect(server.readyState).toBe(server.CLOSING);
  await clock.advance(1);
  await gone;
  expect([server.bufferedAmount, clock.pending]).toEqual([0, 0]);
});

const count = 400;
const rounds = 15;
const watchAll =
  'subscription { jobsUpdated(since: "2020-01-01T00:00:00Z") { kind job { id name status progress { current } } } }';

/** Moves every job many times over, so that a fast reader sees each state, and then ends them all. */
const moveAll = async (jobs: MovingJobs, fast: { next(): Promise<unknown> }) => {
  const seeAll = async () => {
    for (let n = 0; n < count; n += 1) await fast.next();
  };
  for (let round = 1; round <= rounds; round += 1) {
    for (let n = 0; n < count; n += 1) jobs.move(n, { progress: { current: round, total: 100 } });
    await seeAll();
  }
  for (let n = 0; n < count; n += 1)
    jobs.move(n, { status: 'COMPLETED', finishedAt: new Date().toISOString() });
  await seeAll();
};

describe('through the front door, a reader that stops reading', () => {
  const setUp = async () => {
    const jobs = await startMovingJobs(count, (n) => ({ name: `${n} `.padEnd(4000, 'x') }));
    // rounds come as quickly as they are seen
    const server = await openServer(jobs.url, { POLL_MAX_MS: '20' });
    const fast = (await openSocket(server.url)).operate(watchAll);
    for (let n = 0; n < count; n += 1) await fast.next();
    return { jobs, server, fast };
  };

  it('is told the last state of every job once it reads again, over a WebSocket', async () => {
    const { jobs, server, fast } = await setUp();
    const { socket, operate } = await openSocket(server.url);
    const slow = operate(watchAll);
    await slow.next();
    socket.pause();
    await moveAll(jobs, fast);
    socket.resume();
    const finished = new Set<string>();
    let frames = 0;
    while (finished.size < count) {
      const { job: told } = (await slow.next()).data.jobsUpdated;
      frames += 1;
      if (told.status === 'COMPLETED') finished.add(told.id);
    }
    expect(frames * 4000).toBeLessThan(kernelBytes);
    expect(frames).toBeLessThan((count * rounds) / 2);
  });

  it('is told the last state of every job once it reads again, over server-sent events', async () => {
    const { jobs, server, fast } = await setUp();
    const response = await askForEvents(server.url, { query: watchAll }).response;
    await moveAll(jobs, fast);
    const finished = new Set<string>();
    let frames = 0;
    for await (const { event, text } of readEvents(response)) {
      if (event !== 'next') continue;
      const told = JSON.parse(text).data.jobsUpdated.job;
      frames += 1;
      if (told.status === 'COMPLETED') finished.add(told.id);
      if (finished.size === count) break;
    }
    expect(frames).toBeLessThan((count * rounds) / 2);
  });

  /** A client of graphql-ws, whose sockets are known, with a job that it watches. */
  const connectClient = async (url: string) => {
    const sockets: WebSocket[] = [];
    class Remembered extends WebSocket {
      constructor(url: string, protocols: string) {
        super(url, protocols);
        sockets.push(this);
      }
    }
    const closings: unknown[] = [];
    const client = createClient({
      url: url.replace(/^http/, 'ws'),
      webSocketImpl: Remembered,
      connectionParams: callerHeaders,
      retryWait: async () => undefined,
      on: { closed: (closing) => closings.push((closing as { code: number }).code) },
    });
    onTestFinished(() => void client.dispose());
    const live = client.iterate<{ jobUpdated: { kind: string } }>({
      query: `subscription { jobUpdated(id: "${guid(0)}") { kind } }`,
    });
    expect((await live.next()).value?.data?.jobUpdated.kind).toBe('SNAPSHOT');
    const ask = (query: string) => client.iterate({ query }).next();
    const askOften = () => Array.from({ length: 90 }, () => ask('{ jobs { nodes { name } } }'));
    return { sockets, closings, live, ask, askOften };
  };

  it('is sent away when more comes at once than it reads, comes back by itself, and goes on', async () => {
    const { jobs, server } = await setUp();
    const { sockets, closings, live, ask, askOften } = await connectClient(server.url);
    const sentAway = new Promise<void>((resolve) => {
      const { close } = WebSocket.prototype;
      const spy = vi.spyOn(WebSocket.prototype, 'close').mockImplementation(function (
        this: WebSocket,
        ...args
      ) {
        if (args[0] === 1013) resolve();
        close.apply(this, args);
      });
      onTestFinished(() => spy.mockRestore());
    });
    const release = jobs.hold('QueryJobs');
    const asked = askOften();
    // all before it are under way
    await ask('{ __typename }');
    sockets[0]?.pause();
    release();
    await sentAway;
    sockets[0]?.resume();
    expect((await live.next()).value?.data?.jobUpdated.kind).toBe('SNAPSHOT');
    await Promise.all(asked);
    expect(closings).toEqual([1013]);
  });

  it('is made no more answers until it reads again, and then has all of them', async () => {
    const { jobs, server, fast } = await setUp();
    const { sockets, closings, askOften } = await connectClient(server.url);
    sockets[0]?.pause();
    const asked = askOften();
    await moveAll(jobs, fast);
    sockets[0]?.resume();
    for (const { value } of await Promise.all(asked)) expect(value?.data).toHaveProperty('jobs.nodes');
    expect(closings).toEqual([]);
  });
});
