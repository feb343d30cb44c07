import { describe, expect, it } from 'vitest';
import { GatewayError } from '../src/domain/gateway-error.ts';
import type { JobFilter } from '../src/domain/job-filter.ts';
import type { JobUpdateKind } from '../src/domain/job-update.ts';
import { createJobHub } from '../src/live/job-hub.ts';
import type { EventStream } from '../src/live/latest.ts';
import { silentLog } from '../src/telemetry/log.ts';
import { createCaller } from '../src/upstream/caller.ts';
import { createFakeClock, settled } from './support/fake-clock.ts';
import { defaultWatch } from './support/gateway.ts';
import { createLiveUpstream, job, type LiveUpstream } from './support/live-upstream.ts';
import { guid } from './support/rows.ts';

const callerOf = (authorization: string) => createCaller({ authorization, siteId: null, accountId: null });
const ann = callerOf('ann');
const unavailable = () => new GatewayError('UPSTREAM_UNAVAILABLE', 'down');
const unavailableFor = (retryAfterMs: number) => () =>
  new GatewayError('UPSTREAM_UNAVAILABLE', 'down', { retryAfterMs });
const limited = (retryAfterMs: number) => () =>
  new GatewayError('RATE_LIMITED', 'slow down', { retryAfterMs });

const setUp = (options: Partial<typeof defaultWatch> = {}) => {
  const clock = createFakeClock();
  const upstreams = new Map<string, LiveUpstream>();
  const upstreamOf = (key: string) => {
    const upstream = upstreams.get(key) ?? createLiveUpstream(clock.now);
    upstreams.set(key, upstream);
    return upstream;
  };
  const hub = createJobHub({
    ...defaultWatch,
    ...options,
    requestsPerMinute: 200,
    clock,
    log: silentLog,
    instanceId: null,
    upstream: (caller) => upstreamOf(caller.key),
  });
  const signal = new AbortController().signal;
  return {
    clock,
    hub,
    upstream: upstreamOf(ann.key),
    upstreamOf,
    watch: (n: number, kinds: readonly JobUpdateKind[] | null = null, caller = ann) =>
      read(hub.as(caller).watchJob(guid(n), kinds, signal)),
    feed: (
      {
        filter = {},
        since = null,
        kinds = null,
      }: { filter?: JobFilter; since?: Date | null; kinds?: JobUpdateKind[] | null } = {},
      caller = ann,
    ) => read(hub.as(caller).watchJobs({ filter, since }, kinds, signal)),
    status: (caller = ann) => hub.as(caller).status(),
  };
};

interface Reading {
  /** What was told so far, in short: kind, job, status. */
  readonly told: string[];
  readonly times: Date[];
  end: 'open' | 'complete' | Error;
  leave(): Promise<void>;
}

/** Reads a stream as fast as it gives. */
const read = (stream: Promise<EventStream>): Reading => {
  const reading: Reading = {
    told: [],
    times: [],
    end: 'open',
    leave: async () => void (await (await stream).return()),
  };
  const run = async () => {
    try {
      for await (const { update } of await stream) {
        const { kind, job, previousStatus } = update;
        reading.times.push(update.observedAt);
        reading.told.push(
          `${kind} ${job.name} ${job.status}${previousStatus ? ` after ${previousStatus}` : ''}${job.progress ? ` ${job.progress.current}` : ''}`,
        );
      }
      reading.end = 'complete';
    } catch (error) {
      reading.end = error instanceof Error ? error : new Error(String(error));
    }
  };
  void run();
  return reading;
};

const progress = (current: number) => ({
  progress: { current, total: 100, itemsRejected: 0, itemsSuccessful: current },
});

describe('the order of events', () => {
  it('tells a snapshot, then each change, then the end once, and completes', async () => {
    const { clock, upstream, watch } = setUp();
    upstream.put(0, { status: 'UNINITIALIZED' });
    const reading = watch(0);
    await clock.advance(500);
    upstream.put(0, { status: 'IN_PROGRESS', ...progress(10) });
    await clock.advance(2000);
    upstream.put(0, progress(50));
    await clock.advance(2000);
    upstream.put(0, { status: 'COMPLETED' });
    await clock.advance(5000);
    expect(reading.told).toEqual([
      'SNAPSHOT Job 0 UNINITIALIZED',
      'STATUS_CHANGED Job 0 IN_PROGRESS after UNINITIALIZED 10',
      'PROGRESSED Job 0 IN_PROGRESS 50',
      'STATUS_CHANGED Job 0 COMPLETED after IN_PROGRESS 50',
    ]);
    expect(reading.end).toBe('complete');
  });

  it('tells a finished job once and completes', async () => {
    const { clock, upstream, watch } = setUp();
    upstream.put(0, { status: 'FAILED' });
    const reading = watch(0);
    await clock.advance(20_000);
    expect([reading.told, reading.end]).toEqual([['SNAPSHOT Job 0 FAILED'], 'complete']);
    expect(upstream.calls).toHaveLength(1);
  });

  it('takes a job for gone only when upstream confirms it', async () => {
    const { clock, upstream, watch } = setUp();
    upstream.put(0, progress(7));
    const reading = watch(0);
    await clock.advance(1500);
    upstream.omitted.add(guid(0));
    await clock.advance(3000);
    expect(reading.told).toEqual(['SNAPSHOT Job 0 IN_PROGRESS 7']);
    upstream.remove(0);
    await clock.advance(20_000);
    expect(reading.told.at(-1)).toBe('DELETED Job 0 IN_PROGRESS 7');
    expect(reading.end).toBe('complete');
  });

  it('refuses an id of no job, without asking about what cannot be one', async () => {
    const { clock, upstream, watch, hub } = setUp();
    const reading = watch(0);
    await clock.advance(1000);
    expect(reading.end).toMatchObject({ code: 'BAD_USER_INPUT' });
    expect(upstream.calls.map(({ operation }) => operation)).toEqual(['byIds', 'get']);
    const { signal } = new AbortController();
    await expect(hub.as(ann).watchJob('nonsense', null, signal)).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
    });
    await clock.advance(60_000);
    expect(upstream.calls).toHaveLength(2);
    expect(clock.pending).toBe(0);
  });

  it('confirms once a job that is missed by a feed and by its own watch', async () => {
    const { clock, upstream, watch, feed } = setUp();
    upstream.put(0);
    const readings = [watch(0), feed()];
    await clock.advance(1500);
    upstream.calls.length = 0;
    upstream.remove(0);
    await clock.advance(20_000);
    expect(readings.map(({ told }) => told.at(-1))).toEqual([
      'DELETED Job 0 IN_PROGRESS',
      'DELETED Job 0 IN_PROGRESS',
    ]);
    expect(upstream.calls.filter(({ operation }) => operation === 'get')).toHaveLength(1);
  });

  it('tells a new watch of the end that a feed has seen, though upstream goes back', async () => {
    const { clock, upstream, watch, feed } = setUp();
    upstream.put(0);
    feed();
    await clock.advance(1500);
    upstream.put(0, { status: 'COMPLETED' });
    await clock.advance(3000);
    upstream.put(0, { status: 'IN_PROGRESS', finishedAt: null });
    const reading = watch(0);
    await clock.advance(1500);
    expect([reading.told, reading.end]).toEqual([['SNAPSHOT Job 0 COMPLETED'], 'complete']);
  });

  it('never tells of a job again after its end, whatever upstream says', async () => {
    const { clock, upstream, feed } = setUp();
    upstream.put(0);
    const reading = feed();
    await clock.advance(1500);
    upstream.put(0, { status: 'COMPLETED' });
    await clock.advance(3000);
    upstream.put(0, { status: 'IN_PROGRESS', finishedAt: null, ...progress(3) });
    await clock.advance(30_000);
    expect(reading.told).toEqual(['STATUS_CHANGED Job 0 COMPLETED after IN_PROGRESS']);
  });

  it('tells only the kinds that were asked for, and still completes', async () => {
    const { clock, upstream, watch } = setUp();
    upstream.put(0);
    const reading = watch(0, ['STATUS_CHANGED']);
    await clock.advance(1500);
    upstream.put(0, progress(3));
    await clock.advance(2000);
    upstream.put(0, { status: 'PARTIALLY_SUCCESSFUL' });
    await clock.advance(3000);
    expect(reading.told).toEqual(['STATUS_CHANGED Job 0 PARTIALLY_SUCCESSFUL after IN_PROGRESS 3']);
    expect(reading.end).toBe('complete');
  });

  it('ends a watch after its longest life', async () => {
    const { clock, upstream, watch } = setUp({ watchMaxMs: 60_000 });
    upstream.put(0, { status: 'UNRECOGNIZED' });
    const reading = watch(0);
    await clock.advance(61_000);
    expect(reading.end).toBe('complete');
    expect(clock.pending).toBe(0);
  });
});

describe('what watching costs', () => {
  it('serves 500 subscribers on 80 jobs for 60 s with at most 60 calls plus the first', async () => {
    const { clock, upstream, watch } = setUp();
    for (let n = 0; n < 80; n += 1) upstream.put(n);
    const readings = Array.from({ length: 500 }, (_, n) => watch(n % 80));
    await clock.advance(100);
    const first = upstream.calls.length;
    expect(first).toBe(1);
    for (let second = 0; second < 60; second += 1) {
      upstream.put(second % 80, progress(second + 1));
      await clock.advance(1000);
    }
    expect(upstream.calls.length - first).toBeLessThanOrEqual(60);
    expect(upstream.calls.length - first).toBeGreaterThan(40);
    expect(readings[0]?.told).toEqual(['SNAPSHOT Job 0 IN_PROGRESS', 'PROGRESSED Job 0 IN_PROGRESS 1']);
    expect(readings[480]?.told).toEqual(readings[0]?.told);
  });

  it('asks once per 100 jobs and once per 100 rows for all feeds', async () => {
    const { clock, upstream, watch, feed } = setUp();
    for (let n = 0; n < 150; n += 1) upstream.put(n);
    for (let n = 0; n < 150; n += 1) watch(n);
    for (let n = 0; n < 30; n += 1) feed({ filter: { name: { eq: `Job ${n}` } } });
    await clock.advance(300);
    upstream.calls.length = 0;
    await clock.advance(2000);
    const round = upstream.calls.filter(({ at }) => at === upstream.calls[0]?.at);
    expect(round.map(({ operation }) => operation)).toEqual(['byIds', 'byIds', 'queryRows', 'queryRows']);
  });

  it('keeps 1000 jobs within the share of polling', async () => {
    const { clock, upstream, watch, status } = setUp();
    for (let n = 0; n < 1000; n += 1) upstream.put(n);
    for (let n = 0; n < 1000; n += 1) watch(n);
    await clock.advance(60_000);
    upstream.calls.length = 0;
    for (let second = 0; second < 120; second += 1) {
      upstream.put(second, progress(second + 1));
      await clock.advance(1000);
    }
    for (const { at } of upstream.calls) {
      const minute = upstream.calls.filter((call) => call.at >= at && call.at < at + 60_000);
      expect(minute.length).toBeLessThanOrEqual(100);
    }
    expect(upstream.calls.length).toBeGreaterThan(150);
    expect(status().watchedJobs).toBe(1000);
    expect(status().pollIntervalMs).toBeGreaterThanOrEqual(7500);
  });

  it('asks more seldom while nothing moves, and often again at the first change or newcomer', async () => {
    const { clock, upstream, watch, status } = setUp();
    upstream.put(0);
    upstream.put(1);
    watch(0);
    await clock.advance(120_000);
    expect(status().pollIntervalMs).toBe(15_000);
    watch(1);
    expect(status().pollIntervalMs).toBe(1000);
    await clock.advance(120_000);
    const reading = watch(0);
    await clock.advance(120_000);
    upstream.put(0, progress(1));
    while (reading.told.length < 2) await clock.advance(100);
    expect(status().pollIntervalMs).toBe(1000);
  });

  it('never looks twice at the same time', async () => {
    const { clock, upstream, watch } = setUp();
    upstream.put(0);
    let underWay = 0;
    let most = 0;
    const { byIds } = upstream;
    upstream.byIds = async (ids) => {
      underWay += 1;
      most = Math.max(most, underWay);
      await new Promise<void>((resolve) => clock.after(5000, resolve));
      underWay -= 1;
      return byIds(ids);
    };
    watch(0);
    await clock.advance(1000);
    watch(0);
    upstream.put(1);
    watch(1);
    await clock.advance(60_000);
    expect(most).toBe(1);
  });

  it('costs nothing once everybody has left, at once', async () => {
    const { clock, upstream, watch, feed, status } = setUp();
    upstream.put(0);
    const readings = [watch(0), watch(0), feed()];
    await clock.advance(5000);
    expect(status().watchedJobs).toBe(1);
    for (const reading of readings) await reading.leave();
    expect(status()).toEqual({ watchedJobs: 0, pollIntervalMs: null });
    expect(clock.pending).toBe(0);
    const before = upstream.calls.length;
    await clock.advance(600_000);
    expect(upstream.calls).toHaveLength(before);
  });

  it('gains no calls by leaving and coming back', async () => {
    const { clock, hub, upstream } = setUp();
    upstream.put(0);
    for (let n = 0; n < 400; n += 1) {
      const client = new AbortController();
      const stream = hub.as(ann).watchJob(guid(0), null, client.signal);
      await clock.advance(50);
      client.abort();
      expect((await (await stream).next()).done).toBe(true);
    }
    // 400 watches in 20 s
    expect(upstream.calls.length).toBeLessThan(60);
    expect(upstream.calls.length).toBeGreaterThan(20);
    expect(clock.pending).toBe(0);
  });
});

describe('when upstream fails', () => {
  it('keeps the stream open, tells STALE once, and what changed when it is back', async () => {
    const { clock, upstream, watch } = setUp();
    upstream.put(0);
    const reading = watch(0);
    await clock.advance(1500);
    upstream.failWith = unavailable;
    upstream.put(0, { status: 'COMPLETED' });
    await clock.advance(29_000);
    expect(reading.told).toEqual(['SNAPSHOT Job 0 IN_PROGRESS']);
    await clock.advance(120_000);
    expect(reading.told).toEqual(['SNAPSHOT Job 0 IN_PROGRESS', 'STALE Job 0 IN_PROGRESS']);
    upstream.failWith = undefined;
    await clock.advance(15_000);
    expect(reading.told.at(-1)).toBe('STATUS_CHANGED Job 0 COMPLETED after IN_PROGRESS');
    expect(reading.end).toBe('complete');
  });

  it('tells STALE to those who come meanwhile as well, and to nobody twice', async () => {
    const { clock, upstream, watch } = setUp();
    upstream.put(0);
    const first = watch(0);
    await clock.advance(1500);
    upstream.failWith = unavailable;
    await clock.advance(60_000);
    const second = watch(0);
    await clock.advance(60_000);
    const told = ['SNAPSHOT Job 0 IN_PROGRESS', 'STALE Job 0 IN_PROGRESS'];
    expect([first.told, second.told]).toEqual([told, told]);
    upstream.failWith = undefined;
    await clock.advance(15_000);
    upstream.failWith = unavailable;
    await clock.advance(60_000);
    for (const { told: all } of [first, second]) expect(all.at(-1)).toBe('STALE Job 0 IN_PROGRESS');
    expect([first.told.length, second.told.length]).toEqual([3, 3]);
  });

  it('slows down, and waits as long as Retry-After says', async () => {
    const { clock, upstream, watch } = setUp();
    upstream.put(0);
    watch(0);
    await clock.advance(1500);
    upstream.failWith = unavailable;
    await clock.advance(60_000);
    upstream.calls.length = 0;
    await clock.advance(60_000);
    expect(upstream.calls).toHaveLength(4);
    upstream.failWith = limited(40_000);
    await clock.advance(15_000);
    upstream.calls.length = 0;
    watch(0);
    await clock.advance(39_000 - 15_000);
    expect(upstream.calls).toHaveLength(0);
    await clock.advance(16_000);
    expect(upstream.calls).toHaveLength(1);
  });

  it('probes at most once an interval through 30 s of 429, however many come', async () => {
    const { clock, upstream, watch } = setUp();
    for (let n = 0; n < 50; n += 1) upstream.put(n);
    watch(0);
    await clock.advance(1500);
    upstream.failWith = limited(0);
    upstream.calls.length = 0;
    for (let n = 1; n < 30; n += 1) {
      watch(n);
      await clock.advance(1000);
    }
    // 1, 2, 4, 8, 15 s
    expect(upstream.calls.length).toBeLessThanOrEqual(5);
  });

  it('keeps a Retry-After for those who leave and come back', async () => {
    for (const failure of [limited(20_000), unavailableFor(20_000)]) {
      const { clock, upstream, watch, feed } = setUp();
      upstream.put(0);
      const first = watch(0);
      await clock.advance(1500);
      upstream.failWith = failure;
      await clock.advance(2000);
      upstream.calls.length = 0;
      await first.leave();
      await clock.advance(300);
      const back = [watch(0), feed({ since: new Date(clock.now()) })];
      await clock.advance(15_000);
      expect(upstream.calls).toHaveLength(0);
      upstream.failWith = undefined;
      await clock.advance(10_000);
      expect(back.map(({ told }) => told)).toEqual([
        ['SNAPSHOT Job 0 IN_PROGRESS'],
        ['SNAPSHOT Job 0 IN_PROGRESS'],
      ]);
    }
  });

  it('tries again after a minute at most, whatever Retry-After says', async () => {
    const { clock, upstream, watch } = setUp();
    upstream.put(0);
    const reading = watch(0);
    await clock.advance(1500);
    upstream.failWith = limited(99_999_999_000);
    await clock.advance(5000);
    upstream.failWith = undefined;
    upstream.put(0, { status: 'COMPLETED' });
    await clock.advance(61_000);
    expect(reading.end).toBe('complete');
  });

  it('does not hold up the jobs of one call behind another that stalls', async () => {
    const { clock, upstream, watch } = setUp();
    let stalled = Promise.resolve();
    const { byIds } = upstream;
    upstream.byIds = async (ids) => {
      if (ids.includes(guid(0))) await stalled;
      return byIds(ids);
    };
    for (let n = 0; n < 150; n += 1) upstream.put(n);
    const readings = Array.from({ length: 150 }, (_, n) => watch(n));
    await clock.advance(1500);
    const stall = Promise.withResolvers<void>();
    stalled = stall.promise;
    upstream.put(0, { status: 'COMPLETED' });
    upstream.put(149, { status: 'COMPLETED' });
    await clock.advance(3000);
    expect([readings[0]?.end, readings[149]?.end]).toEqual(['open', 'complete']);
    stall.resolve();
    await settled();
    expect(readings[0]?.end).toBe('complete');
  });

  it('tells a feed that cannot be opened why, never just its end', async () => {
    const { clock, upstream, feed } = setUp();
    upstream.failWith = () => new GatewayError('UPSTREAM_REJECTED', 'no such operator');
    const reading = feed();
    await clock.advance(1500);
    expect(reading.end).toMatchObject({ code: 'UPSTREAM_REJECTED' });
  });

  it('ends the streams of a caller whose credential is refused', async () => {
    for (const code of ['UNAUTHENTICATED', 'FORBIDDEN'] as const) {
      const { clock, upstream, watch, feed, status } = setUp();
      upstream.put(0);
      const readings = [watch(0), feed()];
      await clock.advance(1500);
      upstream.failWith = () => new GatewayError(code, 'no');
      await clock.advance(15_000);
      expect(readings.map(({ end }) => end)).toMatchObject([{ code }, { code }]);
      expect(status().watchedJobs).toBe(0);
      expect(clock.pending).toBe(0);
    }
  });

  it('lets who begins during an outage wait for its end, within patience', async () => {
    const { clock, upstream, watch, feed } = setUp();
    upstream.put(0);
    upstream.failWith = unavailable;
    const patient = [watch(0), feed({ since: new Date(clock.now() - 1000) })];
    await clock.advance(10_000);
    upstream.failWith = undefined;
    await clock.advance(15_000);
    expect(patient.map(({ told }) => told)).toEqual([
      ['SNAPSHOT Job 0 IN_PROGRESS'],
      ['SNAPSHOT Job 0 IN_PROGRESS'],
    ]);
  });

  it('refuses who begins during an outage that does not end', async () => {
    const { clock, upstream, watch, feed } = setUp();
    upstream.put(0);
    upstream.failWith = unavailable;
    const readings = [watch(0), feed()];
    await clock.advance(60_000);
    expect(readings.map(({ end }) => end)).toMatchObject([
      { code: 'UPSTREAM_UNAVAILABLE' },
      { code: 'UPSTREAM_UNAVAILABLE' },
    ]);
    upstream.failWith = limited(60_000);
    const late = watch(0);
    await clock.advance(1000);
    expect(late.end).toMatchObject({ code: 'RATE_LIMITED', retryAfterMs: 60_000 });
    expect(clock.pending).toBe(0);
  });

  it('lets a row that cannot be read spoil neither the others nor the pace', async () => {
    const { clock, upstream, watch, status } = setUp();
    upstream.put(0);
    upstream.put(1);
    const readings = [watch(0), watch(1)];
    await clock.advance(1500);
    upstream.unreadable.add(guid(0));
    for (let n = 1; n <= 40; n += 1) {
      upstream.put(1, progress(n));
      await clock.advance(1000);
    }
    expect(readings[1]?.told.length).toBeGreaterThan(30);
    expect(readings[0]?.told).toEqual(['SNAPSHOT Job 0 IN_PROGRESS', 'STALE Job 0 IN_PROGRESS']);
    expect(status().pollIntervalMs).toBe(1000);
  });
});

describe('the feed', () => {
  it('tells of new jobs and their changes, and never of what was there before', async () => {
    const { clock, upstream, feed } = setUp();
    upstream.put(0);
    upstream.put(1, { status: 'COMPLETED', finishedAt: new Date(clock.now() - 1000) });
    const reading = feed();
    await clock.advance(1500);
    expect(reading.told).toEqual([]);
    upstream.put(2, { status: 'UNINITIALIZED', startedAt: new Date(clock.now()) });
    await clock.advance(2000);
    upstream.put(2, { status: 'IN_PROGRESS' });
    await clock.advance(2000);
    upstream.put(2, { status: 'COMPLETED' });
    await clock.advance(3000);
    expect(reading.told).toEqual([
      'SUBMITTED Job 2 UNINITIALIZED',
      'STATUS_CHANGED Job 2 IN_PROGRESS after UNINITIALIZED',
      'STATUS_CHANGED Job 2 COMPLETED after IN_PROGRESS',
    ]);
  });

  it('tells of a job that began and ended between two looks, whichever kinds are wanted', async () => {
    const { clock, upstream, feed } = setUp();
    const all = feed();
    const changes = feed({ kinds: ['STATUS_CHANGED'] });
    await clock.advance(1500);
    upstream.put(0, {
      status: 'FAILED',
      startedAt: new Date(clock.now()),
      finishedAt: new Date(clock.now()),
    });
    await clock.advance(30_000);
    expect(all.told).toEqual(['SUBMITTED Job 0 FAILED']);
    expect(changes.told).toEqual(['STATUS_CHANGED Job 0 FAILED']);
  });

  it('does not miss an end that its query leaves out, nor a job that vanishes', async () => {
    const { clock, upstream, feed } = setUp();
    upstream.put(0);
    upstream.put(1);
    const reading = feed();
    await clock.advance(1500);
    // finished, but with an instant of long ago: none of the query's conditions hold
    upstream.put(0, { status: 'COMPLETED', finishedAt: new Date(clock.now() - 86_400_000) });
    upstream.remove(1);
    await clock.advance(20_000);
    expect(reading.told.toSorted()).toEqual([
      'DELETED Job 1 IN_PROGRESS',
      'STATUS_CHANGED Job 0 COMPLETED after IN_PROGRESS',
    ]);
    expect(reading.end).toBe('open');
  });

  it('applies filters in the gateway', async () => {
    const { clock, upstream, feed } = setUp();
    const reading = feed({
      filter: { or: [{ status: { eq: 'FAILED' } }, { name: { startsWith: 'JOB 3' } }] },
    });
    await clock.advance(1500);
    for (let n = 0; n < 5; n += 1) upstream.put(n, { startedAt: new Date(clock.now()) });
    await clock.advance(2000);
    upstream.put(1, { status: 'FAILED' });
    upstream.put(2, { status: 'COMPLETED' });
    await clock.advance(3000);
    expect(reading.told).toEqual([
      'SUBMITTED Job 3 IN_PROGRESS',
      'STATUS_CHANGED Job 1 FAILED after IN_PROGRESS',
    ]);
  });

  it('opens with what has happened since, and misses nothing of a reader who left in the middle', async () => {
    const { clock, upstream, feed } = setUp();
    const hourAgo = new Date(clock.now() - 3_600_000);
    upstream.put(0, { status: 'COMPLETED', startedAt: hourAgo, finishedAt: new Date(clock.now() - 600_000) });
    upstream.put(1, { status: 'COMPLETED', startedAt: hourAgo, finishedAt: new Date(clock.now() - 60_000) });
    upstream.put(2);
    const reading = feed({ since: new Date(clock.now() - 120_000) });
    await clock.advance(1500);
    expect(reading.told.toSorted()).toEqual(['SNAPSHOT Job 1 COMPLETED', 'SNAPSHOT Job 2 IN_PROGRESS']);
    await reading.leave();
    await clock.advance(10_000);
    upstream.put(2, { status: 'COMPLETED' });
    upstream.put(3, { startedAt: new Date(clock.now()) });
    await clock.advance(120_000);
    const back = feed({
      since: reading.times.toSorted((one, other) => Number(other) - Number(one))[0] ?? null,
    });
    await clock.advance(1500);
    expect(back.told.toSorted()).toEqual(['SNAPSHOT Job 2 COMPLETED', 'SNAPSHOT Job 3 IN_PROGRESS']);
  });

  it('gives two ends of one look such times that leaving in between loses none', async () => {
    const { clock, upstream, feed } = setUp();
    upstream.put(0);
    upstream.put(1);
    upstream.put(2);
    const reading = feed();
    await clock.advance(1500);
    const at = clock.now();
    upstream.put(0, progress(1));
    upstream.put(1, { status: 'COMPLETED', finishedAt: new Date(at + 200) });
    upstream.put(2, { status: 'FAILED', finishedAt: new Date(at + 100) });
    await clock.advance(3000);
    expect(reading.told).toEqual([
      'STATUS_CHANGED Job 2 FAILED after IN_PROGRESS',
      'STATUS_CHANGED Job 1 COMPLETED after IN_PROGRESS',
      'PROGRESSED Job 0 IN_PROGRESS 1',
    ]);
    expect(reading.times.slice(0, 2).map(Number)).toEqual([at + 100, at + 200]);
  });

  it('serves a crowd that comes back without a look for each', async () => {
    const { clock, upstream, feed } = setUp();
    upstream.put(0);
    feed();
    await clock.advance(5000);
    upstream.calls.length = 0;
    const crowd = Array.from({ length: 200 }, (_, n) => feed({ since: new Date(clock.now() - n * 100) }));
    await settled();
    expect(crowd.every(({ told }) => told[0] === 'SNAPSHOT Job 0 IN_PROGRESS')).toBe(true);
    expect(upstream.calls).toHaveLength(0);
  });

  it('is not blinded by a row of the far future', async () => {
    const { clock, upstream, feed } = setUp();
    const reading = feed();
    upstream.put(9, {
      status: 'COMPLETED',
      startedAt: new Date(Date.UTC(2099, 1)),
      finishedAt: new Date(Date.UTC(2099, 1)),
    });
    await clock.advance(600_000);
    upstream.put(0, {
      status: 'FAILED',
      startedAt: new Date(clock.now()),
      finishedAt: new Date(clock.now()),
    });
    await clock.advance(30_000);
    expect(reading.told).toEqual(['SUBMITTED Job 0 FAILED']);
  });
});

describe('the feed of a crowd', () => {
  const minutes = 60_000;

  it('opens with any number of jobs, for a few calls a look', async () => {
    const { clock, upstream, feed } = setUp();
    const before = new Date(clock.now() - 60 * minutes);
    for (let n = 0; n < 1500; n += 1) {
      upstream.put(n, { status: 'COMPLETED', startedAt: before, finishedAt: new Date(+before + n) });
    }
    upstream.put(1500);
    const plain = feed();
    const reading = feed({ since: new Date(clock.now() - 120 * minutes) });
    await clock.advance(2000);
    expect(upstream.calls.length).toBeLessThanOrEqual(20);
    await clock.advance(28_000);
    expect(new Set(reading.told).size).toBe(1501);
    expect(reading.told).toHaveLength(1501);
    upstream.put(2000, { startedAt: new Date(clock.now()) });
    await clock.advance(16_000);
    expect(plain.told).toEqual(['SUBMITTED Job 2000 IN_PROGRESS']);
    expect(reading.told.at(-1)).toBe('SUBMITTED Job 2000 IN_PROGRESS');
    expect([plain.end, reading.end]).toEqual(['open', 'open']);
  });

  it('refuses at once to open with more than it can hold, and goes on telling the others', async () => {
    const { clock, upstream, feed } = setUp({ pollShare: 100 });
    const before = new Date(clock.now() - 60 * minutes);
    for (let n = 0; n < 10_001; n += 1) {
      upstream.put(n, { status: 'COMPLETED', startedAt: before, finishedAt: before });
    }
    const plain = feed();
    const reading = feed({ since: new Date(clock.now() - 120 * minutes) });
    await clock.advance(20_000);
    expect(reading.end).toMatchObject({ code: 'QUERY_TOO_COMPLEX' });
    upstream.put(20_000, { startedAt: new Date(clock.now()) });
    await clock.advance(16_000);
    expect([plain.told, plain.end]).toEqual([['SUBMITTED Job 20000 IN_PROGRESS'], 'open']);
  });

  it('tells every job of more than 1000 that run, and each end once, within its share', async () => {
    const { clock, upstream, feed } = setUp();
    const all = feed();
    const canary = feed({ filter: { name: { eq: 'canary' } } });
    await clock.advance(1500);
    for (let n = 0; n < 1100; n += 1) upstream.put(n, { startedAt: new Date(clock.now() + n) });
    upstream.put(5000, { name: 'canary', startedAt: new Date(clock.now()) });
    const start = clock.now();
    await clock.advance(30_000);
    expect(new Set(all.told).size).toBe(1101);
    upstream.put(5000, { status: 'FAILED' });
    await clock.advance(30_000);
    expect(canary.told).toEqual([
      'SUBMITTED canary IN_PROGRESS',
      'STATUS_CHANGED canary FAILED after IN_PROGRESS',
    ]);
    for (let n = 0; n < 1100; n += 1) {
      upstream.put(n, { status: 'COMPLETED' });
      if (n % 20 === 0) await clock.advance(100);
    }
    await clock.advance(60_000);
    const ends = all.told.filter((each) => each.includes('COMPLETED'));
    expect([new Set(ends).size, ends.length]).toEqual([1100, 1100]);
    expect([all.end, canary.end]).toEqual(['open', 'open']);
    for (let at = start; at < clock.now(); at += 1000) {
      const minute = upstream.calls.filter((call) => call.at >= at && call.at < at + minutes);
      expect(minute.length).toBeLessThanOrEqual(100);
    }
  });

  it('tells of jobs that follow 1001 which ended together', async () => {
    const { clock, upstream, feed } = setUp();
    const reading = feed({ filter: { name: { startsWith: 'canary' } } });
    await clock.advance(1500);
    const at = new Date(clock.now());
    for (let n = 0; n < 1001; n += 1) upstream.put(n, { status: 'FAILED', startedAt: at, finishedAt: at });
    await clock.advance(5 * minutes);
    upstream.put(5000, { name: 'canary', startedAt: new Date(clock.now()) });
    await clock.advance(30_000);
    upstream.put(5000, { status: 'COMPLETED' });
    await clock.advance(30_000);
    expect(reading.told).toEqual([
      'SUBMITTED canary IN_PROGRESS',
      'STATUS_CHANGED canary COMPLETED after IN_PROGRESS',
    ]);
    // by now the query begins after the crowd
    upstream.calls.length = 0;
    await clock.advance(16_000);
    expect(upstream.calls.length).toBeLessThanOrEqual(16);
  });

  it('costs no more than others some minutes after all of it has ended', async () => {
    const { clock, upstream, feed } = setUp();
    feed();
    await clock.advance(1500);
    const at = new Date(clock.now());
    for (let n = 0; n < 1001; n += 1) upstream.put(n, { status: 'FAILED', startedAt: at, finishedAt: at });
    await clock.advance(10 * minutes);
    upstream.calls.length = 0;
    await clock.advance(minutes);
    expect(upstream.calls).toHaveLength(4);
  });

  it('tells who waits for the past of what ends meanwhile, and of that once', async () => {
    const { clock, upstream, feed } = setUp({ pollShare: 0.05 });
    const before = new Date(clock.now() - 60 * minutes);
    for (let n = 0; n < 3000; n += 1) {
      upstream.put(n, { status: 'COMPLETED', startedAt: before, finishedAt: before });
    }
    upstream.put(5000, { startedAt: new Date(+before - 1) });
    feed();
    await clock.advance(10_000);
    const reading = feed({ since: new Date(clock.now() - 61 * minutes) });
    await clock.advance(60_000);
    upstream.put(5000, { status: 'COMPLETED' });
    for (let minute = 0; minute < 10; minute += 1) {
      // newer jobs carry the feed's window away from that end
      upstream.put(6000 + minute, { startedAt: new Date(clock.now()) });
      await clock.advance(minutes);
    }
    expect(reading.told.filter((each) => each.includes('Job 5000'))).toEqual(['SNAPSHOT Job 5000 COMPLETED']);
    expect(reading.told.filter((each) => each.includes('Job 6009'))).toHaveLength(1);
    expect(reading.told).toHaveLength(3011);
  });

  it('goes on where it stopped when upstream fails in between', async () => {
    const { clock, upstream, feed } = setUp();
    for (let n = 0; n < 1500; n += 1) upstream.put(n);
    const reading = feed({ since: new Date(clock.now()) });
    await clock.advance(500);
    upstream.failWith = unavailable;
    await clock.advance(20_000);
    expect(reading.end).toBe('open');
    upstream.failWith = undefined;
    upstream.calls.length = 0;
    await clock.advance(20_000);
    expect(new Set(reading.told).size).toBe(1500);
    expect(reading.told).toHaveLength(1500);
  });
});

describe("upstream's clock", () => {
  for (const minutes of [60, 5, -5, -60]) {
    it(`may be ${Math.abs(minutes)} minutes ${minutes < 0 ? 'behind' : 'ahead'}: who comes back hears no end again`, async () => {
      const { clock, upstream, feed } = setUp();
      upstream.skewMs = minutes * 60_000;
      const there = () => new Date(clock.now() + upstream.skewMs);
      const reading = feed();
      await clock.advance(1500);
      for (let n = 0; n < 3; n += 1) {
        upstream.put(n, { startedAt: there() });
        await clock.advance(8000);
        upstream.put(n, { status: 'COMPLETED' });
        await clock.advance(8000);
      }
      expect(reading.told).toHaveLength(6);
      await reading.leave();
      await clock.advance(1000);
      upstream.put(9, { status: 'COMPLETED', startedAt: there() });
      await clock.advance(1000);
      const back = feed({ since: reading.times.at(-1) ?? null });
      await clock.advance(1500);
      expect(back.told).toEqual(['SNAPSHOT Job 9 COMPLETED']);
    });
  }

  it('is not known before its first answer: what ended long ago is not told as new', async () => {
    for (const minutes of [60, 1, 0, -1, -5, -10, -60]) {
      const { clock, upstream, feed } = setUp();
      upstream.skewMs = minutes * 60_000;
      const there = (secondsAgo: number) => new Date(clock.now() + upstream.skewMs - secondsAgo * 1000);
      for (const ago of [2, 30, 200, 290, 350, 400, 3000]) {
        upstream.put(ago, { status: 'COMPLETED', startedAt: there(ago + 5), finishedAt: there(ago) });
      }
      upstream.put(0, { startedAt: there(1000) });
      const reading = feed();
      await clock.advance(30_000);
      expect(reading.told).toEqual([]);
      upstream.put(1, { status: 'FAILED', startedAt: there(1) });
      await clock.advance(16_000);
      expect(reading.told).toEqual(['SUBMITTED Job 1 FAILED']);
    }
  });
});

describe('callers', () => {
  it('never see each other', async () => {
    const { clock, upstreamOf, watch, feed, status } = setUp();
    const bob = callerOf('bob');
    upstreamOf(ann.key).put(0, { name: "Ann's" });
    upstreamOf(bob.key).put(0, { name: "Bob's" });
    const readings = [watch(0, null, ann), watch(0, null, bob), feed({ since: new Date(0) }, bob)];
    await clock.advance(1500);
    upstreamOf(ann.key).put(0, { status: 'COMPLETED' });
    await clock.advance(3000);
    expect(readings.map(({ told }) => told)).toEqual([
      ["SNAPSHOT Ann's IN_PROGRESS", "STATUS_CHANGED Ann's COMPLETED after IN_PROGRESS"],
      ["SNAPSHOT Bob's IN_PROGRESS"],
      ["SNAPSHOT Bob's IN_PROGRESS"],
    ]);
    expect([status(ann).watchedJobs, status(bob).watchedJobs]).toEqual([0, 1]);
  });
});

describe('hostile timing', () => {
  it('looks for the first of a crowd that keeps coming', async () => {
    const { clock, upstream, watch } = setUp();
    for (let n = 0; n < 80; n += 1) upstream.put(n);
    const first = watch(0);
    for (let n = 1; n < 80; n += 1) {
      await clock.advance(5);
      watch(n);
    }
    expect(first.told).toEqual(['SNAPSHOT Job 0 IN_PROGRESS']);
    expect(upstream.calls.length).toBeLessThan(5);
  });

  it('tells of the others though one row of the feed cannot be read', async () => {
    const { clock, upstream, feed } = setUp();
    upstream.put(0);
    upstream.put(1);
    const reading = feed();
    await clock.advance(1500);
    upstream.unreadable.add(guid(0));
    upstream.put(1, { status: 'COMPLETED' });
    await clock.advance(5000);
    expect(reading.told).toEqual(['STATUS_CHANGED Job 1 COMPLETED after IN_PROGRESS']);
  });

  it('loses no end of a reader who leaves after any of its events', async () => {
    for (let taken = 1; taken <= 3; taken += 1) {
      const { clock, upstream, hub } = setUp();
      const { signal } = new AbortController();
      const open = (since: Date) => hub.as(ann).watchJobs({ filter: {}, since }, null, signal);
      const start = new Date(clock.now());
      upstream.put(0);
      for (const n of [1, 2]) {
        upstream.put(n, { status: 'FAILED', startedAt: start, finishedAt: new Date(clock.now() + n * 100) });
      }
      const opening = open(start);
      await clock.advance(1000);
      const stream = await opening;
      const told: string[] = [];
      let since = start;
      for (let n = 0; n < taken; n += 1) {
        const { value } = await stream.next();
        if (value === undefined) continue;
        told.push(value.update.job.id);
        since = value.update.observedAt;
      }
      await stream.return();
      const again = open(since);
      await clock.advance(1000);
      const back = await again;
      for (let event = back.take(); event !== undefined; event = back.take()) told.push(event.update.job.id);
      expect(new Set(told)).toEqual(new Set([guid(0), guid(1), guid(2)]));
      await back.return();
    }
  });

  it('does not bring a deleted job back from an answer of before', async () => {
    const { clock, hub, upstream, feed } = setUp();
    upstream.put(0);
    const reading = feed();
    await clock.advance(1500);
    const slow = Promise.withResolvers<void>();
    const { answer } = upstream;
    upstream.answer = () => slow.promise;
    await clock.advance(3000);
    upstream.remove(0);
    hub.as(ann).forget(guid(0));
    slow.resolve();
    upstream.answer = answer;
    await clock.advance(20_000);
    expect(reading.told).toEqual(['DELETED Job 0 IN_PROGRESS']);
  });

  it('does not take a fresh submit for gone that a look under way cannot show yet', async () => {
    const { clock, hub, upstream, feed } = setUp();
    const reading = feed();
    await clock.advance(1500);
    const slow = Promise.withResolvers<void>();
    const { answer } = upstream;
    upstream.answer = () => slow.promise;
    await clock.advance(3000);
    hub.as(ann).observe(job(0, { observedAt: new Date(clock.now()), startedAt: new Date(clock.now()) }));
    slow.resolve();
    upstream.answer = answer;
    await settled();
    expect(reading.told).toEqual(['SUBMITTED Job 0 IN_PROGRESS']);
    upstream.put(0, { startedAt: new Date(clock.now()) });
    await clock.advance(20_000);
    expect(reading.told).toEqual(['SUBMITTED Job 0 IN_PROGRESS']);
  });

  it('confirms every job in turn that the queries leave out', async () => {
    const { clock, upstream, watch } = setUp();
    const readings = Array.from({ length: 25 }, (_, n) => {
      upstream.put(n);
      return watch(n);
    });
    await clock.advance(1500);
    for (let n = 0; n < 25; n += 1) {
      upstream.omitted.add(guid(n));
      upstream.put(n, { status: 'COMPLETED' });
    }
    await clock.advance(60_000);
    expect(readings.map(({ end }) => end)).toEqual(Array(25).fill('complete'));
  });

  it('serves newcomers while it confirms a crowd that has vanished', async () => {
    // 30 calls a minute
    const { clock, upstream, watch } = setUp({ pollShare: 0.15 });
    const gone = Array.from({ length: 150 }, (_, n) => {
      upstream.put(n);
      return watch(n);
    });
    await clock.advance(10_000);
    for (let n = 0; n < 150; n += 1) upstream.remove(n);
    await clock.advance(20_000);
    for (let n = 200; n < 210; n += 1) {
      upstream.put(n);
      const late = watch(n);
      await clock.advance(12_000);
      expect(late.told).toEqual([`SNAPSHOT Job ${n} IN_PROGRESS`]);
    }
    const confirmed = gone.filter(({ end }) => end === 'complete').length;
    expect(confirmed).toBeGreaterThan(15);
    await clock.advance(600_000);
    expect(gone.every(({ told }) => told.at(-1)?.startsWith('DELETED'))).toBe(true);
  });

  it('never goes blind after a burst of new watches', async () => {
    const { clock, upstream, watch, status } = setUp();
    for (let n = 0; n < 100; n += 1) upstream.put(n);
    const kept = watch(0);
    for (let n = 1; n < 100; n += 1) {
      watch(n);
      await clock.advance(300);
    }
    upstream.put(0, { status: 'COMPLETED' });
    await clock.advance(5000);
    expect(kept.end).toBe('complete');
    expect(status().pollIntervalMs).toBeLessThan(5000);
  });

  it('does not let a newcomer hang behind a long Retry-After', async () => {
    const { clock, upstream, watch } = setUp();
    upstream.put(0);
    upstream.put(1);
    watch(0);
    await clock.advance(1500);
    upstream.failWith = limited(600_000);
    await clock.advance(5000);
    const late = watch(1);
    await clock.advance(31_000);
    expect(late.end).toMatchObject({ code: 'RATE_LIMITED' });
  });

  it('tells of a job that is submitted while the feed waits for its first look', async () => {
    const { clock, upstream, feed } = setUp();
    upstream.failWith = unavailable;
    const reading = feed();
    await clock.advance(2000);
    upstream.put(0, { startedAt: new Date(clock.now()) });
    upstream.failWith = undefined;
    await clock.advance(10_000);
    expect(reading.told).toEqual(['SUBMITTED Job 0 IN_PROGRESS']);
  });

  it('shares the snapshots of a crowd that comes back', async () => {
    const { clock, hub, upstream, feed } = setUp();
    upstream.put(0);
    feed();
    await clock.advance(5000);
    const { signal } = new AbortController();
    const since = new Date(clock.now());
    const streams = await Promise.all(
      Array.from({ length: 3 }, () => hub.as(ann).watchJobs({ filter: {}, since }, null, signal)),
    );
    expect(new Set(streams.map((stream) => stream.take())).size).toBe(1);
  });
});
