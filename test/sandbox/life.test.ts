import { describe, expect, test } from 'vitest';
import {
  initializingJobId,
  longRunningJobId,
  soonFailingJobId,
  soonPartialJobId,
  waitingJobId,
} from '../../src/sandbox/seed/landmarks.ts';
import { idsOf, type Job, openSandbox } from './open-sandbox.ts';

const finished = new Set(['COMPLETED', 'FAILED', 'PARTIALLY_SUCCESSFUL']);
const stages = ['UNINITIALIZED', 'INITIALIZING', 'IN_PROGRESS'];
const stageOf = ({ status }: Job): number => (finished.has(status) ? 3 : stages.indexOf(status));
const newestFirst = [{ fieldName: 'startedAt', order: 'DESC' }];

describe('as time goes by', () => {
  test('jobs only go forward, progress only grows, and the finished stay as they are', async () => {
    const { all, advance, now } = await openSandbox();
    let before = new Map<string, Job>();
    const endings = new Set<string>();
    for (let step = 0; step < 60; step += 1) {
      const jobs = await all();
      for (const job of jobs) {
        expect(job.startedAt).toBeLessThanOrEqual(now());
        expect(job.finishedAt !== null).toBe(finished.has(job.status));
        if (job.finishedAt !== null) {
          expect(job.startedAt).toBeLessThanOrEqual(job.finishedAt);
          expect(job.finishedAt).toBeLessThanOrEqual(now());
        }
        const earlier = before.get(job.id);
        if (earlier === undefined) continue;
        if (finished.has(earlier.status)) {
          expect(job).toEqual(earlier);
          continue;
        }
        if (finished.has(job.status)) endings.add(job.status);
        expect(stageOf(job)).toBeGreaterThanOrEqual(stageOf(earlier));
        expect(job.logsRecorded).toBeGreaterThanOrEqual(earlier.logsRecorded);
        for (const count of ['current', 'itemsSuccessful', 'itemsRejected'] as const) {
          expect(job.progress?.[count] ?? 0).toBeGreaterThanOrEqual(earlier.progress?.[count] ?? 0);
        }
      }
      before = new Map(jobs.map((job) => [job.id, job]));
      advance(7.3);
    }
    expect(endings).toEqual(finished);
  });

  test('the logs of a job grow with it, and there are as many as it says', async () => {
    const { job, logs, advance } = await openSandbox();
    const counts: number[] = [];
    for (let step = 0; step < 6; step += 1) {
      const { logsRecorded } = await job(soonPartialJobId);
      const found = await logs(soonPartialJobId, 'paging.limit=100');
      expect(found.logs).toHaveLength(logsRecorded);
      counts.push(logsRecorded);
      advance(20);
    }
    expect(counts).toEqual(counts.toSorted((left, right) => left - right));
    expect(new Set(counts).size).toBeGreaterThan(3);
  });

  test('progress moves every second', async () => {
    const { all, advance } = await openSandbox();
    const before = await all({ filter: { status: 'IN_PROGRESS' } });
    advance(1);
    const after = new Map((await all()).map((job) => [job.id, job]));
    for (const { id, progress } of before) {
      const later = after.get(id)?.progress;
      expect(later?.current, id).toBeGreaterThan(progress?.current ?? Number.POSITIVE_INFINITY);
    }
  });

  test('the soon failing job fails and the soon partial one ends in part', async () => {
    const { job, advance } = await openSandbox();
    expect((await job(soonFailingJobId)).status).toBe('IN_PROGRESS');
    advance(39.9);
    expect((await job(soonFailingJobId)).status).toBe('IN_PROGRESS');
    advance(0.1);
    expect(await job(soonFailingJobId)).toMatchObject({ status: 'FAILED', error: { code: 'WDH0003' } });
    expect((await job(soonPartialJobId)).status).toBe('IN_PROGRESS');
    advance(30);
    expect(await job(soonPartialJobId)).toMatchObject({
      status: 'PARTIALLY_SUCCESSFUL',
      partiallySuccessfulOptions: { cause: expect.stringContaining('limit') },
    });
  });

  test('a workflow moves on to its next job when one ends', async () => {
    const { job, advance } = await openSandbox();
    advance(22 * 3600 + 10);
    expect((await job(longRunningJobId)).status).toBe('COMPLETED');
    expect((await job(waitingJobId)).status).toBe('IN_PROGRESS');
    expect((await job(initializingJobId)).status).toBe('PARTIALLY_SUCCESSFUL');
  });
});

describe('there is always something to watch', () => {
  test('a quick, a medium and a slow job are in progress at every moment', async () => {
    const { query, all, advance } = await openSandbox();
    const moments: string[][] = [];
    for (let step = 0; step < 40; step += 1) {
      const moving = await query({ filter: { status: 'IN_PROGRESS' }, cursorPaging: { limit: 100 } });
      moments.push(idsOf(moving.jobs));
      advance(7.77);
    }
    advance(1500);
    const seconds = new Map(
      (await all()).map(({ id, startedAt, finishedAt }) => [
        id,
        ((finishedAt ?? Infinity) - startedAt) / 1000,
      ]),
    );
    const paces: [number, number][] = [
      [15, 30],
      [60, 180],
      [600, 1500],
    ];
    for (const moment of moments) {
      for (const [least, most] of paces) {
        const durations = moment.map((id) => seconds.get(id) ?? Number.NaN);
        expect(durations.filter((duration) => duration >= least && duration <= most)).not.toEqual([]);
      }
    }
  });

  test('new jobs begin within any half minute', async () => {
    const { query, advance } = await openSandbox();
    const newest = async () =>
      idsOf((await query({ sort: newestFirst, cursorPaging: { limit: 1 } })).jobs)[0];
    const seen = new Set([await newest()]);
    for (let step = 0; step < 10; step += 1) {
      advance(30);
      seen.add(await newest());
    }
    expect(seen.size).toBe(11);
  });

  test('however long it runs, the jobs stay a few hundred and the seed stays whole', async () => {
    const { all, advance } = await openSandbox();
    const seed = idsOf(await all());
    const counts: number[] = [];
    for (const days of [1, 30, 365]) {
      advance(days * 86_400);
      const ids = idsOf(await all());
      expect(seed.filter((id) => !ids.includes(id))).toEqual([]);
      counts.push(ids.length);
    }
    expect(Math.max(...counts)).toBeLessThan(500);
  });
});
