import fc from 'fast-check';
import { GraphQLInputObjectType, getNamedType } from 'graphql';
import { describe, expect, it } from 'vitest';
import { createGraph } from '../src/graph.ts';
import { openGateway, openSandboxGateway, type TestGateway } from './support/gateway.ts';
import { guid, jobsPage, type Row } from './support/rows.ts';
import { startScriptedUpstream, type UpstreamCall } from './support/scripted-upstream.ts';

type Filter = Record<string, unknown>;

const jobsQuery =
  'query($filter: JobFilter, $orderBy: [JobOrder!]) { jobs(filter: $filter, orderBy: $orderBy) { nodes { id } } }';

/** The calls that one question about jobs costs. */
const callsFor = async (variables: Record<string, unknown>): Promise<readonly UpstreamCall[]> => {
  const upstream = await startScriptedUpstream(() => jobsPage([]));
  const { data, errors } = await openGateway(upstream.url).ask(jobsQuery, { variables });
  expect(errors).toBeUndefined();
  expect(data).toEqual({ jobs: { nodes: [] } });
  return upstream.calls;
};

const sentFor = async (filter: unknown) => (await callsFor({ filter }))[0]?.body.query.filter;

const known = ['UNINITIALIZED', 'INITIALIZING', 'IN_PROGRESS', 'COMPLETED', 'FAILED', 'PARTIALLY_SUCCESSFUL'];
const laterStatus = { $not: { status: { $in: known } } };

const ids = { eq: guid(1), ne: guid(2), in: [guid(3), guid(4)], exists: true };
const instants = { eq: 1, ne: 2, gt: 3, gte: 4, lt: 5, lte: 6 };
const instant = (n: number) => `2026-09-0${n}T06:00:00.000Z`;
const instantFilter = {
  ...Object.fromEntries(Object.entries(instants).map(([operator, n]) => [operator, instant(n)])),
  exists: false,
};

/** Every field and operator with an operand. */
const operands: Readonly<Record<string, Filter>> = {
  id: ids,
  name: { eq: 'Nightly', ne: 'Weekly', in: ['a', 'b'], startsWith: 'ni', exists: false },
  status: { eq: 'FAILED', ne: 'COMPLETED', in: ['FAILED', 'IN_PROGRESS'] },
  startedAt: instantFilter,
  finishedAt: instantFilter,
  scheduleId: ids,
  workflowId: ids,
};

const combinations = Object.entries(operands).flatMap(([field, operators]) =>
  Object.entries(operators).map(([operator, operand]): [string, string, unknown] => [
    field,
    operator,
    operand,
  ]),
);

describe('what upstream is asked for a filter', () => {
  it.each(combinations)('%s %s', async (field, operator, operand) => {
    expect(await sentFor({ [field]: { [operator]: operand } })).toEqual({
      [field]: { [`$${operator}`]: operand },
    });
  });

  it('knows every operator that the schema offers', () => {
    const graph = createGraph();
    const inputFields = (name: string) => {
      const type = graph.getType(name);
      if (!(type instanceof GraphQLInputObjectType)) throw new Error(`${name} is no input`);
      return type.getFields();
    };
    const { and, or, not, ...fields } = inputFields('JobFilter');
    const offered = Object.values(fields).map(({ name, type }) => [
      name,
      Object.keys(inputFields(getNamedType(type).name)).toSorted(),
    ]);
    expect([and, or, not]).not.toContain(undefined);
    expect(Object.fromEntries(offered)).toEqual(
      Object.fromEntries(
        Object.entries(operands).map(([name, operators]) => [name, Object.keys(operators).toSorted()]),
      ),
    );
  });

  it('sends instants in UTC, however they were written', async () => {
    expect(
      await sentFor({ startedAt: { gte: '2026-09-14T08:00:00+02:00', lt: '2026-09-14T07:00:00Z' } }),
    ).toEqual({
      startedAt: { $gte: '2026-09-14T06:00:00.000Z', $lt: '2026-09-14T07:00:00.000Z' },
    });
  });

  it('keeps the conditions of one field together and joins those of several by $and', async () => {
    const filter = {
      finishedAt: { exists: true },
      name: { startsWith: 'a', ne: 'abc' },
      status: { ne: 'FAILED', in: ['FAILED', 'COMPLETED'] },
    };
    expect(await sentFor(filter)).toEqual({
      $and: [
        { name: { $startsWith: 'a', $ne: 'abc' } },
        { $and: [{ status: { $ne: 'FAILED' } }, { status: { $in: ['FAILED', 'COMPLETED'] } }] },
        { finishedAt: { $exists: true } },
      ],
    });
  });

  it('nests and, or and not', async () => {
    const filter = {
      id: { ne: guid(0) },
      and: [{ name: { eq: 'a' } }, { or: [{ name: { eq: 'b' } }, { not: { status: { eq: 'FAILED' } } }] }],
      or: [{ scheduleId: { eq: guid(1) } }, { and: [{ name: { eq: 'c' } }, { name: { eq: 'd' } }] }],
      not: { not: { or: [{ name: { eq: 'e' } }, { name: { eq: 'f' } }] } },
    };
    expect(await sentFor(filter)).toEqual({
      $and: [
        { id: { $ne: guid(0) } },
        {
          $and: [
            { name: { $eq: 'a' } },
            { $or: [{ name: { $eq: 'b' } }, { $not: { status: { $eq: 'FAILED' } } }] },
          ],
        },
        {
          $or: [{ scheduleId: { $eq: guid(1) } }, { $and: [{ name: { $eq: 'c' } }, { name: { $eq: 'd' } }] }],
        },
        { $not: { $not: { $or: [{ name: { $eq: 'e' } }, { name: { $eq: 'f' } }] } } },
      ],
    });
  });

  const name = { name: { eq: 'a' } };
  const everything: unknown[] = [
    undefined,
    null,
    {},
    { and: [] },
    { and: null, or: null, not: null, id: null, name: null, status: null, startedAt: null },
    { name: {}, status: {}, startedAt: {} },
    { name: { eq: null, ne: null, in: null, startsWith: null, exists: null } },
    { status: { eq: null, ne: null, in: null }, finishedAt: { gt: null, exists: null } },
    { and: [{}, { and: [] }] },
    { or: [{}] },
    { or: [name, {}] },
    { not: { or: [] } },
    { not: { name: { in: [] } } },
    { not: { not: {} } },
  ];
  it.each(everything.map((filter) => [JSON.stringify(filter), filter]))(
    'asks for every job: %s',
    async (_text, filter) => {
      expect((await callsFor({ filter })).map(({ body }) => body.query.filter)).toEqual([{}]);
    },
  );

  const nothing: unknown[] = [
    { or: [] },
    { id: { in: [] } },
    { name: { in: [], startsWith: 'a' } },
    { status: { in: [] } },
    { status: { in: [], eq: 'FAILED' } },
    { scheduleId: { in: [] }, ...name },
    { not: {} },
    { not: { and: [] } },
    { and: [name, { or: [] }] },
    { or: [{ or: [] }, { id: { in: [] } }] },
    { not: { or: [name, {}] } },
  ];
  it.each(nothing.map((filter) => [JSON.stringify(filter), filter]))(
    'asks nothing where nothing can match: %s',
    async (_text, filter) => {
      expect(await callsFor({ filter })).toEqual([]);
    },
  );

  it.each<[Filter, Filter]>([
    [{ or: [{ or: [] }, name] }, { name: { $eq: 'a' } }],
    [{ and: [{}, name] }, { name: { $eq: 'a' } }],
    [{ not: { and: [{}, name] } }, { $not: { name: { $eq: 'a' } } }],
  ])('leaves out what decides nothing: %j', async (filter, sent) => {
    expect(await sentFor(filter)).toEqual(sent);
  });

  it.each<[Filter, Filter]>([
    [{ eq: 'UNRECOGNIZED' }, laterStatus],
    [{ ne: 'UNRECOGNIZED' }, { status: { $in: known } }],
    [{ in: ['UNRECOGNIZED'] }, laterStatus],
    [{ in: ['UNRECOGNIZED', 'FAILED'] }, { $or: [{ status: { $in: ['FAILED'] } }, laterStatus] }],
  ])('takes UNRECOGNIZED for every status but the known: %j', async (status, sent) => {
    expect(await sentFor({ status })).toEqual(sent);
  });

  it('refuses an operator or a value that the schema does not have, without a call', async () => {
    const upstream = await startScriptedUpstream(() => jobsPage([]));
    const gateway = openGateway(upstream.url);
    for (const filter of [
      { name: { hasSome: ['a'] } },
      { status: { gt: 'FAILED' } },
      { status: { eq: 'PAUSED' } },
      { startedAt: { gt: 'yesterday' } },
      { progress: { exists: true } },
    ]) {
      const { errors } = await gateway.ask(jobsQuery, { variables: { filter } });
      expect(errors?.map(({ extensions }) => extensions.code)).toEqual(['BAD_USER_INPUT']);
    }
    expect(upstream.count()).toBe(0);
  });
});

describe('what upstream is asked for an order', () => {
  const sortFor = async (orderBy: unknown) => (await callsFor({ orderBy }))[0]?.body.query.sort;

  it.each([
    ['ID', 'id'],
    ['NAME', 'name'],
    ['STATUS', 'status'],
    ['STARTED_AT', 'startedAt'],
    ['FINISHED_AT', 'finishedAt'],
    ['SCHEDULE_ID', 'scheduleId'],
    ['WORKFLOW_ID', 'workflowId'],
  ])('%s', async (field, fieldName) => {
    expect(await sortFor([{ field, direction: 'ASC' }])).toEqual([{ fieldName, order: 'ASC' }]);
    expect(await sortFor([{ field }])).toEqual([{ fieldName, order: 'DESC' }]);
  });

  it.each([[undefined], [null], [[]]])('is newest first for %j', async (orderBy) => {
    expect(await sortFor(orderBy)).toEqual([{ fieldName: 'startedAt', order: 'DESC' }]);
  });

  it('keeps the keys in their order, up to five', async () => {
    const five = ['STATUS', 'NAME', 'FINISHED_AT', 'ID', 'STARTED_AT'].map((field) => ({
      field,
      direction: 'ASC',
    }));
    expect((await sortFor(five)).map(({ fieldName }: Row) => fieldName)).toEqual([
      'status',
      'name',
      'finishedAt',
      'id',
      'startedAt',
    ]);
  });

  it('refuses more than five keys without a call', async () => {
    const upstream = await startScriptedUpstream(() => jobsPage([]));
    const { data, errors } = await openGateway(upstream.url).ask(jobsQuery, {
      variables: { orderBy: Array.from({ length: 6 }, () => ({ field: 'NAME' })) },
    });
    expect(data).toEqual({ jobs: null });
    expect(errors).toMatchObject([
      { message: expect.stringContaining('"orderBy"'), extensions: { code: 'BAD_USER_INPUT' } },
    ]);
    expect(upstream.count()).toBe(0);
  });
});

// ---------------------------------------------------------------- against the sandbox

interface SeededJob {
  readonly id: string;
  readonly name: string | null;
  readonly status: string;
  readonly startedAt: string;
  readonly finishedAt: string | null;
  readonly scheduleId: string | null;
  readonly workflowId: string | null;
}

const start = Date.UTC(2026, 8, 14, 12, 0, 0);

const allJobs = async (
  gateway: TestGateway,
  variables: { readonly filter?: unknown; readonly orderBy?: unknown } = {},
): Promise<SeededJob[]> => {
  const jobs: SeededJob[] = [];
  let after: string | null = null;
  do {
    const { data, errors } = await gateway.ask(
      `query($filter: JobFilter, $orderBy: [JobOrder!], $after: String) {
        jobs(first: 100, after: $after, filter: $filter, orderBy: $orderBy) {
          nodes { id name status startedAt finishedAt scheduleId workflowId }
          pageInfo { hasNextPage endCursor }
        }
      }`,
      { variables: { ...variables, after } },
    );
    expect(errors).toBeUndefined();
    jobs.push(...data.jobs.nodes);
    after = data.jobs.pageInfo.hasNextPage ? data.jobs.pageInfo.endCursor : null;
  } while (after !== null);
  return jobs;
};

type Field = keyof SeededJob;
const isTime = (field: string) => field === 'startedAt' || field === 'finishedAt';
const isId = (field: string) => ['id', 'scheduleId', 'workflowId'].includes(field);

// biome-ignore lint/suspicious/noExplicitAny: a filter of any shape
const holds = (filter: any, job: SeededJob): boolean =>
  Object.entries(filter).every(([key, condition]) => {
    // biome-ignore lint/suspicious/noExplicitAny: the same
    const value: any = condition;
    if (key === 'and') return value.every((each: Filter) => holds(each, job));
    if (key === 'or') return value.some((each: Filter) => holds(each, job));
    if (key === 'not') return !holds(value, job);
    return Object.entries(value).every(([operator, operand]) => meets(key, operator, operand, job));
  });

// biome-ignore lint/suspicious/noExplicitAny: any operand
const meets = (field: string, operator: string, operand: any, job: SeededJob): boolean => {
  // biome-ignore lint/suspicious/noExplicitAny: any value
  const plain = (value: any) => {
    if (value === null) return null;
    if (isTime(field)) return Date.parse(value);
    return isId(field) ? value.toLowerCase() : value;
  };
  const raw = job[field as Field];
  const value = plain(raw);
  switch (operator) {
    case 'eq':
      return value === plain(operand);
    case 'ne':
      return value !== plain(operand);
    case 'in':
      return operand.map(plain).includes(value);
    case 'exists':
      return (value !== null) === operand;
    case 'startsWith':
      return raw?.toLowerCase().startsWith(operand.toLowerCase()) ?? false;
    case 'gt':
      return value !== null && value > plain(operand);
    case 'gte':
      return value !== null && value >= plain(operand);
    case 'lt':
      return value !== null && value < plain(operand);
    case 'lte':
      return value !== null && value <= plain(operand);
    default:
      throw new Error(`no such operator: ${operator}`);
  }
};

const idsOf = (jobs: readonly SeededJob[]) => jobs.map(({ id }) => id).toSorted();

describe('what a filter finds in the sandbox', () => {
  /** A sandbox that has run for an hour and then stands still, with more jobs than a page holds. */
  const open = async () => {
    let now = start;
    const gateway = await openSandboxGateway(() => now);
    now += 3_600_000;
    const jobs = await allJobs(gateway);
    expect(jobs.length).toBeGreaterThan(200);
    return { gateway, jobs };
  };

  const valuesOf = (jobs: readonly SeededJob[], field: Field) =>
    [...new Set(jobs.map((job) => job[field]))].filter((value) => value !== null);

  /** For each operator: operands of which some jobs meet it and some do not. */
  const tellingOperands = (jobs: readonly SeededJob[], field: string, operator: string): unknown[] => {
    const values = valuesOf(jobs, field as Field);
    const some = [values[0], values[Math.floor(values.length / 2)], values.at(-1)];
    if (operator === 'exists') return [true, false];
    if (operator === 'in') return [some, values.slice(0, 2)];
    return operator === 'startsWith' ? some.map((value) => value?.slice(0, 3).toUpperCase()) : some;
  };

  it('is what a look at every job finds, for each field and operator', async () => {
    const { gateway, jobs } = await open();
    for (const [field, operator] of combinations) {
      const found: number[] = [];
      for (const operand of tellingOperands(jobs, field, operator)) {
        const filter = { [field]: { [operator]: operand } };
        const expected = jobs.filter((job) => holds(filter, job));
        const got = await allJobs(gateway, { filter });
        expect(idsOf(got), JSON.stringify(filter)).toEqual(idsOf(expected));
        found.push(got.length);
      }
      expect(Math.max(...found), `${field} ${operator} finds something`).toBeGreaterThan(0);
    }
  });

  it('is what a look at every job finds, for nested filters', async () => {
    const { gateway, jobs } = await open();
    const leaf = fc
      .constantFrom(...combinations)
      .chain(([field, operator]) =>
        fc
          .constantFrom(...tellingOperands(jobs, field, operator))
          .map((operand): Filter => ({ [field]: { [operator]: operand } })),
      );
    const { filter: nested } = fc.letrec<{ filter: Filter }>((tie) => ({
      filter: fc.oneof(
        { maxDepth: 3, withCrossShrink: true },
        leaf,
        fc.record({ and: fc.array(tie('filter'), { maxLength: 3 }) }),
        fc.record({ or: fc.array(tie('filter'), { maxLength: 3 }) }),
        fc.record({ not: tie('filter') }),
        fc.tuple(leaf, leaf, fc.record({ not: tie('filter') })).map((parts) => Object.assign({}, ...parts)),
      ),
    }));
    await fc.assert(
      fc.asyncProperty(nested, async (filter) => {
        expect(idsOf(await allJobs(gateway, { filter }))).toEqual(
          idsOf(jobs.filter((job) => holds(filter, job))),
        );
      }),
      { numRuns: 60 },
    );
  });

  it('is no job for UNRECOGNIZED and every job for the known statuses', async () => {
    const { gateway, jobs } = await open();
    expect(await allJobs(gateway, { filter: { status: { eq: 'UNRECOGNIZED' } } })).toEqual([]);
    expect(await allJobs(gateway, { filter: { status: { ne: 'UNRECOGNIZED' } } })).toHaveLength(jobs.length);
    const failed = await allJobs(gateway, { filter: { status: { in: ['UNRECOGNIZED', 'FAILED'] } } });
    expect(idsOf(failed)).toEqual(idsOf(jobs.filter(({ status }) => status === 'FAILED')));
  });

  it('comes in the order that was asked for', async () => {
    const { gateway, jobs } = await open();
    const started = (list: readonly SeededJob[]) => list.map(({ startedAt }) => startedAt);
    expect(started(jobs)).toEqual(started(jobs).toSorted().reverse());
    const orderBy = [
      { field: 'STATUS', direction: 'ASC' },
      { field: 'FINISHED_AT', direction: 'DESC' },
    ];
    const ordered = await allJobs(gateway, { orderBy });
    const key = ({ status, finishedAt }: SeededJob): [string, number] => [
      status,
      -Date.parse(finishedAt ?? '1970'),
    ];
    const byKey = jobs.map(key).toSorted(([a, x], [b, y]) => (a < b ? -1 : a > b ? 1 : x - y));
    expect(ordered.map(key)).toEqual(byKey);
  });
});
