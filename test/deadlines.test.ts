import { describe, expect, it } from 'vitest';
import type { Clock } from '../src/domain/clock.ts';
import { createFakeClock, createHastyClock } from './support/fake-clock.ts';
import { openGateway, type TestGateway } from './support/gateway.ts';
import { jobRows, jobsPage } from './support/rows.ts';
import { type Reply, startScriptedUpstream } from './support/scripted-upstream.ts';

const jobs = '{ jobs { nodes { id } } }';
const upload =
  'mutation { createFileUploadUrl(input: { fileName: "prices.csv" }) { fileId userErrors { code } } }';
const start = Date.UTC(2026, 8, 14, 6);

/** Upstream fails at first, then answers; tells when it was asked, on a clock on which nothing but waits takes time. */
const failAtFirst = async (faults: readonly Reply[], upstreamTimeoutMs = 10_000) => {
  const clock = createHastyClock(() => start);
  const times: number[] = [];
  const upstream = await startScriptedUpstream(() => {
    times.push(clock.now() - start);
    return faults[times.length - 1] ?? jobsPage(jobRows(1));
  });
  const { errors } = await openGateway(upstream.url, { clock, upstreamTimeoutMs }).ask(jobs);
  expect(clock.pending).toBe(0);
  return { times, error: errors?.[0]?.extensions };
};

const busy = (retryAfter: string): Reply => ({
  status: 503,
  text: '',
  headers: { 'retry-after': retryAfter },
});
const limited = (retryAfter: string): Reply => ({
  status: 429,
  text: '',
  headers: { 'retry-after': retryAfter },
});

describe('Retry-After', () => {
  it('as a date is on the clock of the answer that it comes with', async () => {
    for (const hours of [-1, 1]) {
      const date = (ms: number) => new Date(start + hours * 3_600_000 + ms).toUTCString();
      const skewed: Reply = { status: 503, text: '', headers: { date: date(0), 'retry-after': date(4000) } };
      const { times } = await failAtFirst([skewed]);
      expect(times).toEqual([0, 4000]);
    }
  });

  it.each<[string, Reply, number]>([
    ['seconds', busy('4'), 4000],
    ['a date', busy('Mon, 14 Sep 2026 06:00:04 GMT'), 4000],
    ['seconds of a 429', limited('4'), 4000],
    ['a date of a 429', limited('Mon, 14 Sep 2026 06:00:04 GMT'), 4000],
    ['nothing of a 429', { status: 429, text: '' }, 5000],
    ['as long as the deadline allows', busy('9'), 9000],
  ])('in %s is waited for, and the answer comes', async (_how, fault, waitMs) => {
    expect(await failAtFirst([fault])).toEqual({ times: [0, waitMs], error: undefined });
  });

  it.each<[string, Reply, string, number]>([
    ['seconds', busy('10'), 'UPSTREAM_UNAVAILABLE', 10_000],
    ['a date', busy('Mon, 14 Sep 2026 06:00:42 GMT'), 'UPSTREAM_UNAVAILABLE', 42_000],
    ['seconds of a 429', limited('17'), 'RATE_LIMITED', 17_000],
    ['a date of a 429', limited('Mon, 14 Sep 2026 06:00:42 GMT'), 'RATE_LIMITED', 42_000],
  ])('in %s that is after the deadline fails at once', async (_how, fault, code, retryAfterMs) => {
    const { times, error } = await failAtFirst([fault]);
    expect(times).toEqual([0]);
    expect(error).toMatchObject({ code, retryAfterMs });
  });

  it('of the second attempt counts from there', async () => {
    const { times, error } = await failAtFirst([busy('4'), busy('7')]);
    expect(times).toEqual([0, 4000]);
    expect(error).toMatchObject({ code: 'UPSTREAM_UNAVAILABLE', retryAfterMs: 7000 });
  });
});

describe('the time for one operation', () => {
  it('goes on from attempt to attempt: a later one has what is left', async () => {
    // 400 ms are left for the second; with a share of its own it would outlast this test
    expect(await failAtFirst([busy('20'), 'hang'], 20_400)).toEqual({
      times: [0, 20_000],
      error: { code: 'UPSTREAM_TIMEOUT' },
    });
  });

  it('holds three attempts, with pauses below half a second where nobody asked for more', async () => {
    for (let n = 0; n < 20; n += 1) {
      const { times, error } = await failAtFirst(
        Array.from({ length: 3 }, (): Reply => ({ status: 502, text: '' })),
      );
      expect(error).toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' });
      const [first = 0, second = 0, third = 0] = times;
      expect([times.length, first]).toEqual([3, 0]);
      expect(second).toBeLessThanOrEqual(200);
      expect(third - second).toBeLessThanOrEqual(400);
    }
  });
});

/** A clock that stands still, and word of when somebody begins to wait. */
const createStillClock = () => {
  const fake = createFakeClock(start);
  let waits = Promise.withResolvers<void>();
  const clock: Clock = {
    now: fake.now,
    after(ms, callback) {
      // the deadline of the whole execution is no wait
      if (ms >= 30_000) return () => {};
      waits.resolve();
      return fake.after(ms, callback);
    },
  };
  return {
    fake,
    clock,
    /** Settles when the next wait begins. */
    nextWait() {
      waits = Promise.withResolvers<void>();
      return waits.promise;
    },
  };
};

/** A client that can go away. */
const send = (gateway: TestGateway, query: string) => {
  const client = new AbortController();
  const answer = gateway.fetch(
    new Request('http://gateway/graphql', {
      method: 'POST',
      signal: client.signal,
      headers: { 'content-type': 'application/json', authorization: 'test-credential' },
      body: JSON.stringify({ query }),
    }),
  );
  return {
    async leave() {
      const left = expect(answer).rejects.toThrow();
      client.abort();
      await left;
    },
  };
};

const uploadAnswer: Reply = { json: { fileId: 'imports/1', uploadUrl: 'https://example.com/put' } };

describe('a client that goes away', () => {
  /** A gateway whose caller upstream has asked to wait for 2 s. */
  const openLimited = async () => {
    const { clock, fake, nextWait } = createStillClock();
    const written = Promise.withResolvers<void>();
    const upstream = await startScriptedUpstream(({ operation }) => {
      if (operation !== 'CreateFileUploadUrl') return limited('2');
      written.resolve();
      return uploadAnswer;
    });
    const gateway = openGateway(upstream.url, { clock });
    const waiting = nextWait();
    const first = send(gateway, jobs);
    await waiting;
    return { fake, nextWait, upstream, gateway, first, written: written.promise };
  };

  it('during the pause before another attempt ends the pause', async () => {
    const { first, fake, upstream } = await openLimited();
    expect(fake.pending).toBe(1);
    await first.leave();
    expect(fake.pending).toBe(0);
    await fake.advance(20_000);
    expect(upstream.count()).toBe(1);
  });

  it('while its read waits for the budget leaves the queue', async () => {
    const { first, fake, nextWait, gateway, upstream } = await openLimited();
    await first.leave();
    const waiting = nextWait();
    const second = send(gateway, '{ schedules { id } }');
    await waiting;
    expect(fake.pending).toBe(1);
    await second.leave();
    expect(fake.pending).toBe(0);
    await fake.advance(20_000);
    expect(upstream.count()).toBe(1);
  });

  it('while its write waits for the budget changes nothing: the write is sent', async () => {
    const { first, fake, nextWait, gateway, upstream, written } = await openLimited();
    await first.leave();
    const waiting = nextWait();
    const write = send(gateway, upload);
    await waiting;
    await write.leave();
    expect(fake.pending).toBe(1);
    await fake.advance(1999);
    expect(upstream.count('CreateFileUploadUrl')).toBe(0);
    await fake.advance(1);
    await written;
    expect(fake.pending).toBe(0);
    await upstream.idle();
    expect(upstream.count('CreateFileUploadUrl')).toBe(1);
  });

  it('while upstream is busy with its write lets that come to its end', async () => {
    const arrived = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<Reply>();
    let ending = '';
    const upstream = await startScriptedUpstream((call) => {
      if (call.operation !== 'CreateFileUploadUrl') return jobsPage([]);
      void call.aborted.then(() => {
        ending = 'aborted';
      });
      arrived.resolve();
      return answer.promise;
    });
    const gateway = openGateway(upstream.url);
    const write = send(gateway, upload);
    await arrived.promise;
    await write.leave();
    // by the time of another answer upstream would have heard of it
    await gateway.ask(jobs);
    answer.resolve(uploadAnswer);
    await upstream.idle();
    expect([ending, upstream.count('CreateFileUploadUrl')]).toEqual(['', 1]);
  });
});
