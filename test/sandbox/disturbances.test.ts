import { describe, expect, test } from 'vitest';
import type { FaultKind } from '../../src/sandbox/http/faults.ts';
import { collection, csv, openMover, otherSiteId } from './open-mover.ts';
import { jobsPath } from './open-sandbox.ts';
import { createStepClock } from './step-clock.ts';

const submission = { source: collection('shops'), destination: csv, name: 'through a fault' };

/** How a call ended: its status and text, or that the connection was cut. */
const fateOf = async (call: Promise<Response>): Promise<{ status: number; text: string } | 'cut'> => {
  try {
    const response = await call;
    return { status: response.status, text: await response.text() };
  } catch {
    return 'cut';
  }
};

describe('a submission that meets the fault', () => {
  test.each<[FaultKind, unknown, number]>([
    ['500', { status: 500, text: '{"message":"","details":{}}' }, 1],
    ['503', { status: 503, text: '<html><body>upstream unavailable</body></html>' }, 0],
    ['cut', 'cut', 0],
    ['lost', 'cut', 1],
    ['malformed', { status: 200, text: expect.stringMatching(/^\{"job":\{"id":/) }, 1],
  ])('%s', async (kind, fate, jobs) => {
    const { post, calls } = await openMover({
      faults: { share: 1, kinds: [kind], operations: ['SubmitJob'] },
    });
    const met = await fateOf(post(jobsPath, submission));
    expect(met).toEqual(fate);
    if (kind === 'malformed') expect(() => JSON.parse(Object(met).text)).toThrow(SyntaxError);
    expect(calls.of('SubmitJob')).toBe(1);
    const found = await post(`${jobsPath}/query`, { query: { filter: { name: submission.name } } });
    expect((await found.json()).jobs).toHaveLength(jobs);
  });
});

describe('faults', () => {
  const fates = async (share: number, kinds: readonly FaultKind[], count: number) => {
    const { call } = await openMover({ faults: { share, kinds } });
    const met: (number | 'cut')[] = [];
    for (let number = 0; number < count; number += 1) {
      const fate = await fateOf(call(`${jobsPath}?paging.limit=1`));
      met.push(fate === 'cut' ? fate : fate.status);
    }
    return met;
  };

  test('take turns', async () => {
    expect(await fates(1, ['500', '503', 'cut'], 6)).toEqual([500, 503, 'cut', 500, 503, 'cut']);
  });

  test('meet about the share of the calls that is asked for, and the same calls each time', async () => {
    const met = await fates(0.3, ['503'], 200);
    const count = met.filter((fate) => fate === 503).length;
    expect(count).toBeGreaterThan(40);
    expect(count).toBeLessThan(80);
    expect(await fates(0.3, ['503'], 200)).toEqual(met);
  });

  test('are none when nothing is said', async () => {
    const { call } = await openMover();
    for (let number = 0; number < 50; number += 1) expect((await call(jobsPath)).status).toBe(200);
  });

  test('spare the files and the pages of the sandbox itself', async () => {
    const { url, call } = await openMover({ faults: { share: 1, kinds: ['503'] } });
    const unknown = `${url}/_sandbox/uploads/3f0a6c52-9c0d-4b7e-8a51-6f2f6f1d0a99`;
    expect((await fetch(unknown, { method: 'PUT', body: 'x' })).status).toBe(404);
    expect((await fetch(`${url}/_sandbox/calls`)).status).toBe(200);
    expect((await call(jobsPath)).status).toBe(503);
  });
});

describe('a limit of requests', () => {
  test('answers 429 past so many a minute, and again when the minute has passed', async () => {
    const { now, advance } = createStepClock();
    const { call, refusalOf, calls } = await openMover({ now, requestsPerMinute: 200 });
    const statuses = async (count: number) => {
      const met = new Set<number>();
      for (let number = 0; number < count; number += 1)
        met.add((await call(`${jobsPath}?paging.limit=1`)).status);
      return [...met];
    };
    expect(await statuses(120)).toEqual([200]);
    advance(30_000);
    expect(await statuses(80)).toEqual([200]);
    const refused = await call(jobsPath);
    expect(refused.headers.has('retry-after')).toBe(false);
    expect(await refusalOf(refused)).toEqual({
      status: 429,
      message: 'Too many requests.',
      applicationError: { code: 'RESOURCE_EXHAUSTED', description: 'Too many requests.', data: {} },
    });
    advance(29_999);
    expect(await statuses(1)).toEqual([429]);
    advance(1);
    expect(await statuses(120)).toEqual([200]);
    expect(await statuses(1)).toEqual([429]);
    expect(calls.of('ListJobs')).toBe(120 + 80 + 1 + 1 + 120 + 1);
  });

  test('is each site’s own', async () => {
    const { call, site, url } = await openMover({ requestsPerMinute: 1 });
    expect((await call(jobsPath)).status).toBe(200);
    expect((await call(jobsPath)).status).toBe(429);
    expect((await site(otherSiteId).call(jobsPath)).status).toBe(200);
    expect((await fetch(`${url}/_sandbox/calls`)).status).toBe(200);
  });

  test('lets nothing be done by a refused call', async () => {
    const { now, advance } = createStepClock();
    const { post, call } = await openMover({ now, requestsPerMinute: 1 });
    await call(jobsPath);
    expect((await post(jobsPath, submission)).status).toBe(429);
    advance(60_000);
    const found = await post(`${jobsPath}/query`, { query: { filter: { name: submission.name } } });
    expect((await found.json()).jobs).toEqual([]);
  });
});

test('latency holds every call of the API up, and nothing else', async () => {
  const clock = createStepClock();
  const { call, url } = await openMover({ ...clock, latencyMs: 250 });
  let answered = false;
  const answer = call(jobsPath).then((response) => {
    answered = true;
    return response.status;
  });
  await clock.waited();
  expect((await fetch(`${url}/_sandbox/calls`)).status).toBe(200);
  expect(answered).toBe(false);
  expect(await clock.step()).toBe(250);
  expect(await answer).toBe(200);
});

test('closing does not wait for a call that is held up', async () => {
  const clock = createStepClock();
  const { call, close } = await openMover({ ...clock, latencyMs: 250 });
  const fate = fateOf(call(jobsPath));
  await clock.waited();
  await close();
  expect(await fate).toBe('cut');
});
