import { expect, test } from 'vitest';
import { disabledScheduleId, flatScheduleId, showcaseScheduleId } from '../../src/sandbox/seed/landmarks.ts';
import { idsOf, openSandbox, syncJobsPath } from './open-sandbox.ts';

test('there are at least twelve schedules, each with jobs, some disabled, some in the flat form', async () => {
  const { schedules, query } = await openSandbox();
  const all = await schedules();
  expect(all.length).toBeGreaterThanOrEqual(12);
  expect(all.filter(({ enabled }) => !enabled).length).toBeGreaterThanOrEqual(2);
  for (const schedule of all) {
    const { jobs } = await query({ filter: { scheduleId: schedule.id } });
    expect(jobs.length).toBeGreaterThan(0);
    const isFlat = 'source' in schedule;
    expect('workflow' in schedule).toBe(!isFlat);
    expect(jobs.every(({ workflowId }) => (workflowId === null) === isFlat)).toBe(true);
  }
});

test('a step has its filter and fields at the top of the collection', async () => {
  const { get } = await openSandbox();
  const { syncJob } = JSON.parse(await (await get(`${syncJobsPath}/${showcaseScheduleId}`)).text());
  expect(syncJob.workflow.steps).toHaveLength(3);
  expect(syncJob.workflow.steps[0].source.wixDataCollection).toEqual({
    collectionId: 'supplier-products',
    filter: { season: { $in: ['autumn', 'winter'] }, active: true },
    fields: [],
  });
});

test('one schedule is the same as in the list', async () => {
  const { get, schedules } = await openSandbox();
  for (const schedule of await schedules()) {
    const one = await (await get(`${syncJobsPath}/${schedule.id}?fields=NEXT_SCHEDULE_EXECUTION`)).json();
    expect(one).toEqual({ syncJob: schedule });
  }
});

test('the next execution is told to those who ask, and only of enabled schedules', async () => {
  const { schedules } = await openSandbox();
  expect((await schedules('')).every((schedule) => !('nextExecutionDate' in schedule))).toBe(true);
  for (const { enabled, nextExecutionDate } of await schedules()) {
    expect(nextExecutionDate !== undefined).toBe(enabled);
  }
});

test('paging and filter are accepted and ignored', async () => {
  const { schedules } = await openSandbox();
  expect(await schedules('paging.limit=1&filter.enabled=true')).toEqual(await schedules(''));
});

test('executions move with the time, and each makes the jobs it says', async () => {
  const { schedules, query, job, advance, now } = await openSandbox();
  for (const days of [0, 0.01, 1, 9]) {
    advance(days * 86_400 + 2);
    for (const schedule of await schedules()) {
      const last = Date.parse(schedule.lastExecutionDate);
      expect(last).toBeLessThanOrEqual(now());
      if (schedule.nextExecutionDate !== undefined) {
        expect(Date.parse(schedule.nextExecutionDate)).toBeGreaterThan(now());
      }
      const jobs =
        schedule.lastJobId === undefined
          ? (await query({ filter: { workflowId: schedule.lastWorkflowId } })).jobs
          : [await job(schedule.lastJobId)];
      expect(jobs.length).toBeGreaterThan(0);
      for (const { startedAt, scheduleId } of jobs) {
        expect(scheduleId).toBe(schedule.id);
        expect(startedAt - last).toBeGreaterThanOrEqual(0);
        expect(startedAt - last).toBeLessThan(1000);
      }
    }
  }
});

test('the executions keep to the cron expression', async () => {
  const { schedules, advance } = await openSandbox();
  const lastOf = async (id: string) =>
    (await schedules()).find((schedule) => schedule.id === id)?.lastExecutionDate;
  expect(await lastOf(showcaseScheduleId)).toBe('2026-09-14T02:00:00.000Z');
  expect(await lastOf(flatScheduleId)).toBe('2026-09-14T01:30:00.000Z');
  expect(await lastOf(disabledScheduleId)).toBe('2026-09-05T00:00:00.000Z');
  const weekly = (await schedules()).find(({ cronExpression }) => cronExpression === '45 5 * * 3');
  expect(weekly?.nextExecutionDate).toBe('2026-09-16T05:45:00.000Z');
  advance(86_400);
  expect(await lastOf(showcaseScheduleId)).toBe('2026-09-15T02:00:00.000Z');
  expect(await lastOf(disabledScheduleId)).toBe('2026-09-05T00:00:00.000Z');
});

test('the ids of schedules do not depend on the day', async () => {
  const [one, other] = [await openSandbox(), await openSandbox(Date.parse('2027-02-28T23:59:59.999Z'))];
  expect(idsOf(await one.schedules())).toEqual(idsOf(await other.schedules()));
  expect((await one.all()).length).toBeCloseTo((await other.all()).length, -1);
});
