import { describe, expect, test } from 'vitest';
import * as landmarks from '../../src/sandbox/seed/landmarks.ts';
import { idsOf, jobsPath, openSandbox, startOfTest } from './open-sandbox.ts';

const countBy = <T>(list: readonly T[], key: (member: T) => string): Record<string, number> =>
  Object.fromEntries([...Map.groupBy(list, key)].map(([name, members]) => [name, members.length]));

test('there are at least sixty jobs, of all six statuses, from the first second', async () => {
  const { all } = await openSandbox();
  const jobs = await all();
  expect(jobs.length).toBeGreaterThanOrEqual(60);
  expect(Object.keys(countBy(jobs, ({ status }) => status)).sort()).toEqual([
    'COMPLETED',
    'FAILED',
    'INITIALIZING',
    'IN_PROGRESS',
    'PARTIALLY_SUCCESSFUL',
    'UNINITIALIZED',
  ]);
});

test('every kind of source and destination is there, and some that the contract does not promise', async () => {
  const { all } = await openSandbox();
  const jobs = await all();
  const kinds = (end: 'source' | 'destination') => new Set(jobs.flatMap((job) => Object.keys(job[end])));
  expect([...kinds('source')].sort()).toEqual([
    'externalFile',
    'file',
    'googleSheets',
    'localization',
    'wixDataCollection',
  ]);
  expect([...kinds('destination')].sort()).toEqual([
    'file',
    'localization',
    'storesCatalogProducts',
    'wixDataCollection',
    'wixMedia',
  ]);
  const collections = jobs.map(({ source }) => source['wixDataCollection']).filter((it) => it !== undefined);
  const shapes = new Set(collections.map((collection) => Object.keys(collection).sort().join()));
  for (const shape of [
    'collectionId',
    'collectionId,filterQuery',
    'aggregationQuery,collectionId',
    'collectionId,filter',
    'collectionId,fields,filter',
  ]) {
    expect(shapes).toContain(shape);
  }
});

test('some jobs come in protobuf wrappers, and are found by their real values', async () => {
  const { get, query, job } = await openSandbox();
  const { job: raw } = JSON.parse(await (await get(`${jobsPath}/${landmarks.wrappedJobId}`)).text());
  expect(raw).toMatchObject({
    startedAt: { seconds: expect.stringMatching(/^\d+$/), nanos: expect.any(Number) },
    finishedAt: { seconds: expect.any(Number) },
    progress: { total: { value: 480 } },
    workflowId: null,
    source: { wixDataCollection: { filter: { fields: { state: { stringValue: 'PAID' } } } } },
    destination: { file: { fileName: { value: 'paid-orders.csv' } } },
    error: {
      data: {
        fields: {
          attempt: { numberValue: 3 },
          retryable: { boolValue: true },
          cause: { nullValue: 'NULL_VALUE' },
          upstream: { structValue: { fields: { status: { numberValue: 503 } } } },
          steps: { listValue: { values: [{ stringValue: 'read' }, { stringValue: 'write' }] } },
        },
      },
    },
  });
  const { startedAt } = await job(landmarks.wrappedJobId);
  const found = await query({ filter: { startedAt: new Date(startedAt).toISOString() } });
  expect(idsOf(found.jobs)).toContain(landmarks.wrappedJobId);
});

test('a wrapped job carries its schedule and its workflow in wrappers', async () => {
  const { post, schedules } = await openSandbox();
  const response = await post(`${jobsPath}/query`, { query: { filter: { name: 'Loyalty points' } } });
  const [raw] = JSON.parse(await response.text()).jobs;
  expect(idsOf(await schedules())).toContain(raw.scheduleId.value);
  expect(raw.workflowId).toEqual({ value: expect.stringMatching(/^[0-9a-f-]{36}$/) });
});

test('some jobs move data to or from another site, never both', async () => {
  const { all } = await openSandbox();
  const sites = (await all()).map(({ sourceSiteId, destinationSiteId }) => [sourceSiteId, destinationSiteId]);
  expect(sites.filter(([from]) => from)).not.toEqual([]);
  expect(sites.filter(([, to]) => to)).not.toEqual([]);
  expect(sites.filter(([from, to]) => from && to)).toEqual([]);
});

test('jobs have a schedule, a workflow, both or neither', async () => {
  const { all } = await openSandbox();
  const links = countBy(await all(), (job) => `${job.scheduleId !== null} ${job.workflowId !== null}`);
  expect(Object.keys(links)).toHaveLength(4);
});

test('failed jobs, and they alone, have an error; most of the errors have data', async () => {
  const { all } = await openSandbox();
  const jobs = await all();
  expect(jobs.filter(({ error }) => error !== null)).toEqual(
    jobs.filter(({ status }) => status === 'FAILED'),
  );
  expect(jobs.filter(({ error }) => error?.data).length).toBeGreaterThan(4);
});

test('partially successful jobs, and they alone, tell why', async () => {
  const { all } = await openSandbox();
  const jobs = await all();
  const telling = jobs.filter(({ partiallySuccessfulOptions }) => partiallySuccessfulOptions !== undefined);
  expect(telling).toEqual(jobs.filter(({ status }) => status === 'PARTIALLY_SUCCESSFUL'));
});

test.each([0, 1, 7, 13, 26, 50, 99, 166])(
  'the newest fifty jobs have ten schedules among them when it starts %i hours later',
  async (later) => {
    const { query } = await openSandbox(startOfTest + later * 3_600_000);
    const { jobs } = await query({ sort: [{ fieldName: 'startedAt', order: 'DESC' }] });
    const schedules = new Set(jobs.map(({ scheduleId }) => scheduleId).filter((id) => id !== null));
    expect(schedules.size).toBeGreaterThanOrEqual(10);
  },
);

describe('the landmarks', () => {
  test('never change', () => {
    expect(landmarks).toMatchInlineSnapshot(`
      {
        "deletedScheduleId": "4ee05ba3-389f-4bdb-ba3f-0c25115be5b5",
        "disabledScheduleId": "caac1d3c-b8ef-47e9-b032-021736983e3c",
        "failedJobId": "824a94d8-a34f-489d-ba49-78edc7f869e1",
        "flatScheduleId": "743fce37-009e-41be-b685-804d55f5efdd",
        "initializingJobId": "afdb5adf-ba4e-402e-99d6-f58a4a6f7230",
        "longRunningJobId": "8e534529-264f-4ace-b9a6-dc5f52b3d58f",
        "longRunningWorkflowId": "0237089e-00b6-4e18-ae52-1d881f97f1eb",
        "manyLogsJobId": "503699c3-c3a0-4749-b260-8714ca44b581",
        "orphanJobId": "366a0a51-db39-4c3f-a066-6e6f92b31f0d",
        "showcaseJobId": "7fb28608-f9a1-4062-9b66-fdb58f2a3442",
        "showcaseScheduleId": "06df9897-aa5e-486a-91a7-715a16c644ae",
        "showcaseWorkflowId": "e84b3d99-795e-460f-84ab-366de1331495",
        "soonFailingJobId": "afeaaad1-3ebf-41dd-a8c0-8b48afff855f",
        "soonPartialJobId": "430a6b6b-a0ae-457a-958a-87fcf9304276",
        "unknownEndsJobId": "bf6d3f92-e1e5-4065-af7c-4752baa68088",
        "waitingJobId": "e715c151-8598-4c16-a187-03b54fcebc18",
        "wrappedJobId": "949affd5-1b90-4d15-99f5-bf632b25f8d4",
      }
    `);
  });

  test('are what they say', async () => {
    const { job, logs, query } = await openSandbox();
    const showcase = await job(landmarks.showcaseJobId);
    expect(showcase).toMatchObject({
      status: 'PARTIALLY_SUCCESSFUL',
      scheduleId: landmarks.showcaseScheduleId,
      workflowId: landmarks.showcaseWorkflowId,
      logsRecorded: 137,
      extendedFields: { namespaces: { '@acme/data-tools': { ticket: 'DATA-118' } } },
    });
    const workflow = await query({ filter: { workflowId: landmarks.showcaseWorkflowId } });
    expect(workflow.jobs).toHaveLength(3);
    expect((await job(landmarks.manyLogsJobId)).logsRecorded).toBe(380);
    expect(await job(landmarks.longRunningJobId)).toMatchObject({
      status: 'IN_PROGRESS',
      workflowId: landmarks.longRunningWorkflowId,
    });
    expect((await job(landmarks.waitingJobId)).status).toBe('UNINITIALIZED');
    expect((await job(landmarks.initializingJobId)).status).toBe('INITIALIZING');
    expect((await job(landmarks.unknownEndsJobId)).source).toHaveProperty('googleSheets');
    expect((await job(landmarks.orphanJobId)).scheduleId).toBe(landmarks.deletedScheduleId);
    expect(await job(landmarks.failedJobId)).toMatchObject({ status: 'FAILED', progress: null });
    const entries = (await logs(landmarks.showcaseJobId, 'paging.limit=100')).logs;
    expect(entries.some(({ failure }) => failure?.data)).toBe(true);
    expect(entries.some(({ details }) => details)).toBe(true);
  });
});

test('two sandboxes with the same clock give the same answers', async () => {
  const [one, other] = [await openSandbox(), await openSandbox()];
  one.advance(500);
  other.advance(250);
  await other.all();
  other.advance(250);
  expect(await one.all()).toEqual(await other.all());
  expect(await one.schedules()).toEqual(await other.schedules());
});
