import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GatewayError } from '../src/domain/gateway-error.ts';
import { silentLog } from '../src/telemetry/log.ts';
import type { Call } from '../src/upstream/http.ts';
import { compileJobQuery } from '../src/upstream/job-query.ts';
import { createJobsApi } from '../src/upstream/jobs-api.ts';
import { createSchedulesApi } from '../src/upstream/schedules-api.ts';
import { notJson, translateFailure } from '../src/upstream/translate-failure.ts';
import { openGateway } from './support/gateway.ts';
import { guid, jobRow, type Row, scheduleRow } from './support/rows.ts';
import { startScriptedUpstream } from './support/scripted-upstream.ts';

const page = { limit: 100, cursor: null };

/** Every operation, given a 200 with this body. */
const operations = (body: unknown): Readonly<Record<string, Promise<unknown>>> => {
  const call: Call = async (_request, read) =>
    read({ body, size: 0, requestId: null, observedAt: new Date(0) });
  const jobs = createJobsApi(call, silentLog);
  const schedules = createSchedulesApi(call);
  return {
    get: jobs.get(guid(0)),
    byIds: jobs.byIds([guid(0), guid(1)]),
    list: jobs.list(page),
    query: jobs.query(compileJobQuery({}, []), page),
    queryRows: jobs.queryRows(compileJobQuery({}, []), page),
    logs: jobs.logs(guid(0), page),
    terminate: jobs.terminate(guid(0)),
    createUploadUrl: jobs.createUploadUrl(null),
    schedule: schedules.get(guid(0, 'schedule')),
    schedules: schedules.list(),
  };
};

/** Each of them reads the body, or says by the one error of its kind that it cannot. */
const expectSound = async (body: unknown) => {
  for (const [operation, answer] of Object.entries(operations(body))) {
    const error: unknown = await answer.then(
      () => null,
      (each: unknown) => each,
    );
    if (error === null) continue;
    expect(error, operation).toBeInstanceOf(GatewayError);
    expect(error, operation).toMatchObject({ code: 'UPSTREAM_INVALID_RESPONSE' });
  }
};

const value = fc.jsonValue({ maxDepth: 4 });

/** Everything that a body of upstream may have in it. */
const whole: Row = {
  fileId: 'imports/1',
  uploadUrl: 'https://example.com/put',
  pagingMetadata: { count: 1, hasNext: true, cursors: { next: 'next', prev: null } },
  job: jobRow(0, {
    progress: { current: 1, total: { value: '7' }, itemsSuccessful: 1, itemsRejected: 0 },
    error: {
      code: 'WDH0003',
      description: 'Bad.',
      data: { fields: { a: { listValue: { values: [{ numberValue: 'NaN' }] } } } },
    },
    partiallySuccessfulOptions: { cause: 'Some.' },
    extendedFields: { namespaces: { app: { a: 1 } } },
    startedAt: { seconds: '1789366500', nanos: 162_000_000 },
    scheduleId: { value: guid(0, 'schedule') },
    source: {
      wixDataCollection: {
        collectionId: 'products',
        aggregationQuery: { aggregationPipeline: { stages: [{}] }, fields: [{ key: 'a', type: 'TEXT' }] },
      },
    },
    destination: { wixDataCollection: { collectionId: 'products', writePolicy: 'OVERWRITE' } },
  }),
  jobs: [
    jobRow(0, { source: { file: { fileId: 'a', format: 'CSV' } } }),
    jobRow(1, { source: { localization: { languages: ['en', 'de'] } } }),
  ],
  logs: [
    { sourceItemId: 'a', failure: { code: 'WDE0009', description: 'Large.', data: {} }, details: { a: 1 } },
  ],
  syncJob: {
    ...scheduleRow(0),
    nextExecutionDate: '2026-09-14T06:00:00Z',
    workflow: { steps: [{ source: { file: { fileId: 'a' } }, destination: { file: { format: 'CSV' } } }] },
  },
  syncJobs: [scheduleRow(0), scheduleRow(1)],
};

type Path = readonly (string | number)[];
const pathsOf = (node: unknown): Path[] =>
  typeof node !== 'object' || node === null
    ? []
    : Object.entries(node).flatMap(([key, child]) => [
        [key],
        ...pathsOf(child).map((path) => [key, ...path]),
      ]);

/** The same with something else at a place; undefined takes the place away. */
const withAt = (node: Row, [key, ...rest]: Path, put: unknown): Row => {
  if (key === undefined || typeof node !== 'object' || node === null) return put;
  const copy = Array.isArray(node) ? [...node] : { ...node };
  if (rest.length === 0 && put === undefined) delete copy[key];
  else copy[key] = withAt(copy[key], rest, put);
  return copy;
};

const edits = fc.array(
  fc.tuple(fc.constantFrom(...pathsOf(whole)), fc.oneof(value, fc.constant(undefined), fc.constant(whole))),
  { minLength: 1, maxLength: 4 },
);

const deep = (open: string, close: string) => `${open.repeat(50_000)}1${close.repeat(50_000)}`;

describe('the decoders', () => {
  it('read what they are tried with when nothing of it is spoilt', async () => {
    const outcomes = await Promise.allSettled(Object.values(operations(whole)));
    expect(outcomes.map(({ status }) => status)).toEqual(outcomes.map(() => 'fulfilled'));
  });

  it('throw nothing but their one error, whatever JSON they are given', () =>
    fc.assert(fc.asyncProperty(value, expectSound), { numRuns: 300 }));

  it('nor when any part of a good body is gone or anything else', () =>
    fc.assert(
      fc.asyncProperty(edits, (changes) =>
        expectSound(changes.reduce((body, [path, put]) => withAt(body, path, put), whole)),
      ),
      { numRuns: 500 },
    ));

  it('find a code for every status with whatever body', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 100, max: 599 }),
        fc.oneof(value, fc.constant(undefined), fc.constant(notJson), fc.record({ details: value })),
        fc.option(fc.string()),
        (status, body, retryAfter) => {
          const error = translateFailure({ status, body, requestId: null, date: null, retryAfter }, 0);
          expect(error.upstream?.code).toMatch(/^[A-Z][A-Z0-9_]*$/);
          expect(error.retryAfterMs ?? 0).toBeGreaterThanOrEqual(0);
          expect(error.retryAfterMs).not.toBeNaN();
        },
      ),
      { numRuns: 500 },
    );
  });

  it.each([
    ['lists', deep('[', ']')],
    ['objects', deep('{"a":', '}')],
    ['a Struct', `{"fields":{"a":${deep('{"structValue":{"fields":{"a":', '}}}')}}}`],
  ])('are given nothing that is nested without end: %s', async (_what, data) => {
    const row = JSON.stringify(jobRow(0, { error: { code: 'X', data: { '#': 0 } } })).replace(
      '{"#":0}',
      data,
    );
    const upstream = await startScriptedUpstream(() => ({ text: `{"jobs": [${row}]}` }));
    const { errors } = await openGateway(upstream.url).ask('{ jobs { nodes { error { data } } } }');
    expect(errors?.map(({ extensions }) => extensions.code)).toEqual(['UPSTREAM_INVALID_RESPONSE']);
  });
});
