import { describe, expect, test } from 'vitest';
import { longRunningJobId } from '../../src/sandbox/seed/landmarks.ts';
import { collection, csv, into, jsonl, openMover, otherSiteId } from './open-mover.ts';
import { jobsPath, startOfTest } from './open-sandbox.ts';
import { createStepClock } from './step-clock.ts';

const linesOf = (count: number): string =>
  Array.from({ length: count }, (_, index) => `{"_id":"${index + 1}"}`).join('\n');

/** A sandbox at usual speed whose waits pass only when the test says so. */
const openStepped = async (options: object = {}) => {
  const clock = createStepClock();
  return { ...(await openMover({ speed: 1, ...clock, ...options })), clock };
};

describe('a submitted job', () => {
  test('is there at once, in every way of looking', async () => {
    const { submit, job, call, post } = await openStepped();
    const name = 'Overnight copy of shops';
    const submitted = await submit({ source: collection('shops'), destination: into('imports'), name });
    expect(submitted).toMatchObject({
      status: 'UNINITIALIZED',
      startedAt: startOfTest,
      name,
      source: collection('shops'),
      destination: into('imports'),
      progress: null,
      logsRecorded: 0,
    });
    expect(await job(submitted.id)).toEqual(submitted);
    const listed = await (await call(`${jobsPath}?paging.limit=100`)).text();
    expect(listed).toContain(submitted.id);
    for (const filter of [
      { id: submitted.id },
      { name: { $startsWith: 'overnight' } },
      { status: 'UNINITIALIZED' },
    ]) {
      const found = await (await post(`${jobsPath}/query`, { query: { filter } })).text();
      expect(found).toContain(submitted.id);
    }
  });

  test('goes through all stages, its progress growing in small steps', async () => {
    const { submit, job, upload, clock } = await openStepped();
    const fileId = await upload(linesOf(200));
    const { id } = await submit({ source: { file: { fileId } }, destination: into('imports') });
    await clock.step();
    await clock.waited();
    expect((await job(id)).status).toBe('INITIALIZING');
    await clock.step();
    let before = 0;
    await clock.waited();
    let state = await job(id);
    while (state.status === 'IN_PROGRESS') {
      expect(state.progress).toMatchObject({ total: 200, itemsRejected: 0 });
      const current = state.progress?.current ?? 0;
      expect(current - before).toBeLessThanOrEqual(5);
      expect(current).toBeGreaterThan(before);
      before = current;
      await clock.step();
      if (current < 200) await clock.waited();
      state = await job(id);
    }
    expect(state).toMatchObject({ status: 'COMPLETED', progress: { current: 200, itemsSuccessful: 200 } });
    expect(state.finishedAt).toBe(clock.now());
  });

  test.each([
    [200, 1, 5, 8],
    [50_000, 1, 8, 20],
    [200, 10, 0.5, 0.8],
  ])('of %i rows at speed %i takes from %d to %d seconds', async (rows, speed, least, most) => {
    const clock = createStepClock();
    const passing = {
      now: clock.now,
      after: async (ms: number) => clock.advance(ms),
    };
    const { importInto } = await openMover({ speed, ...passing });
    const { finishedAt, startedAt } = await importInto(linesOf(rows), into('imports'));
    const seconds = (Number(finishedAt) - startedAt) / 1000;
    expect(seconds).toBeGreaterThanOrEqual(least);
    expect(seconds).toBeLessThanOrEqual(most);
  });

  test('waits for its turn when too many are under way', async () => {
    const { submit, job, clock } = await openStepped({ limits: { jobsAtOnce: 1 } });
    const first = await submit({ source: collection('imports'), destination: csv });
    const second = await submit({ source: collection('imports'), destination: csv });
    expect(clock.waiting()).toBe(1);
    await clock.step();
    await clock.step();
    await clock.waited();
    expect((await job(first.id)).status).toBe('COMPLETED');
    expect((await job(second.id)).status).toBe('UNINITIALIZED');
  });

  test('posted twice is two jobs', async () => {
    const { submit, ended, post } = await openMover();
    const body = { source: collection('shops'), destination: into('imports'), name: 'twice' };
    const [one, other] = await Promise.all([submit(body), submit(body)]);
    expect(one.id).not.toBe(other.id);
    await Promise.all([ended(one.id), ended(other.id)]);
    const found = await (await post(`${jobsPath}/query`, { query: { filter: { name: 'twice' } } })).json();
    expect(found).toMatchObject({ jobs: [{ status: 'COMPLETED' }, { status: 'COMPLETED' }] });
  });
});

describe('termination', () => {
  const openHalfway = async (options: object = {}) => {
    const stepped = await openStepped(options);
    const fileId = await stepped.upload(linesOf(200));
    const { id } = await stepped.submit({
      source: { file: { fileId } },
      destination: into('imports', 'TRUNCATE_BEFORE'),
    });
    for (let step = 0; step < 12; step += 1) await stepped.clock.step();
    await stepped.clock.waited();
    return { ...stepped, id };
  };

  test('stops a running job, keeps what was written and makes the job vanish', async () => {
    const { id, terminate, job, call, post, clock, submit, ended, fileOf } = await openHalfway();
    const before = await job(id);
    expect(before).toMatchObject({ status: 'IN_PROGRESS', progress: { current: 44 } });
    const response = await terminate(id);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({
      job: { id, status: 'IN_PROGRESS', progress: { current: 44 } },
    });
    expect(clock.waiting()).toBe(0);
    expect((await call(`${jobsPath}/${id}`)).status).toBe(404);
    expect((await call(`${jobsPath}/${id}/logs`)).status).toBe(404);
    expect((await terminate(id)).status).toBe(404);
    const found = await (await post(`${jobsPath}/query`, { query: { filter: { id } } })).json();
    expect(found).toMatchObject({ jobs: [] });
    const copy = await submit({ source: collection('imports'), destination: jsonl });
    for (let step = 0; step < 13; step += 1) await clock.step();
    expect((await fileOf(await ended(copy.id))).trimEnd().split('\n')).toHaveLength(44);
  });

  test('leaves the job with its last status where the sandbox is told so', async () => {
    const { id, terminate, job, clock, post } = await openHalfway({ terminated: 'keep' });
    const before = await job(id);
    expect((await terminate(id)).status).toBe(200);
    clock.advance(3_600_000);
    expect(await job(id)).toEqual(before);
    expect((await terminate(id)).status).toBe(200);
    const found = await (await post(`${jobsPath}/query`, { query: { filter: { id } } })).json();
    expect(found).toMatchObject({ jobs: [{ status: 'IN_PROGRESS' }] });
  });

  test('of a job that has not begun leaves everything as it was', async () => {
    const { submit, terminate, clock, job } = await openStepped();
    const { id } = await submit({
      source: collection('shops'),
      destination: into('products', 'TRUNCATE_BEFORE'),
    });
    await clock.step();
    await clock.waited();
    await terminate(id);
    expect(clock.waiting()).toBe(0);
    const count = await submit({ source: collection('products'), destination: jsonl });
    await clock.step();
    await clock.step();
    await clock.waited();
    expect(await job(count.id)).toMatchObject({ status: 'IN_PROGRESS', progress: { total: 3000 } });
  });

  test('of a finished job is refused with 428', async () => {
    const { run, terminate, refusalOf, job } = await openMover();
    const finished = await run(collection('shops'), into('imports'));
    expect(await refusalOf(await terminate(finished.id))).toEqual({
      status: 428,
      message: 'The job has already finished.',
      applicationError: {
        code: 'FAILED_PRECONDITION',
        description: 'The job has already finished.',
        data: {},
      },
    });
    expect(await job(finished.id)).toEqual(finished);
  });

  test('of an unknown job is refused with 404, of no job with 400', async () => {
    const { terminate } = await openMover();
    expect((await terminate('3f0a6c52-9c0d-4b7e-8a51-6f2f6f1d0a99')).status).toBe(404);
    expect((await terminate('42')).status).toBe(400);
  });

  test.each([
    ['vanish', 404],
    ['keep', 200],
  ] as const)('of a job of the seed stops it on this site alone (%s)', async (terminated, status) => {
    const { now, advance } = createStepClock();
    const { terminate, call, site, job } = await openMover({ terminated, now });
    const before = await job(longRunningJobId);
    expect((await terminate(longRunningJobId)).status).toBe(200);
    advance(60_000);
    expect((await call(`${jobsPath}/${longRunningJobId}`)).status).toBe(status);
    if (terminated === 'keep') expect(await job(longRunningJobId)).toEqual(before);
    const elsewhere = await site(otherSiteId).job(longRunningJobId);
    expect(elsewhere.progress?.current).toBeGreaterThan(before.progress?.current ?? 0);
  });
});

test('closing stops what is under way', async () => {
  const { submit, clock, close } = await openStepped();
  await submit({ source: collection('products'), destination: csv });
  await clock.step();
  await clock.waited();
  await close();
  expect(clock.waiting()).toBe(0);
});
