import { getIntrospectionQuery, isObjectType } from 'graphql';
import { describe, expect, it } from 'vitest';
import { createGraph } from '../src/graph.ts';
import { exampleTabs } from '../src/plugins/graphiql-examples.ts';
import { openGateway, usualDocuments } from './support/gateway.ts';
import { openSocket } from './support/live-client.ts';
import { openServer } from './support/live-server.ts';
import { guid, jobRows, jobsPage, lookup, type Row, scheduleRow } from './support/rows.ts';
import { startScriptedUpstream, type UpstreamCall } from './support/scripted-upstream.ts';
import { type Sent, waysIn } from './support/send-over.ts';

const times = (count: number, write: (n: number) => string) =>
  Array.from({ length: count }, (_, n) => write(n)).join(' ');
const nested = (depth: number, open: string, core: string, close: string) =>
  `${open.repeat(depth)}${core}${close.repeat(depth)}`;

const everyJob = jobRows(300, (n) => ({
  scheduleId: guid(n % 20, 'schedule'),
  workflowId: guid(n % 10, 'workflow'),
}));
const jobs = everyJob.slice(0, 100);

/** Three hundred jobs by id; ten workflows of ten jobs, twenty schedules, and logs for every job. */
const answer = (call: UpstreamCall) => {
  switch (call.operation) {
    case 'ListMovementLogs':
      return { json: { movementLogs: [], pagingMetadata: {} } };
    case 'ListSyncJobs':
      return { json: { syncJobs: Array.from({ length: 20 }, (_, n) => scheduleRow(n)) } };
    case 'GetSyncJob':
      return { json: { syncJob: scheduleRow(0) } };
    case 'TerminateJob':
      return { json: { job: { ...jobs[0], finishedAt: new Date().toISOString() } } };
    default: {
      const { filter, cursorPaging } = call.body?.query ?? {};
      if (call.operation === 'GetJob' || filter?.id) return lookup(everyJob)(call);
      const wanted: string[] | undefined = filter?.workflowId?.$in;
      const found = wanted ? jobs.filter((row: Row) => wanted.includes(row.workflowId)) : jobs;
      return jobsPage(found.slice(0, cursorPaging?.limit));
    }
  }
};

const aliased = (count: number, fields = 'name') =>
  times(count, (n) => `j${n}: job(id: "${guid(n)}") { ${fields} }`);
const logs = 'logs(first: 1) { nodes { sourceItemId } }';

describe('the cost of an operation is the number of its upstream calls', () => {
  it.each<[string, number, string, Row?]>([
    ['one job', 1, `{ job(id: "${guid(0)}") { name } }`],
    ['300 jobs by id', 3, `{ ${times(300, (n) => `j${n}: job(id: "${guid(n)}") { name }`)} }`],
    ['a page of jobs, whatever its size', 1, '{ jobs(first: 100) { nodes { name status error { code } } } }'],
    ['the logs of each job of a page', 51, `{ jobs(first: 50) { nodes { ${logs} } } }`],
    [
      'the same by edges and a fragment',
      51,
      `{ jobs(first: 50) { edges { node { ...L } } } } fragment L on Job { ${logs} }`,
    ],
    ['a page as long as its default', 51, `query ($n: Int) { jobs(first: $n) { nodes { ${logs} } } }`],
    [
      'a page whose length is a variable',
      21,
      `query ($n: Int!) { jobs(first: $n) { nodes { ${logs} } } }`,
      { n: 20 },
    ],
    ['schedules of a page, read as one list', 2, '{ jobs(first: 100) { nodes { schedule { name } } } }'],
    ['workflows of a page, together', 2, '{ jobs(first: 10) { nodes { workflowJobs { name } } } }'],
    [
      'jobs of each schedule',
      7,
      '{ jobs(first: 5) { nodes { schedule { jobs(first: 1) { nodes { name } } } } } }',
    ],
    [
      'nodes by hundreds',
      4,
      'query ($ids: [ID!]!) { nodes(ids: $ids) { id ... on Job { schedule { name } } } }',
      { ids: Array.from({ length: 300 }, (_, n) => guid(n)) },
    ],
    [
      'what is skipped',
      1,
      `query ($no: Boolean = false) { jobs { nodes { name logs(first: 1) @include(if: $no) { nodes { sourceItemId } } ...L @skip(if: true) } } } fragment L on Job { ${logs} }`,
    ],
    [
      'a termination and a look',
      2,
      `mutation { terminateJob(input: { id: "${guid(0)}" }) { job { name } } }`,
    ],
  ])('%s: %i', async (_what, cost, query, variables = {}) => {
    const upstream = await startScriptedUpstream(answer);
    const open = (limit: number) =>
      openGateway(upstream.url, {
        documentLimits: { ...usualDocuments.documentLimits, cost: limit },
        finishedJobTtlMs: 0,
      });
    const refused = await open(cost - 1).ask(query, { variables });
    expect(refused.errors?.[0]?.extensions).toEqual({ code: 'QUERY_TOO_COMPLEX', cost, limit: cost - 1 });
    expect(refused.errors?.[0]?.message).toContain(`about ${cost} upstream calls; the limit is ${cost - 1}.`);
    expect([refused.status, upstream.count()]).toEqual([400, 0]);
    const { errors } = await open(cost).ask(query, { variables });
    expect(errors).toBeUndefined();
    expect(upstream.count()).toBe(cost);
  });
});

it('workflows of pages that come one after the other cost a call for each page', async () => {
  const upstream = await startScriptedUpstream(({ body }) => {
    const { filter } = body.query;
    if (filter.workflowId) return jobsPage([]);
    const n = Number(filter.name.$eq);
    const rows = [{ ...everyJob[n], workflowId: guid(n, 'workflow') }];
    return (response) => void setTimeout(() => response.end(JSON.stringify({ jobs: rows })), n * 50);
  });
  const query = `{ ${times(5, (n) => `p${n}: jobs(first: 1, filter: { name: { eq: "${n}" } }) { nodes { workflowJobs { id } } }`)} }`;
  const open = (cost: number) =>
    openGateway(upstream.url, { documentLimits: { ...usualDocuments.documentLimits, cost } });
  const refused = await open(9).ask(query);
  expect(refused.errors?.[0]?.extensions).toEqual({ code: 'QUERY_TOO_COMPLEX', cost: 10, limit: 9 });
  const { errors } = await open(10).ask(query);
  expect([errors, upstream.count()]).toEqual([undefined, 10]);
});

it('every field at a root, and every one below that asks upstream, has a price', () => {
  const types = createGraph().getTypeMap();
  const fieldsOf = (name: string) => {
    const type = types[name];
    return isObjectType(type) ? Object.values(type.getFields()) : [];
  };
  const asking = [...fieldsOf('Job'), ...fieldsOf('SyncSchedule')].filter(({ name }) =>
    ['logs', 'schedule', 'workflowJobs', 'jobs'].includes(name),
  );
  const priced = [...['Query', 'Mutation', 'Subscription'].flatMap(fieldsOf), ...asking];
  expect(priced.length).toBeGreaterThan(14);
  expect(priced.filter(({ extensions }) => !('price' in extensions)).map(({ name }) => name)).toEqual([]);
});

const bomb = (levels: number, on: string, open: (next: string) => string, core: string) =>
  `${times(levels, (n) => `fragment F${n} on ${on} { ${open(`...F${n + 1}`)} }`)} fragment F${levels} on ${on} { ${core} }`;
const job = (fields: string) => `{ job(id: "${guid(0)}") { ${fields} } }`;

const tooMuch: [string, string, Sent][] = [
  ['aliases of a job by the thousand', 'rootFields', { query: `{ ${aliased(800)} }` }],
  ['aliases of nothing', 'rootFields', { query: `{ ${times(3000, (n) => `a${n}: __typename`)} }` }],
  ['aliases below the root', 'aliases', { query: job(times(1001, (n) => `a${n}: name`)) }],
  [
    'aliases in a fragment',
    'aliases',
    {
      query: `{ ${times(20, (n) => `j${n}: job(id: "1") { ...A }`)} } fragment A on Job { ${times(50, (n) => `a${n}: name`)} }`,
    },
  ],
  [
    'aliases in inline fragments',
    'aliases',
    { query: job(times(11, () => `... on Job { ... { ${times(100, (n) => `a${n}: name`)} } }`)) },
  ],
  [
    'aliases at the root in fragments',
    'rootFields',
    {
      query: `{ ...A ...B } fragment A on Query { ${times(251, (n) => `a${n}: __typename`)} } fragment B on Query { ${times(251, (n) => `b${n}: __typename`)} }`,
    },
  ],
  ['a document without end', 'tokens', { query: `{ ${'__typename '.repeat(10_001)} }` }],
  ['directives', 'directives', { query: job(times(201, (n) => `a${n}: name @skip(if: false)`)) }],
  [
    'directives in a fragment',
    'directives',
    {
      query: `{ ${times(101, (n) => `j${n}: job(id: "1") { ...D }`)} } fragment D on Job { name @skip(if: false) id @skip(if: false) }`,
    },
  ],
  [
    'fields in fields',
    'depth',
    { query: job(nested(7, 'schedule { jobs(first: 1) { nodes {', 'id', '} } }')) },
  ],
  [
    'fields in fragments',
    'depth',
    {
      query: `${job('...F0')} ${bomb(30, 'Job', (next) => `schedule { jobs(first: 1) { nodes { ${next} } } }`, 'id')}`,
    },
  ],
  [
    'fields deeper than any stack',
    'depth',
    {
      query: `${job('...F0')} ${bomb(50, 'Job', (next) => nested(20, 'schedule { jobs { nodes {', next, '} } }'), 'id')}`,
    },
  ],
  [
    'introspection in introspection',
    'depth',
    { query: `{ __schema { types { fields { type { ${nested(20, 'ofType {', 'name', '}')} } } } } }` },
  ],
  [
    'introspection of all of everything',
    'fields',
    { query: `{ __schema { types { fields { args { ${times(100, (n) => `a${n}: name`)} } } } } }` },
  ],
  [
    'introspection that multiplies',
    'aliases',
    {
      query: `{ __schema { types { fields { type { ...F0 } } } } } ${bomb(8, '__Type', (next) => times(8, (n) => `a${n}: ofType { ${next} }`), 'name')}`,
    },
  ],
  [
    'fragments that multiply',
    'cost',
    {
      query: `${job('...F0')} ${bomb(6, 'Job', (next) => times(2, (n) => `a${n}: workflowJobs { ${next} }`), 'id')}`,
    },
  ],
  [
    'fragments that multiply beyond every number',
    'depth',
    {
      query: `${job('...F0')} ${bomb(400, 'Job', (next) => times(2, (n) => `a${n}: workflowJobs { ${next} }`), 'id')}`,
    },
  ],
  ['logs of a page', 'cost', { query: `{ jobs(first: 100) { nodes { ${logs} } } }` }],
  [
    'logs of a page whose length is a variable',
    'cost',
    { query: `query ($n: Int) { jobs(first: $n) { nodes { ${logs} } } }`, variables: { n: 100 } },
  ],
  [
    'logs of a page beyond all pages',
    'cost',
    { query: `query ($n: Int) { jobs(first: $n) { nodes { ${logs} } } }`, variables: { n: 2_000_000_000 } },
  ],
  [
    'logs of nodes',
    'cost',
    {
      query: `query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Job { ${logs} } } }`,
      variables: { ids: Array.from({ length: 101 }, (_, n) => guid(n)) },
    },
  ],
  [
    'logs that a variable includes',
    'cost',
    {
      query: `query ($yes: Boolean!) { jobs(first: 100) { nodes { logs @include(if: $yes) { nodes { sourceItemId } } } } }`,
      variables: { yes: true },
    },
  ],
  ['logs under many aliases', 'cost', { query: `{ ${aliased(101, logs)} }` }],
  [
    'a dear operation behind a cheap one',
    'cost',
    {
      query: `query Cheap { __typename } query Dear { jobs(first: 100) { nodes { ${logs} } } }`,
      operationName: 'Dear',
    },
  ],
  [
    'pages of pages',
    'cost',
    { query: '{ jobs(first: 100) { nodes { schedule { jobs(first: 100) { nodes { name } } } } } }' },
  ],
  [
    'fields of a page',
    'fields',
    {
      query: `{ ${times(20, (n) => `p${n}: jobs(first: 100) { nodes { ${times(49, (m) => `a${m}: name`)} ...N } }`)} } fragment N on Job { ${'name '.repeat(10)} }`,
    },
  ],
  [
    'a filter in a filter',
    'nesting',
    { query: `{ jobs(filter: ${nested(500, '{ not: ', '{}', '}')}) { nodes { id } } }` },
  ],
  [
    'a filter in a filter in a variable',
    'nesting',
    {
      query: 'query ($f: JobFilter) { jobs(filter: $f) { nodes { id } } }',
      variables: { f: JSON.parse(nested(500, '{"not":', '{}', '}')) },
    },
  ],
  [
    'a variable of no operation',
    'nesting',
    { query: '{ __typename }', variables: { f: JSON.parse(nested(500, '[', '', ']')) } },
  ],
  [
    'lists in lists',
    'nesting',
    { query: `{ jobs(filter: { id: { in: ${nested(700, '[', '', ']')} } }) { nodes { id } } }` },
  ],
  [
    'values in a variable',
    'values',
    {
      query: 'query ($f: JobFilter) { jobs(filter: $f) { nodes { id } } }',
      variables: { f: { id: { in: Array(10_000).fill('x') } } },
    },
  ],
  [
    'values in a variable of no operation',
    'values',
    { query: '{ __typename }', variables: { v: Array(10_000).fill(0) } },
  ],
  ['types in types', 'nesting', { query: `query ($a: ${nested(700, '[', 'Int', ']')}) { __typename }` }],
];

/** The line of a request has an end of its own. */
const fits = (way: string, sent: Sent) =>
  way !== 'GET' || encodeURIComponent(JSON.stringify(sent)).length < 12_000;

describe.each(Object.entries(waysIn))('over %s', (way, send) => {
  it.each(tooMuch.filter(([, , sent]) => fits(way, sent)))(
    '%s is too complex, and told so before upstream is asked',
    async (_what, measure, sent) => {
      const upstream = await startScriptedUpstream(answer);
      const { url } = await openServer(upstream.url);
      // twice, for the second time the document comes from a cache
      for (const _time of [1, 2]) {
        const { data, errors } = await send(url, sent);
        expect(data ?? null).toBeNull();
        expect(errors).toHaveLength(1);
        const { code, limit, ...measures } = errors?.[0].extensions ?? {};
        expect([code, Object.keys(measures)]).toEqual(['QUERY_TOO_COMPLEX', [measure]]);
        expect(errors?.[0].message).toContain(`limit is ${limit}.`);
        expect(measures[measure]).toBeGreaterThan(limit);
      }
      expect(upstream.count()).toBe(0);
    },
  );

  it('a fragment within itself is not valid, and closes nothing', async () => {
    const upstream = await startScriptedUpstream(answer);
    const { url } = await openServer(upstream.url);
    const circular = `${job('...A')} fragment A on Job { workflowJobs { ...B ...B } } fragment B on Job { workflowJobs { ...A ...A } }`;
    const { errors } = await send(url, { query: circular });
    expect(errors?.[0].extensions.code).toBe('GRAPHQL_VALIDATION_FAILED');
    expect(upstream.count()).toBe(0);
  });
});

describe('a document that comes again is measured by what decides this time', () => {
  const ids = (count: number) => Array.from({ length: count }, (_, n) => guid(n));

  it.each<[string, string, Record<string, unknown>, Record<string, unknown>]>([
    [
      'the length of a page',
      `query ($n: Int) { jobs(first: $n) { nodes { ${logs} } } }`,
      { n: 1 },
      { n: 100 },
    ],
    [
      'what is included in a fragment',
      'query ($yes: Boolean!) { jobs(first: 100) { nodes { ...L } } } fragment L on Job { logs(first: 1) @include(if: $yes) { nodes { sourceItemId } } }',
      { yes: false },
      { yes: true },
    ],
    [
      'how many ids',
      `query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Job { ${logs} } } }`,
      { ids: ids(1) },
      { ids: ids(101) },
    ],
  ])('%s', async (_what, query, little, much) => {
    const { ask } = openGateway((await startScriptedUpstream(answer)).url);
    const codeOf = async (variables: Record<string, unknown>) =>
      (await ask(query, { variables })).errors?.[0]?.extensions['code'];
    expect([await codeOf(little), await codeOf(much), await codeOf(little), await codeOf(much)]).toEqual([
      undefined,
      'QUERY_TOO_COMPLEX',
      undefined,
      'QUERY_TOO_COMPLEX',
    ]);
  });

  it('the operation of it that is asked for', async () => {
    const { url } = await openServer((await startScriptedUpstream(answer)).url);
    const query = `query Cheap { __typename } query Dear { jobs(first: 100) { nodes { ${logs} } } }`;
    const codeOf = async (operationName: string) =>
      (await waysIn['POST']?.(url, { query, operationName }))?.errors?.[0].extensions.code;
    expect([await codeOf('Cheap'), await codeOf('Dear'), await codeOf('Cheap')]).toEqual([
      undefined,
      'QUERY_TOO_COMPLEX',
      undefined,
    ]);
  });
});

it('what takes too long to compare is told in other words than GraphQL has', async () => {
  const { ask } = openGateway('http://127.0.0.1:1');
  const { errors } = await ask(`{ ${'jobs { nodes { id name } } '.repeat(490)} }`);
  expect(errors?.[0]?.message).toContain('selects the same fields so often');
  expect(errors?.[0]?.extensions).toEqual({ code: 'QUERY_TOO_COMPLEX' });
  const two = await ask('query A { __typename } query A2 { __typename }');
  expect(two.errors?.[0]?.message).toContain('as `operationName`');
});

it('what cannot be counted is not told in a number', async () => {
  const { ask } = openGateway('http://127.0.0.1:1');
  const chain = `${job('...F0')} ${bomb(1200, 'Job', (next) => next, 'id')}`;
  expect((await ask(chain)).errors?.[0]?.message).toContain(
    'is too deep, its fragments spread; the limit is 20.',
  );
});

describe('a subscription', () => {
  const query = `subscription ($id: ID!) { jobUpdated(id: $id) { job { workflowJobs { workflowJobs { ${logs} } } } } }`;

  it.each(['a WebSocket', 'server-sent events'])(
    'over %s may not cost too much for each event',
    async (way) => {
      const upstream = await startScriptedUpstream(answer);
      const { url } = await openServer(upstream.url);
      const reply = await waysIn[way]?.(url, { query, variables: { id: guid(0) } });
      expect(reply?.errors?.map(({ extensions }) => extensions)).toEqual([
        { code: 'QUERY_TOO_COMPLEX', cost: 102, limit: 100 },
      ]);
      expect(upstream.count()).toBe(0);
    },
  );

  it('goes on beside one that is refused', async () => {
    const upstream = await startScriptedUpstream((call) =>
      call.operation === 'QueryJobs' ? jobsPage([{ ...jobs[0], status: 'IN_PROGRESS' }]) : answer(call),
    );
    const { url } = await openServer(upstream.url);
    const { operate, roundTrip } = await openSocket(url);
    const variables = { id: guid(0) };
    const watch = operate('subscription ($id: ID!) { jobUpdated(id: $id) { kind } }', { variables });
    expect((await watch.next()).data.jobUpdated.kind).toBe('SNAPSHOT');
    for (const refused of [query, '{ jobs(', `{ ${aliased(800)} }`]) {
      expect((await operate(refused, { variables }).next()).type).toBe('error');
    }
    await roundTrip();
    expect(watch.waiting).toEqual([]);
  });
});

describe('by default there is room for', () => {
  const tabs = exampleTabs({ jobId: guid(0), runningJobId: guid(0) });
  it.each<[string, Sent]>([
    [
      'introspection as codegen asks it',
      {
        query: getIntrospectionQuery({
          descriptions: true,
          specifiedByUrl: true,
          directiveIsRepeatable: true,
          schemaDescription: true,
          inputValueDeprecation: true,
          oneOf: true,
        }),
      },
    ],
    ...tabs
      .filter(({ query }) => query.includes('query '))
      .map(({ query, variables }): [string, Sent] => [
        `the example ${/query \w+/.exec(query)?.[0]}`,
        { query, variables: JSON.parse(variables ?? '{}') },
      ]),
    [
      '300 aliases of a job and much of each',
      {
        query: `{ ${times(300, (n) => `j${n}: job(id: "${guid(n)}") { ...J }`)} } fragment J on Job { id name status isFinished startedAt finishedAt durationSeconds progress { current total percent } error { code help } schedule { name } observedAt }`,
      },
    ],
    [
      'a page of 50 with the logs of each',
      { query: `{ jobs(first: 50) { nodes { name ${logs} schedule { name } } } }` },
    ],
  ])('%s', async (_what, sent) => {
    const upstream = await startScriptedUpstream(answer);
    const { ask } = openGateway(upstream.url, { playground: true });
    const { errors, data } = await ask(sent.query ?? '', { variables: sent.variables });
    expect(errors).toBeUndefined();
    expect(data).not.toBeNull();
  });
});
