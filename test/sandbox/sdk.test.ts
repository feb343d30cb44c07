import * as dataSyncJobs from '@wix/auto_sdk_data_data-sync-jobs';
import * as movementJobs from '@wix/auto_sdk_data_movement-jobs';
import { ApiKeyStrategy, createClient } from '@wix/sdk';
import { describe, expect, test } from 'vitest';
import type { SandboxOptions } from '../../src/sandbox/sandbox.ts';
import {
  disabledScheduleId,
  failedJobId,
  longRunningJobId,
  manyLogsJobId,
  showcaseScheduleId,
} from '../../src/sandbox/seed/landmarks.ts';
import { openMover, otherSiteId } from './open-mover.ts';

/** The SDK always calls https://www.wixapis.com; its own fetch option sends that to the sandbox, over real HTTP. */
const openSdk = async (options: SandboxOptions = {}) => {
  const mover = await openMover(options);
  const requests: string[] = [];
  const toSandbox: typeof fetch = (target, init) => {
    const { origin, pathname, search } = new URL(target instanceof Request ? target.url : target);
    expect(origin).toBe('https://www.wixapis.com');
    requests.push(`${init?.method} ${pathname}`);
    return fetch(mover.url + pathname + search, init);
  };
  const clientOf = (siteId: string) =>
    createClient({
      modules: { movementJobs, dataSyncJobs },
      auth: ApiKeyStrategy({ apiKey: 'any', siteId }),
      fetch: toSandbox,
    });
  const { movementJobs: jobs, dataSyncJobs: schedules } = clientOf('1f9e8d7c-6b5a-4c3d-8e2f-0a1b2c3d4e52');
  const ended = async (id: string) => {
    let job = await jobs.getJob(id);
    while (!job.finishedAt) job = await jobs.getJob(id);
    return job;
  };
  const { movementJobs: jobsElsewhere } = clientOf(otherSiteId);
  return { ...mover, jobs, schedules, ended, requests, jobsElsewhere };
};

const idsOf = (list: readonly { readonly _id?: string | null }[]) => list.map(({ _id }) => _id);

describe('the SDK', () => {
  test('asks for an upload address, submits an import, follows it, reads its logs and exports it again', async () => {
    const { jobs, ended, requests } = await openSdk();
    const { fileId = '', uploadUrl = '' } = await jobs.createFileUploadUrl({ fileName: 'products.csv' });
    const file = '_id,name,price\nsdk-1,"Chair, oak",12.5\nsdk-2,Table,n/a\nsdk-3,Lamp,8\n';
    expect((await fetch(uploadUrl, { method: 'PUT', body: file })).ok).toBe(true);
    const { job } = await jobs.submitJob(
      { file: { fileId, format: 'CSV' } },
      { wixDataCollection: { collectionId: 'products', writePolicy: 'TRUNCATE_BEFORE' } },
      { name: 'Import by the SDK' },
    );
    expect(job).toMatchObject({
      _id: expect.any(String),
      status: 'UNINITIALIZED',
      name: 'Import by the SDK',
      startedAt: expect.any(Date),
      source: { file: { fileId, format: 'CSV', url: expect.stringMatching(/^http/) } },
    });
    const end = await ended(job?._id ?? '');
    expect(end).toMatchObject({
      status: 'COMPLETED',
      startedAt: job?.startedAt,
      finishedAt: expect.any(Date),
      progress: { current: 3, total: 3, itemsSuccessful: 2, itemsRejected: 1 },
      logsRecorded: 1,
    });
    const { logs, pagingMetadata } = await jobs.listMovementLogs(end._id ?? '');
    expect(logs).toEqual([
      {
        sourceItemId: '2',
        failure: {
          code: 'WDH0003',
          description: 'Column "price" does not hold a number.',
          data: { column: 'price', value: 'n/a' },
        },
      },
    ]);
    expect(pagingMetadata).toMatchObject({ count: 1, hasNext: false });

    const exported = await jobs.submitJob(
      {
        wixDataCollection: {
          collectionId: 'products',
          filterQuery: { filter: { price: { $gt: 10 } }, fields: ['_id', 'name'] },
        },
      },
      { file: { format: 'CSV', fileName: 'dear.csv' } },
    );
    const { destination } = await ended(exported.job?._id ?? '');
    expect(await (await fetch(destination?.file?.url ?? '')).text()).toBe('_id,name\nsdk-1,"Chair, oak"\n');
    expect(new Set(requests.map((request) => request.replace(/[0-9a-f-]{36}/, 'ID')))).toEqual(
      new Set([
        'POST /data-mover/v1/temporary-files/upload-url',
        'POST /data-mover/v1/jobs',
        'GET /data-mover/v1/jobs/ID',
        'GET /data-mover/v1/jobs/ID/logs',
      ]),
    );
  });

  test('submits an aggregation, whose numbers survive the way', async () => {
    const { jobs, ended } = await openSdk();
    const { job } = await jobs.submitJob(
      {
        wixDataCollection: {
          collectionId: 'orders',
          aggregationQuery: {
            aggregationPipeline: {
              stages: [
                { filter: { state: 'PAID' } },
                {
                  group: {
                    groupIds: [{ key: 'country', expression: { fieldPath: 'shipping.country' } }],
                    accumulators: [
                      { sum: { expression: { numeric: 1 } }, resultFieldName: 'orders' },
                      { sum: { expression: { numeric: Number.NaN } }, resultFieldName: 'nothing' },
                    ],
                  },
                },
                { sort: { values: [{ fieldName: '_id.country', order: 'ASC' }] } },
                { limit: 2 },
              ],
            },
            fields: [
              { key: '_id.country', displayName: 'Country' },
              { key: 'orders', displayName: 'Orders', fieldType: 'NUMBER' },
            ],
          },
        },
      },
      { file: { format: 'CSV' } },
    );
    const end = await ended(job?._id ?? '');
    expect(end.error).toBeUndefined();
    expect(await (await fetch(end.destination?.file?.url ?? '')).text()).toBe(
      'Country,Orders\nBR,50\nDE,50\n',
    );
  });

  test('renames _id in the filter of a collection on its way, so that such a filter finds nothing', async () => {
    const { jobs, ended, items } = await openSdk();
    const [shop] = await items('shops');
    const { job } = await jobs.submitJob(
      { wixDataCollection: { collectionId: 'shops', filterQuery: { filter: { _id: shop?.['_id'] } } } },
      { file: { format: 'CSV' } },
    );
    // CONTRACT 4.4: what arrives is {"id": ...}; the sandbox takes a filter as it comes.
    expect(await ended(job?._id ?? '')).toMatchObject({ status: 'COMPLETED', progress: { total: 0 } });
  });

  test('terminates a job, which is then unknown', async () => {
    const { jobs } = await openSdk({ speed: 0.01 });
    const { job } = await jobs.submitJob(
      { wixDataCollection: { collectionId: 'products' } },
      { file: { format: 'JSONL' } },
    );
    const id = job?._id ?? '';
    expect((await jobs.terminateJob(id)).job).toMatchObject({ _id: id, status: 'UNINITIALIZED' });
    await expect(jobs.getJob(id)).rejects.toMatchObject({
      details: { applicationError: { code: 'NOT_FOUND' } },
    });
  });

  test('is told why a call is refused', async () => {
    const { jobs } = await openSdk();
    await expect(jobs.terminateJob(failedJobId)).rejects.toMatchObject({
      details: {
        applicationError: { code: 'FAILED_PRECONDITION', description: 'The job has already finished.' },
      },
    });
    const submitted = jobs.submitJob(
      { wixDataCollection: { collectionId: '' } },
      { file: { format: 'CSV', fileName: 'x'.repeat(513) } },
    );
    await expect(submitted).rejects.toMatchObject({
      details: {
        validationError: {
          // The SDK turns their order round.
          fieldViolations: expect.arrayContaining([
            expect.objectContaining({
              field: 'source.wixDataCollection.collectionId',
              violatedRule: 'MIN_LENGTH',
              data: { threshold: 1 },
            }),
            expect.objectContaining({ field: 'destination.file.fileName', violatedRule: 'MAX_LENGTH' }),
          ]),
        },
      },
    });
  });

  test('lists jobs by pages to the end', async () => {
    const { jobs, all } = await openWithAll();
    const found: (string | null | undefined)[] = [];
    let cursor: string | null | undefined;
    do {
      const page = await jobs.listJobs({ paging: { limit: 17, ...(cursor && { cursor }) } });
      found.push(...idsOf(page.jobs ?? []));
      cursor = page.pagingMetadata?.cursors?.next;
    } while (cursor);
    expect(found).toEqual(idsOf(all));
  });

  test('pages through the logs', async () => {
    const { jobs } = await openSdk();
    const first = await jobs.listMovementLogs(manyLogsJobId, { paging: { limit: 100 } });
    expect(first.logs).toHaveLength(100);
    const cursor = first.pagingMetadata?.cursors?.next ?? '';
    const second = await jobs.listMovementLogs(manyLogsJobId, { paging: { limit: 100, cursor } });
    expect(second.logs).toHaveLength(100);
    expect(second.logs?.[0]).not.toEqual(first.logs?.[0]);
  });

  test('sends a query that is too long for an address as POST', async () => {
    const { jobs, requests } = await openSdk();
    const ids = [longRunningJobId, ...Array<string>(99).fill('3f0a6c52-9c0d-4b7e-8a51-6f2f6f1d0a99')];
    expect(idsOf((await jobs.queryJobs().in('_id', ids).find()).items)).toEqual([longRunningJobId]);
    expect(requests).toEqual(['POST /data-mover/v1/jobs/query']);
  });

  test('sees the jobs of its own site', async () => {
    const { jobs, jobsElsewhere } = await openSdk();
    const { job } = await jobs.submitJob(
      { wixDataCollection: { collectionId: 'shops' } },
      { wixDataCollection: { collectionId: 'imports' } },
      { destinationSiteId: otherSiteId },
    );
    expect(job).toMatchObject({ destinationSiteId: otherSiteId });
    expect(await jobs.getJob(job?._id ?? '')).toMatchObject({ _id: job?._id });
    await expect(jobsElsewhere.getJob(job?._id ?? '')).rejects.toThrow();
  });
});

/** A sandbox of a fixed time and all of its jobs, as the builder's paging finds them. */
const openWithAll = async () => {
  const time = Date.parse('2026-09-14T08:00:00.250Z');
  const sdk = await openSdk({ now: () => time });
  let page = await sdk.jobs.queryJobs().limit(20).find();
  const all = [...page.items];
  while (page.hasNext()) {
    page = await page.next();
    all.push(...page.items);
  }
  return { ...sdk, all };
};

type Builder = movementJobs.JobsQueryBuilder;
type SdkJob = movementJobs.DataMovementJob;

describe('the query builder of the SDK', () => {
  const failed = (job: SdkJob) => job.status === 'FAILED';
  const time = (value: unknown) => (value instanceof Date ? value.getTime() : Number.NaN);
  const at = new Date('2026-09-13T00:00:00.000Z');
  const cases: [string, (query: Builder) => Builder, (job: SdkJob) => boolean][] = [
    ['eq', (query) => query.eq('status', 'FAILED'), failed],
    ['eq null', (query) => query.eq('scheduleId', null), (job) => !job.scheduleId],
    ['ne', (query) => query.ne('status', 'FAILED'), (job) => !failed(job)],
    ['gt', (query) => query.gt('startedAt', at), (job) => time(job.startedAt) > at.getTime()],
    ['ge', (query) => query.ge('name', 'N'), (job) => !!job.name && job.name >= 'N'],
    ['lt', (query) => query.lt('startedAt', at), (job) => time(job.startedAt) < at.getTime()],
    ['le', (query) => query.le('_id', '8'), (job) => (job._id ?? '') <= '8'],
    [
      'startsWith',
      (query) => query.startsWith('name', 'NIGHTLY'),
      (job) => !!job.name?.toLowerCase().startsWith('nightly'),
    ],
    [
      'in',
      (query) => query.in('status', ['FAILED', 'IN_PROGRESS']),
      (job) => failed(job) || job.status === 'IN_PROGRESS',
    ],
    ['exists', (query) => query.exists('workflowId', true), (job) => !!job.workflowId],
    ['not exists', (query) => query.exists('finishedAt', false), (job) => !job.finishedAt],
    [
      'several together',
      (query) => query.eq('status', 'COMPLETED').exists('scheduleId', true).gt('startedAt', at),
      (job) => job.status === 'COMPLETED' && !!job.scheduleId && time(job.startedAt) > at.getTime(),
    ],
  ];
  /** Jobs in protobuf wrappers are left out: the SDK turns their times into invalid dates (CONTRACT 4.2). */
  const readable = (list: readonly SdkJob[]) =>
    list.filter(
      ({ startedAt, scheduleId }) => !Number.isNaN(time(startedAt)) && typeof scheduleId !== 'object',
    );

  test.each(cases)('%s', async (_, refine, isExpected) => {
    const { jobs, all } = await openWithAll();
    const found: SdkJob[] = [];
    let page = await refine(jobs.queryJobs()).limit(7).find();
    found.push(...page.items);
    while (page.hasNext()) {
      page = await page.next();
      found.push(...page.items);
    }
    const expected = readable(all).filter(isExpected);
    expect(expected.length).toBeGreaterThan(0);
    expect(idsOf(readable(found))).toEqual(idsOf(expected));
  });

  test('sorts both ways, pages back and forth, and takes up a walk by its cursor', async () => {
    const { jobs, all } = await openWithAll();
    const first = await jobs.queryJobs().descending('startedAt').limit(10).find();
    const second = await first.next();
    expect(second.hasPrev()).toBe(true);
    expect(idsOf((await second.prev()).items)).toEqual(idsOf(first.items));
    const resumed = await jobs
      .queryJobs()
      .limit(10)
      .skipTo(first.cursors.next ?? '')
      .find();
    expect(idsOf(resumed.items)).toEqual(idsOf(second.items));
    const times = [...first.items, ...second.items]
      .map(({ startedAt }) => time(startedAt))
      .filter((it) => !Number.isNaN(it));
    expect(times).toEqual(times.toSorted((left, right) => right - left));
    expect(idsOf((await jobs.queryJobs().ascending('_id').limit(100).find()).items)).toEqual(
      idsOf(all).slice(0, 100),
    );
  });
});

describe('the schedules of the SDK', () => {
  test('are listed and read, with the next execution for those who ask', async () => {
    const { schedules } = await openSdk();
    const { syncJobs = [] } = await schedules.listDataSyncJobs({ fields: ['NEXT_SCHEDULE_EXECUTION'] });
    expect(syncJobs.length).toBeGreaterThanOrEqual(12);
    expect(syncJobs.find(({ _id }) => _id === showcaseScheduleId)).toMatchObject({
      name: 'Nightly catalogue refresh',
      enabled: true,
      revision: '12',
      nextExecutionDate: expect.any(Date),
      lastExecutionDate: expect.any(Date),
    });
    const one = await schedules.getDataSyncJob(disabledScheduleId, {});
    expect(one).toMatchObject({ _id: disabledScheduleId, enabled: false });
    expect(one.nextExecutionDate).toBeUndefined();
  });
});
