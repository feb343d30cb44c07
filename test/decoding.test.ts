import { readdir, readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { type Answer, openGateway } from './support/gateway.ts';
import { memoryLog } from './support/memory-log.ts';
import { guid, jobRow, jobsPage, type Row, scheduleRow } from './support/rows.ts';
import { type Reply, startScriptedUpstream } from './support/scripted-upstream.ts';

const endFields = `
  __typename
  ... on LocalizationSource { languages }
  ... on FileSource { format fileId url }
  ... on UnsupportedSource { kind details }
  ... on WixDataCollectionSource {
    collectionId
    query {
      __typename
      ... on FilterQuery { filter fields }
      ... on AggregationQuery { aggregationPipeline exportFields: fields { key displayName fieldType } }
    }
  }`;
const destinationFields = `
  __typename
  ... on LocalizationDestination { languages }
  ... on FileDestination { format fileName url }
  ... on UnsupportedDestination { kind details }
  ... on WixDataCollectionDestination { collectionId writePolicy }`;
const jobFields = `
  id name status rawStatus isFinished startedAt finishedAt durationSeconds
  source { ${endFields} }
  destination { ${destinationFields} }
  sourceSiteId destinationSiteId
  progress { current total itemsRejected itemsSuccessful percent }
  error { code description data }
  partialSuccessCause logsRecorded scheduleId workflowId
  extendedFields { namespaces }`;

const askJob = async (reply: Reply, id = guid(0)): Promise<Answer> =>
  openGateway((await startScriptedUpstream(() => reply)).url).ask(`{ job(id: "${id}") { ${jobFields} } }`);

/** The job as the graph tells it, when GetJob answers with this body. */
const readBody = async (body: Row): Promise<Row> => {
  const { data, errors } = await askJob({ json: body }, (body.job ?? body).id);
  expect(errors).toBeUndefined();
  return data.job;
};

const readJob = (more: Row): Promise<Row> => readBody({ job: jobRow(0, more) });

const readSource = async (source: unknown): Promise<Row> => (await readJob({ source })).source;
const readDestination = async (destination: unknown): Promise<Row> =>
  (await readJob({ destination })).destination;

const readLogs = async (logs: readonly Row[]): Promise<Row[]> => {
  const upstream = await startScriptedUpstream(({ operation }) =>
    operation === 'GetJob' ? { json: { job: jobRow(0) } } : { json: { logs } },
  );
  const { data, errors } = await openGateway(upstream.url).ask(
    `{ job(id: "${guid(0)}") { logs { nodes { sourceItemId failure { code description data } details } } } }`,
  );
  expect(errors).toBeUndefined();
  return data.job.logs.nodes;
};

const examples = new URL('fixtures/upstream-examples/', import.meta.url);
const readExample = async (name: string): Promise<Row> => {
  const file = (await readdir(examples)).find((each) => each.startsWith(name));
  return JSON.parse(await readFile(new URL(file ?? name, examples), 'utf8'));
};

describe('the examples of upstream', () => {
  const nothing = {
    sourceSiteId: null,
    destinationSiteId: null,
    progress: null,
    error: null,
    partialSuccessCause: null,
    logsRecorded: 0,
    scheduleId: null,
    workflowId: null,
    extendedFields: null,
    finishedAt: null,
  };

  const jobs: Readonly<Record<string, Row>> = {
    '02': {
      ...nothing,
      id: '3f0a6c52-9c0d-4b7e-8a51-6f2f6f1d0a01',
      name: 'Nightly export of autumn products',
      status: 'UNINITIALIZED',
      rawStatus: 'UNINITIALIZED',
      isFinished: false,
      startedAt: '2026-09-14T06:00:00.412Z',
      source: {
        __typename: 'WixDataCollectionSource',
        collectionId: 'products',
        query: {
          __typename: 'FilterQuery',
          filter: { season: { $in: ['autumn'] } },
          fields: ['_id', 'title', 'price', 'season'],
        },
      },
      destination: {
        __typename: 'FileDestination',
        format: 'CSV',
        fileName: 'autumn-products.csv',
        url: null,
      },
    },
    '03': {
      ...nothing,
      status: 'INITIALIZING',
      name: 'Import supplier price list',
      source: {
        __typename: 'FileSource',
        format: 'CSV',
        fileId: 'imports/5d9e0c1a7f/products-import.csv',
        url: 'https://files.example.com/imports/5d9e0c1a7f/products-import.csv',
      },
      destination: {
        __typename: 'WixDataCollectionDestination',
        collectionId: 'products',
        writePolicy: 'SKIP_EXISTING',
      },
    },
    '04': {
      ...nothing,
      status: 'IN_PROGRESS',
      isFinished: false,
      source: {
        __typename: 'WixDataCollectionSource',
        collectionId: 'inventory',
        query: { __typename: 'FilterQuery', filter: { warehouse: 'ROTTERDAM' }, fields: [] },
      },
      destination: {
        __typename: 'WixDataCollectionDestination',
        collectionId: 'inventory',
        writePolicy: 'TRUNCATE_BEFORE',
      },
      progress: {
        current: 1750,
        total: 4200,
        itemsRejected: 3,
        itemsSuccessful: 1747,
        percent: (1750 / 4200) * 100,
      },
      destinationSiteId: '5a0f7f5e-62c4-4a3e-8d0e-3d8c0f9a7b10',
      logsRecorded: 3,
    },
    '05': {
      ...nothing,
      status: 'COMPLETED',
      isFinished: true,
      source: {
        __typename: 'WixDataCollectionSource',
        collectionId: 'orders',
        query: {
          __typename: 'AggregationQuery',
          aggregationPipeline: { stages: expect.any(Array) },
          exportFields: [
            { key: '_id.country', displayName: 'Country', fieldType: 'STRING' },
            { key: 'revenue', displayName: 'Revenue', fieldType: 'NUMBER' },
            { key: 'orders', displayName: 'Orders', fieldType: 'NUMBER' },
          ],
        },
      },
      destination: {
        __typename: 'FileDestination',
        format: 'JSONL',
        fileName: 'revenue-by-country.jsonl',
        url: 'https://files.example.com/exports/91d5b3a8/revenue-by-country.jsonl',
      },
      progress: { current: 37, total: 37, itemsRejected: 0, itemsSuccessful: 37, percent: 100 },
      finishedAt: '2026-09-13T23:00:09.871Z',
      durationSeconds: 9.621,
    },
    '06': {
      ...nothing,
      status: 'COMPLETED',
      source: { __typename: 'LocalizationSource', languages: ['en', 'de', 'pt-BR'] },
      progress: { current: 912, total: 912, itemsRejected: 0, itemsSuccessful: 912, percent: 100 },
      finishedAt: '2026-09-14T02:18:44.590Z',
      scheduleId: 'a4c9d7e2-3f10-4b86-9e5d-7c2b1a0f8d20',
      workflowId: 'd13b8e60-4a97-4c2f-8f6e-10b7c5d3e921',
      extendedFields: { namespaces: { '@acme/data-tools': { ticket: 'DATA-118', requestedBy: 'ops' } } },
    },
    '07': {
      ...nothing,
      status: 'FAILED',
      isFinished: true,
      source: {
        __typename: 'FileSource',
        format: 'UNKNOWN',
        fileId: 'imports/77aa10ce42/members.bin',
        url: 'https://files.example.com/imports/77aa10ce42/members.bin',
      },
      destination: {
        __typename: 'WixDataCollectionDestination',
        collectionId: 'members-import',
        writePolicy: 'OVERWRITE',
      },
      finishedAt: '2026-09-14T08:05:12.640Z',
      error: {
        code: 'WDH0003',
        description: 'The uploaded file is neither CSV nor JSONL.',
        data: { fileId: 'imports/77aa10ce42/members.bin', detectedFormat: 'UNKNOWN' },
      },
    },
    '08': {
      ...nothing,
      status: 'PARTIALLY_SUCCESSFUL',
      isFinished: true,
      destination: { __typename: 'LocalizationDestination', languages: ['en', 'fr'] },
      progress: { current: 500, total: 500, itemsRejected: 44, itemsSuccessful: 456, percent: 100 },
      finishedAt: '2026-09-12T10:41:27.900Z',
      partialSuccessCause: 'The destination accepted only part of the rows because its limit was reached.',
      logsRecorded: 44,
    },
    '09': {
      ...nothing,
      name: 'Wrapper-shaped sample',
      status: 'FAILED',
      startedAt: '2026-09-14T06:15:00.162Z',
      finishedAt: '2026-09-14T06:15:33.000Z',
      durationSeconds: 32.838,
      source: {
        __typename: 'WixDataCollectionSource',
        collectionId: 'orders',
        query: { __typename: 'FilterQuery', filter: { state: 'PAID' }, fields: ['_id', 'number'] },
      },
      destination: { __typename: 'FileDestination', format: 'CSV', fileName: 'orders.csv', url: null },
      progress: { current: 120, total: 480, itemsRejected: 0, itemsSuccessful: 120, percent: 25 },
      error: {
        code: 'WDH0002',
        description: 'A dependent service did not answer.',
        data: {
          service: 'data-items',
          attempt: 3,
          retryable: true,
          cause: null,
          upstream: { status: 503 },
          steps: ['read', 'write'],
        },
      },
      scheduleId: 'a4c9d7e2-3f10-4b86-9e5d-7c2b1a0f8d20',
    },
    '10': {
      ...nothing,
      status: 'UNRECOGNIZED',
      rawStatus: 'PAUSED_BY_OWNER',
      isFinished: false,
      startedAt: '2026-09-14T09:00:00.000Z',
      source: {
        __typename: 'UnsupportedSource',
        kind: 'googleSheets',
        details: {
          spreadsheetId: 'sheet-0001',
          sheetName: 'Stock',
          range: 'A1:F500',
          oauthTokenId: '3c5f9a2e-8b7d-4e01-a6f4-0d9b2c7e5a30',
        },
      },
      destination: {
        __typename: 'UnsupportedDestination',
        kind: 'wixMedia',
        details: { targetFolderId: 'folder-42' },
      },
      progress: { current: 10, total: null, itemsRejected: 0, itemsSuccessful: 10, percent: null },
    },
  };

  it.each(Object.entries(jobs))('%s is a job', async (name, expected) => {
    const example = await readExample(name);
    const job = await readBody(example);
    expect(job).toMatchObject({ ...expected, id: example.job.id, name: example.job.name });
    // exact where an object is the user's
    for (const field of ['source', 'destination', 'error', 'extendedFields'] as const) {
      if (field in expected) expect(job[field]).toEqual(expected[field]);
    }
  });

  it('05 keeps its pipeline as it is', async () => {
    const example = await readExample('05');
    expect((await readBody(example)).source.query.aggregationPipeline).toEqual(
      example.job.source.wixDataCollection.aggregationQuery.aggregationPipeline,
    );
  });

  it('12 is a page of jobs with a next one', async () => {
    const example = await readExample('12');
    const upstream = await startScriptedUpstream(() => ({ json: example }));
    const { data, errors } = await openGateway(upstream.url).ask(
      `{ jobs(first: 2) { nodes { ${jobFields} } pageInfo { hasNextPage } } }`,
    );
    expect(errors).toBeUndefined();
    const page = await Promise.all(['07', '05'].map(async (name) => readBody(await readExample(name))));
    expect(data.jobs).toEqual({ nodes: page, pageInfo: { hasNextPage: true } });
  });

  it('13 is a page of logs', async () => {
    const { logs } = await readExample('13');
    expect(await readLogs(logs)).toEqual([
      {
        sourceItemId: '17',
        failure: {
          code: 'WDH0003',
          description: 'Column "price" does not hold a number.',
          data: { column: 'price', value: 'n/a' },
        },
        details: null,
      },
      {
        sourceItemId: '203',
        failure: {
          code: 'WDE0009',
          description: 'The item is larger than the collection allows.',
          data: null,
        },
        details: null,
      },
      {
        sourceItemId: '204',
        failure: null,
        details: { note: 'Stored, but the image link was kept as plain text.' },
      },
    ]);
  });

  it('20 is a schedule', async () => {
    const example = await readExample('20');
    const upstream = await startScriptedUpstream(() => ({ json: example }));
    const { data, errors } = await openGateway(upstream.url).ask(
      `{ schedule(id: "${example.syncJob.id}") { id name enabled cronExpression lastRunAt nextRunAt lastWorkflowId
           steps { source { ${endFields} } destination { ${destinationFields} } sourceSiteId destinationSiteId } } }`,
    );
    expect(errors).toBeUndefined();
    expect(data.schedule).toEqual({
      id: 'a4c9d7e2-3f10-4b86-9e5d-7c2b1a0f8d20',
      name: 'Weekly translation export',
      enabled: true,
      cronExpression: 'H 2 * * 1',
      lastRunAt: '2026-09-14T02:17:00.000Z',
      nextRunAt: '2026-09-21T02:17:00.000Z',
      lastWorkflowId: 'd13b8e60-4a97-4c2f-8f6e-10b7c5d3e921',
      steps: [
        {
          source: { __typename: 'LocalizationSource', languages: ['en', 'de', 'pt-BR'] },
          destination: {
            __typename: 'FileDestination',
            format: 'CSV',
            fileName: 'translations.csv',
            url: null,
          },
          sourceSiteId: null,
          destinationSiteId: null,
        },
      ],
    });
  });

  /** Every text of a body, apart from the code that may be told. */
  const textsOf = (body: unknown, code: string): string[] => {
    const texts: string[] = [];
    JSON.stringify(body, (_key, value) => {
      if (typeof value === 'string' && value.length > 3 && value !== code) texts.push(value);
      return value;
    });
    return texts;
  };

  const expectFailure = async (
    { httpStatus, headers, body, rawBody }: Row,
    [code, upstreamCode, codeDerived]: readonly [string, string, boolean],
  ) => {
    const answer = await askJobs({
      status: httpStatus,
      headers,
      text: rawBody ?? (body === null ? '' : JSON.stringify(body)),
    });
    expect(answer.data).toEqual({ jobs: null });
    expect(answer.errors?.[0]?.extensions).toMatchObject({
      code,
      upstream: { status: httpStatus, code: upstreamCode, ...(codeDerived ? { codeDerived } : {}) },
    });
    for (const text of textsOf(body ?? rawBody, upstreamCode)) {
      expect(JSON.stringify(answer)).not.toContain(text);
    }
  };
  const askJobs = async (reply: Reply): Promise<Answer> =>
    openGateway((await startScriptedUpstream(() => reply)).url).ask('{ jobs { nodes { id } } }');

  it('15 is a refusal', async () => {
    const body = await readExample('15');
    await expectFailure({ httpStatus: 400, headers: {}, body }, [
      'UPSTREAM_REJECTED',
      'INVALID_ARGUMENT',
      false,
    ]);
  });

  it('16 are failures, each with its code', async () => {
    const { errors } = await readExample('16');
    const expected = [
      ['UPSTREAM_REJECTED', 'INVALID_ARGUMENT', false],
      ['UPSTREAM_REJECTED', 'WDH0001', false],
      ['UNAUTHENTICATED', 'UNAUTHENTICATED', false],
      ['UNAUTHENTICATED', 'UNAUTHORIZED', true],
      ['FORBIDDEN', 'PERMISSION_DENIED', false],
      ['UPSTREAM_REJECTED', 'NOT_FOUND', false],
      ['UPSTREAM_REJECTED', 'ABORTED', false],
      ['UPSTREAM_REJECTED', 'FAILED_PRECONDITION', false],
      ['RATE_LIMITED', 'RESOURCE_EXHAUSTED', false],
      ['UPSTREAM_UNAVAILABLE', 'INTERNAL_SERVER_ERROR', true],
      ['UPSTREAM_UNAVAILABLE', 'INTERNAL_SERVER_ERROR', true],
      ['UPSTREAM_UNAVAILABLE', 'SERVICE_UNAVAILABLE', true],
    ] as const;
    expect(errors).toHaveLength(expected.length);
    for (const [n, meaning] of expected.entries()) await expectFailure(errors[n], meaning);
  });

  it('are all here, but for requests and what is not built yet', async () => {
    const tested = [...Object.keys(jobs), '12', '13', '15', '16', '20'];
    const others = (await readdir(examples)).filter((file) => !tested.includes(file.slice(0, 2)));
    expect(others.toSorted()).toEqual([
      '01-submit-job-request.json',
      '11-query-jobs-requests.json',
      '14-create-file-upload-url.json',
      '17-webhook-job-created.json',
      '18-webhook-job-updated.json',
      '19-webhook-job-deleted.json',
    ]);
  });
});

describe('shapes of the same thing', () => {
  it('reads a job without its wrapper, and logs that', async () => {
    const { log, lines } = memoryLog();
    const upstream = await startScriptedUpstream(() => ({ json: jobRow(0) }));
    const { data } = await openGateway(upstream.url, { log }).ask(`{ job(id: "${guid(0)}") { name } }`);
    expect(data.job.name).toBe('Job 0');
    expect(lines.join()).toContain('without its wrapper');
  });

  it.each([
    ['2026-09-14T06:15:00Z', '2026-09-14T06:15:00.000Z'],
    ['2026-09-14T08:05:12.702911Z', '2026-09-14T08:05:12.702Z'],
    ['2026-09-14T08:15:00+02:00', '2026-09-14T06:15:00.000Z'],
    [{ seconds: '1789366500', nanos: 162_999_999 }, '2026-09-14T06:15:00.162Z'],
    [{ seconds: 1_789_366_500, nanos: 0 }, '2026-09-14T06:15:00.000Z'],
    [{ seconds: '1789366500' }, '2026-09-14T06:15:00.000Z'],
    [{ seconds: 1_789_366_500, nanos: null }, '2026-09-14T06:15:00.000Z'],
    [{ seconds: '0' }, '1970-01-01T00:00:00.000Z'],
    ['', null],
    [null, null],
    [undefined, null],
  ])('reads the instant %j', async (instant, read) => {
    const job = await readJob({ startedAt: instant, finishedAt: instant });
    expect([job.startedAt, job.finishedAt]).toEqual([read, read]);
  });

  it.each([
    [{ value: 480 }, 480],
    [{ value: '480' }, 480],
    [{ value: null }, null],
    ['480', 480],
    [480, 480],
    [0, 0],
    ['9007199254740991', Number.MAX_SAFE_INTEGER],
    [null, null],
    [undefined, null],
  ])('reads the total %j', async (total, read) => {
    expect((await readJob({ progress: { total } })).progress.total).toBe(read);
  });

  it('reads digit strings for the other counts', async () => {
    const { progress, logsRecorded } = await readJob({
      logsRecorded: '7',
      progress: { current: '3000000000', itemsRejected: '1', itemsSuccessful: '2' },
    });
    expect(logsRecorded).toBe(7);
    expect(progress).toMatchObject({ current: 3_000_000_000, itemsRejected: 1, itemsSuccessful: 2 });
  });

  it.each([
    [{ value: guid(1) }, guid(1)],
    [{ value: '' }, null],
    [{ value: null }, null],
    [guid(1), guid(1)],
    ['', null],
    [null, null],
    [undefined, null],
  ])('reads the schedule and workflow %j', async (id, read) => {
    const job = await readJob({ scheduleId: id, workflowId: id });
    expect([job.scheduleId, job.workflowId]).toEqual([read, read]);
  });

  it.each([
    [{ value: 'a.csv' }, 'a.csv'],
    [{ value: '' }, null],
    ['a.csv', 'a.csv'],
    ['', null],
    [null, null],
  ])('reads the file name %j', async (fileName, read) => {
    expect((await readDestination({ file: { format: 'CSV', fileName } })).fileName).toBe(read);
  });

  it('takes empty texts for absent', async () => {
    const job = await readJob({
      name: '',
      sourceSiteId: '',
      destinationSiteId: '',
      partiallySuccessfulOptions: { cause: '' },
      error: { code: '', description: '', data: null },
      source: { file: { format: '', fileId: '', url: '' } },
      destination: { file: { format: null, fileName: '', url: '' } },
    });
    expect(job).toMatchObject({
      name: null,
      sourceSiteId: null,
      destinationSiteId: null,
      partialSuccessCause: null,
      error: null,
      source: { __typename: 'FileSource', format: null, fileId: null, url: null },
      destination: { __typename: 'FileDestination', format: null, fileName: null, url: null },
    });
  });

  it('needs no field but the id', async () => {
    expect(await readBody({ job: { id: guid(0) } })).toEqual({
      id: guid(0),
      name: null,
      status: 'UNRECOGNIZED',
      rawStatus: null,
      isFinished: false,
      startedAt: null,
      finishedAt: null,
      durationSeconds: null,
      source: null,
      destination: null,
      sourceSiteId: null,
      destinationSiteId: null,
      progress: null,
      error: null,
      partialSuccessCause: null,
      logsRecorded: 0,
      scheduleId: null,
      workflowId: null,
      extendedFields: null,
    });
  });

  it('keeps an error that has data alone', async () => {
    expect((await readJob({ error: { code: '', data: { a: 1 } } })).error).toEqual({
      code: null,
      description: null,
      data: { a: 1 },
    });
    expect((await readJob({ error: { code: '', description: '', data: {} } })).error).toBeNull();
  });

  it('reads an empty text for a number or an object as nothing', async () => {
    const job = await readJob({
      progress: { current: '', total: '' },
      logsRecorded: '',
      error: { code: 'X', data: '' },
    });
    expect([job.progress.current, job.progress.total, job.logsRecorded, job.error.data]).toEqual([
      null,
      null,
      0,
      null,
    ]);
  });

  it('finds the query that is meant among those that say nothing', async () => {
    const aggregationQuery = { aggregationPipeline: { stages: [{ limit: 1 }] }, fields: [] };
    const nothing = { filter: {}, fields: [] };
    const source = (query: Row) => readSource({ wixDataCollection: { collectionId: 'a', ...query } });
    expect((await source({ filterQuery: nothing, aggregationQuery })).query.aggregationPipeline).toEqual({
      stages: [{ limit: 1 }],
    });
    expect((await source({ filterQuery: {}, filter: { b: 1 } })).query.filter).toEqual({ b: 1 });
  });

  it('passes over fields that it does not know, at every level', async () => {
    const unknown = { brandNew: { anything: [1, { deep: true }] } };
    const plain = {
      wixDataCollection: { collectionId: 'products', filterQuery: { filter: {}, fields: [] } },
    };
    const odd = {
      wixDataCollection: {
        collectionId: 'products',
        filterQuery: { filter: {}, fields: [], ...unknown },
        ...unknown,
      },
    };
    const progress = { current: 1, total: 2, itemsRejected: 0, itemsSuccessful: 1 };
    expect(
      await readBody({
        job: { ...jobRow(0), source: odd, progress: { ...progress, ...unknown }, ...unknown },
        ...unknown,
      }),
    ).toEqual(await readJob({ source: plain, progress }));
  });

  it('is an empty page for {}, or where the rows are null', async () => {
    for (const body of [
      {},
      { jobs: null },
      { pagingMetadata: { count: 0 } },
      { jobs: [], pagingMetadata: null },
    ]) {
      const upstream = await startScriptedUpstream(() => ({ json: body }));
      const { data, errors } = await openGateway(upstream.url).ask(
        '{ jobs { nodes { id } pageInfo { hasNextPage } } }',
      );
      expect(errors, JSON.stringify(body)).toBeUndefined();
      expect(data.jobs).toEqual({ nodes: [], pageInfo: { hasNextPage: false } });
    }
  });
});

describe('the deprecated spelling of a filter', () => {
  const readQuery = async (more: Row): Promise<Row> =>
    (await readSource({ wixDataCollection: { collectionId: 'products', ...more } })).query;

  it.each<[string, Row, Row]>([
    ['a filter', { filter: { a: 1 } }, { filter: { a: 1 }, fields: [] }],
    ['a filter with the default fields', { filter: {}, fields: [] }, { filter: {}, fields: [] }],
    ['fields', { fields: ['a'] }, { filter: null, fields: ['a'] }],
    ['both', { filter: { a: 1 }, fields: ['a', 'b'] }, { filter: { a: 1 }, fields: ['a', 'b'] }],
    ['a Struct', { filter: { fields: { a: { numberValue: 1 } } } }, { filter: { a: 1 }, fields: [] }],
  ])('is read like the new one: %s', async (_what, given, read) => {
    expect(await readQuery(given)).toEqual({ __typename: 'FilterQuery', ...read });
  });

  it('is nothing where upstream spells out the default', async () => {
    expect(await readQuery({ fields: [] })).toBeNull();
    expect(
      await readQuery({ fields: [], filter: null, filterQuery: null, aggregationQuery: null }),
    ).toBeNull();
  });

  it('gives way to the new one', async () => {
    const filterQuery = { filter: { new: true }, fields: ['a'] };
    expect(await readQuery({ filter: { old: true }, fields: ['b'], filterQuery })).toEqual({
      __typename: 'FilterQuery',
      ...filterQuery,
    });
    expect(
      await readQuery({ filter: { old: true }, aggregationQuery: { aggregationPipeline: { stages: [] } } }),
    ).toEqual({
      __typename: 'AggregationQuery',
      aggregationPipeline: { stages: [] },
      exportFields: [],
    });
  });
});

describe('what a later upstream may send', () => {
  it.each([
    ['PAUSED', 'PAUSED'],
    [7, '7'],
    ['completed', 'completed'],
    ['UNRECOGNIZED', 'UNRECOGNIZED'],
    ['', null],
    [null, null],
    ['constructor', 'constructor'],
  ])('is a job all the same when its status is %j', async (status, rawStatus) => {
    expect(await readJob({ status, finishedAt: null })).toMatchObject({
      name: 'Job 0',
      status: 'UNRECOGNIZED',
      rawStatus,
    });
  });

  it('knows its own values of every enumeration', async () => {
    for (const status of [
      'UNINITIALIZED',
      'INITIALIZING',
      'IN_PROGRESS',
      'COMPLETED',
      'FAILED',
      'PARTIALLY_SUCCESSFUL',
    ]) {
      expect(await readJob({ status })).toMatchObject({ status, rawStatus: status });
    }
    for (const format of ['UNKNOWN', 'CSV', 'JSONL']) {
      expect(await readSource({ file: { format } })).toMatchObject({ format });
      expect(await readDestination({ file: { format } })).toMatchObject({ format });
    }
    for (const writePolicy of ['OVERWRITE', 'SKIP_EXISTING', 'TRUNCATE_BEFORE']) {
      expect(await readDestination({ wixDataCollection: { collectionId: 'a', writePolicy } })).toMatchObject({
        writePolicy,
      });
    }
    const types =
      'ANY STRING NUMBER BOOLEAN DATE DATETIME BINARY OBJECT ARRAY URL WIX_MEDIA_URL WIX_MEDIA_IMAGE_URL WIX_MEDIA_VIDEO_URL WIX_MEDIA_DOCUMENT_URL IMAGE_URL VIDEO_URL'.split(
        ' ',
      );
    const fields = types.map((fieldType) => ({ key: 'k', fieldType }));
    const { query } = await readSource({
      wixDataCollection: { collectionId: 'a', aggregationQuery: { aggregationPipeline: {}, fields } },
    });
    expect(query.exportFields).toEqual(fields.map((field) => ({ ...field, displayName: null })));
  });

  it.each(['XML', 9, 'csv'])('is UNRECOGNIZED where an enumeration has the value %j', async (value) => {
    expect(await readSource({ file: { format: value } })).toMatchObject({ format: 'UNRECOGNIZED' });
    expect(await readDestination({ file: { format: value } })).toMatchObject({ format: 'UNRECOGNIZED' });
    expect(
      await readDestination({ wixDataCollection: { collectionId: 'a', writePolicy: value } }),
    ).toMatchObject({ writePolicy: 'UNRECOGNIZED' });
    const { query } = await readSource({
      wixDataCollection: {
        collectionId: 'a',
        aggregationQuery: { fields: [{ key: 'k', fieldType: value }] },
      },
    });
    expect(query.exportFields[0].fieldType).toBe('UNRECOGNIZED');
  });

  it('has the documented defaults where an enumeration is left out', async () => {
    expect(await readDestination({ wixDataCollection: { collectionId: 'a' } })).toMatchObject({
      writePolicy: 'OVERWRITE',
    });
    const { query } = await readSource({
      wixDataCollection: { collectionId: 'a', aggregationQuery: { fields: [{ key: 'k' }] } },
    });
    expect(query).toMatchObject({ aggregationPipeline: null, exportFields: [{ fieldType: 'ANY' }] });
  });

  const variants: [unknown, string, unknown][] = [
    [{ dataMovementJobLogs: { jobId: guid(1) } }, 'dataMovementJobLogs', { jobId: guid(1) }],
    [
      { externalFile: { format: 'CSV', url: 'https://a.example' } },
      'externalFile',
      { format: 'CSV', url: 'https://a.example' },
    ],
    [{ storesCatalogProducts: {} }, 'storesCatalogProducts', {}],
    [{ test: 'plain text' }, 'test', { test: 'plain text' }],
    [{ test: [1, 2] }, 'test', { test: [1, 2] }],
    [{ file: null, wixApi: { fqdn: 'a.b' } }, 'wixApi', { fqdn: 'a.b' }],
    [{ constructor: { name: 'x' } }, 'constructor', { name: 'x' }],
    [JSON.parse('{"__proto__": {"file": {}}}'), '__proto__', { file: {} }],
  ];
  it.each(variants)('tells an end of a kind that it does not know: %j', async (end, kind, details) => {
    expect(await readSource(end)).toEqual({ __typename: 'UnsupportedSource', kind, details });
    expect(await readDestination(end)).toEqual({ __typename: 'UnsupportedDestination', kind, details });
  });

  it.each([[null], [undefined], [{}], [{ file: null }], [{ wixDataCollection: null, localization: null }]])(
    'has no end for %j',
    async (end) => {
      expect(await readJob({ source: end, destination: end })).toMatchObject({
        source: null,
        destination: null,
      });
    },
  );
});

/** What may look like upstream's wrappers, and is the user's. */
const userData: Row[] = [
  {},
  { value: 10 },
  { value: { value: 'x' } },
  { fields: ['_id', 'title'] },
  { fields: { $exists: true } },
  { fields: 'all' },
  { fields: null },
  { fields: { a: { stringValue: 'x' } }, other: 1 },
  { fields: { a: { stringValue: 'x' }, b: 'plain' } },
  { fields: { a: { stringValue: 'x', numberValue: 1 } } },
  { fields: { a: { stringValue: 1 } } },
  { fields: { a: { listValue: { values: [{ stringValue: 'x' }, 'plain'] } } } },
  { fields: { a: { structValue: { fields: { b: 'plain' } } } } },
  { fields: { a: {} } },
  { fields: { a: { nullValue: 'anything' } } },
  { fields: { a: { structValue: { fields: null } } } },
  { fields: { a: { listValue: { values: null } } } },
  { fields: { a: { listValue: { values: [], more: 1 } } } },
  { seconds: '12', nanos: 5 },
  { _id: { $in: ['x'] }, _createdDate: { $gte: { $date: '2026-08-01T00:00:00.000Z' } } },
  { empty: '', none: null, zero: 0, no: false, list: [null, '', [], {}] },
  { big: 1e300, tiny: -1.5e-9, digits: '9007199254740993' },
  { 'a.b': { $or: [{ x: 1 }] }, 'ключ 🔑': 'wert', toString: 'x', constructor: 1 },
  JSON.parse('{"__proto__": {"polluted": true}, "deep": {"__proto__": 1, "hasOwnProperty": "x"}}'),
];

describe("the user's own data", () => {
  it.each(userData.map((data) => [JSON.stringify(data), data]))(
    'passes through untouched: %s',
    async (text, data) => {
      const job = await readJob({
        status: 'FAILED',
        source: { wixDataCollection: { collectionId: 'a', filterQuery: { filter: data, fields: ['_id'] } } },
        error: { code: 'WDH0003', data },
        extendedFields: { namespaces: { '@acme/tools': data } },
      });
      expect(JSON.stringify(job.source.query.filter)).toBe(text);
      expect(JSON.stringify(job.error.data)).toBe(text);
      expect(JSON.stringify(job.extendedFields.namespaces)).toBe(`{"@acme/tools":${text}}`);
      const [log] = await readLogs([{ sourceItemId: '1', failure: { code: 'X', data }, details: data }]);
      expect([JSON.stringify(log?.failure.data), JSON.stringify(log?.details)]).toEqual([text, text]);
      expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
    },
  );

  it('passes pipelines through, wrappers and all: upstream sends those as they are', async () => {
    const pipeline = { stages: [{ filter: { value: 1 } }], fields: { a: { stringValue: 'x' } } };
    const { query } = await readSource({
      wixDataCollection: { collectionId: 'a', aggregationQuery: { aggregationPipeline: pipeline } },
    });
    expect(query.aggregationPipeline).toEqual(pipeline);
  });

  it('shows single namespaces, and no other', async () => {
    const namespaces = { '@acme/tools': { value: 1 }, odd: 'text' };
    const upstream = await startScriptedUpstream(() => ({
      json: { job: jobRow(0, { extendedFields: { namespaces } }) },
    }));
    const { data } = await openGateway(upstream.url).ask(
      `{ job(id: "${guid(0)}") { extendedFields { acme: namespace(name: "@acme/tools") odd: namespace(name: "odd") none: namespace(name: "constructor") proto: namespace(name: "__proto__") } } }`,
    );
    expect(data.job.extendedFields).toEqual({ acme: { value: 1 }, odd: null, none: null, proto: null });
  });

  it.each<[Row, Row]>([
    [{ fields: {} }, {}],
    [{ fields: { a: { nullValue: 'NULL_VALUE' }, b: { nullValue: 0 } } }, { a: null, b: null }],
    [{ fields: { a: { numberValue: 1.5 }, b: { numberValue: 'NaN' } } }, { a: 1.5, b: 'NaN' }],
    [{ fields: { a: { boolValue: false }, b: { stringValue: '' } } }, { a: false, b: '' }],
    [{ fields: { a: { listValue: {} }, b: { structValue: {} } } }, { a: [], b: {} }],
    [
      { fields: { a: { listValue: { values: [{ listValue: { values: [{ numberValue: 1 }] } }] } } } },
      { a: [[1]] },
    ],
    [
      { fields: { fields: { structValue: { fields: { value: { stringValue: 'x' } } } } } },
      { fields: { value: 'x' } },
    ],
  ])('is what a Struct stands for: %j', async (struct, plain) => {
    const job = await readJob({
      source: { wixDataCollection: { collectionId: 'a', filterQuery: { filter: struct } } },
      error: { code: 'X', data: struct },
    });
    expect([job.source.query.filter, job.error.data]).toEqual([plain, plain]);
    expect(await readLogs([{ details: struct, failure: { code: 'X', data: struct } }])).toEqual([
      { sourceItemId: null, details: plain, failure: { code: 'X', description: null, data: plain } },
    ]);
  });

  it('keeps a key __proto__ of a Struct', async () => {
    const data = JSON.parse('{"fields": {"__proto__": {"stringValue": "x"}}}');
    expect(JSON.stringify((await readJob({ error: { data } })).error.data)).toBe('{"__proto__":"x"}');
  });
});

// ---------------------------------------------------------------- bodies that are not what they should be

const canary = 'CANARY-7f3a';

describe('a body that is not what it should be', () => {
  const ids = { job: guid(0), other: guid(1), schedule: guid(0, 'schedule') };
  const questions: Readonly<Record<string, string>> = {
    GetJob: `{ answer: job(id: "${ids.job}") { ${jobFields} } }`,
    QueryJobs: `{ answer: jobs { nodes { ${jobFields} } } }`,
    GetSyncJob: `{ answer: schedule(id: "${ids.schedule}") { id name nextRunAt steps { source { ${endFields} } } } }`,
    ListSyncJobs: '{ answer: schedules { id name nextRunAt steps { sourceSiteId } } }',
  };
  const row = (more: Row) => jobRow(0, { name: canary, ...more });

  /** Bodies for the operations above, each as the text upstream sends with a 200. */
  const bodies: [string, unknown][] = [
    ...Object.keys(questions).flatMap((operation): [string, unknown][] => [
      [operation, `<html>${canary}</html>`],
      [operation, `{"job": {"name": "${canary}"`],
      [operation, ''],
      [operation, '  \n'],
      [operation, 'null'],
      [operation, JSON.stringify(canary)],
      [operation, JSON.stringify([{ id: canary }])],
      [operation, '17'],
      [operation, { message: canary, details: {} }],
      [operation, { [canary]: canary }],
      [operation, { job: canary, jobs: canary, syncJob: canary, syncJobs: canary }],
      [operation, { job: [canary], jobs: { [canary]: 1 }, syncJob: [canary], syncJobs: { [canary]: 1 } }],
      [
        operation,
        {
          job: { [canary]: canary },
          jobs: [{ name: canary }],
          syncJob: { name: canary },
          syncJobs: [{ name: canary }],
        },
      ],
      [
        operation,
        {
          job: { id: 5, name: canary },
          jobs: [{ id: { [canary]: 1 } }],
          syncJob: { id: [canary] },
          syncJobs: [{ id: 7 }],
        },
      ],
    ]),
    ['GetJob', {}],
    ['GetSyncJob', {}],
    ['GetJob', { job: null }],
    ['GetJob', { id: ids.job, status: [canary] }],
    ['GetJob', { job: row({ startedAt: canary }) }],
    ['GetJob', { job: row({ startedAt: { seconds: canary } }) }],
    ['GetJob', { job: row({ finishedAt: { seconds: '99999999999999' } }) }],
    ['GetJob', { job: row({ finishedAt: 1_789_366_500 }) }],
    ['GetJob', { job: row({ status: { name: canary } }) }],
    ['GetJob', { job: row({ logsRecorded: canary }) }],
    ['GetJob', { job: row({ progress: canary }) }],
    ['GetJob', { job: row({ progress: { total: { value: canary } } }) }],
    ['GetJob', { job: row({ progress: { current: 1e300 } }) }],
    ['GetJob', { job: row({ scheduleId: { value: { value: canary } } }) }],
    ['GetJob', { job: row({ source: canary }) }],
    ['GetJob', { job: row({ source: [canary] }) }],
    ['GetJob', { job: row({ source: { wixDataCollection: canary } }) }],
    ['GetJob', { job: row({ source: { wixDataCollection: { collectionId: 'a', filter: canary } } }) }],
    ['GetJob', { job: row({ source: { localization: { languages: canary } } }) }],
    ['GetJob', { job: row({ destination: { file: { format: [canary] } } }) }],
    ['GetJob', { job: row({ error: { code: [canary] } }) }],
    ['GetJob', { job: row({ error: { code: 'X', data: canary } }) }],
    ['GetJob', { job: row({ extendedFields: { namespaces: [canary] } }) }],
    ['QueryJobs', { jobs: [jobRow(1), canary] }],
    ['QueryJobs', { jobs: [jobRow(1), null] }],
    ['QueryJobs', { jobs: [jobRow(1), [row({})]] }],
    ['QueryJobs', { jobs: [], pagingMetadata: canary }],
    ['QueryJobs', { jobs: [], pagingMetadata: { cursors: { next: [canary] } } }],
    ['QueryJobs', { jobs: [], pagingMetadata: { hasNext: canary } }],
    ['ListSyncJobs', { syncJobs: [scheduleRow(1), canary] }],
    ['GetSyncJob', { syncJob: { ...scheduleRow(0), nextExecutionDate: canary } }],
    ['GetSyncJob', { syncJob: { ...scheduleRow(0), enabled: canary } }],
    ['GetSyncJob', { syncJob: { ...scheduleRow(0), workflow: { steps: [{ source: [canary] }] } } }],
  ];

  it.each(
    bodies.map(([operation, body]) => [operation, typeof body === 'string' ? body : JSON.stringify(body)]),
  )('is said to be that and not shown: %s %s', async (operation, text) => {
    const { log, lines } = memoryLog();
    const upstream = await startScriptedUpstream(() => ({
      text,
      headers: { 'x-wix-request-id': 'request-77' },
    }));
    const answer = await openGateway(upstream.url, { log }).ask(questions[operation] ?? '');
    expect(answer.status).toBe(200);
    expect(answer.data).toEqual({ answer: null });
    expect(answer.errors?.map(({ message, path, extensions }) => ({ message, path, extensions }))).toEqual([
      {
        message:
          'The answer is not one that the Wix API gives. If this goes on, check that WIX_API_URL points at the API.',
        path: ['answer'],
        extensions: {
          code: 'UPSTREAM_INVALID_RESPONSE',
          upstream: { status: 200, code: 'OK', codeDerived: true, requestId: 'request-77' },
        },
      },
    ]);
    expect(upstream.calls.map((call) => call.operation)).toEqual([operation]);
    expect(JSON.stringify(answer)).not.toContain(canary);
    expect(lines.join('')).not.toContain(canary);
    expect(lines.join('')).toContain(operation);
  });

  it.each([
    [{ logs: [{ sourceItemId: [canary] }] }],
    [{ logs: [{ failure: canary }] }],
    [{ logs: [{ details: [canary] }] }],
    [{ logs: [canary] }],
    [{ logs: canary }],
    [{ message: canary }],
    [{ jobs: [] }],
  ])('leaves the job alone when it is of its logs: %j', async (body) => {
    const upstream = await startScriptedUpstream(({ operation }) => ({
      json: operation === 'GetJob' ? { job: jobRow(0) } : body,
    }));
    const answer = await openGateway(upstream.url).ask(
      `{ job(id: "${guid(0)}") { name logs { nodes { sourceItemId failure { code } details } } } }`,
    );
    expect(answer.data).toEqual({ job: { name: 'Job 0', logs: null } });
    expect(answer.errors?.[0]?.extensions.code).toBe('UPSTREAM_INVALID_RESPONSE');
    expect(JSON.stringify(answer)).not.toContain(canary);
  });

  it('is one when it is larger than any answer of upstream', async () => {
    const upstream = await startScriptedUpstream(() => ({ text: `"${canary}${'x'.repeat(17_000_000)}"` }));
    const answer = await openGateway(upstream.url).ask('{ jobs { nodes { id } } }');
    expect(answer.errors?.[0]?.extensions).toEqual({
      code: 'UPSTREAM_INVALID_RESPONSE',
      upstream: { status: 200, code: 'OK', codeDerived: true, requestId: 'request-1' },
    });
    expect(JSON.stringify(answer)).not.toContain(canary);
  });

  it('fails its own id among others', async () => {
    const upstream = await startScriptedUpstream(() =>
      jobsPage([row({ status: [canary] }), jobRow(1), { name: canary }, canary]),
    );
    const answer = await openGateway(upstream.url).ask(
      `{ bad: job(id: "${ids.job}") { name } good: job(id: "${ids.other}") { name } }`,
    );
    expect(answer.data).toEqual({ bad: null, good: { name: 'Job 1' } });
    expect(answer.errors?.map(({ path, extensions }) => [path, extensions.code])).toEqual([
      [['bad'], 'UPSTREAM_INVALID_RESPONSE'],
    ]);
    expect(JSON.stringify(answer)).not.toContain(canary);
  });

  it.each<[string, unknown]>([
    ['lower case', canary.toLowerCase()],
    ['a sentence', `The secret is ${canary}`],
    ['too long', canary.replace('-', '_').toUpperCase().repeat(10)],
    ['an object', { code: canary }],
    ['a number', 5],
    ['an empty text', ''],
    ['a line of text after a name', `ABORTED\n${canary}`],
  ])('is not trusted to name an error code: %s', async (_what, code) => {
    const upstream = await startScriptedUpstream(() => ({
      status: 409,
      json: {
        message: canary,
        details: { applicationError: { code, description: canary, data: { canary } } },
      },
    }));
    const answer = await openGateway(upstream.url).ask('{ jobs { nodes { id } } }');
    expect(answer.errors?.[0]?.extensions).toEqual({
      code: 'UPSTREAM_REJECTED',
      upstream: { status: 409, code: 'CONFLICT', codeDerived: true, requestId: 'request-1' },
    });
    expect(JSON.stringify(answer).toLowerCase()).not.toContain(canary.toLowerCase().replace('-', '_'));
    expect(JSON.stringify(answer).toLowerCase()).not.toContain(canary.toLowerCase());
  });
});
