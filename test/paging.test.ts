import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { manyLogsJobId } from '../src/sandbox/seed/landmarks.ts';
import { type Ask, openGateway, openSandboxGateway, type TestGateway } from './support/gateway.ts';
import { guid, jobRow, jobRows, jobsPage, notFound, type Row, scheduleRow } from './support/rows.ts';
import { type Reply, startScriptedUpstream, type UpstreamCall } from './support/scripted-upstream.ts';

interface PageArguments {
  readonly first?: number | null;
  readonly after?: string | null;
}

interface PageOfRows {
  readonly edges: readonly { readonly cursor: string; readonly node: string }[];
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
  readonly startCursor: string | null;
  readonly endCursor: string | null;
}

/** Reads one page of some list. */
type ReadPage = (page: PageArguments) => Promise<PageOfRows>;

const pageInfo = 'pageInfo { hasNextPage hasPreviousPage startCursor endCursor }';

const jobsOf =
  (gateway: TestGateway): ReadPage =>
  async (page) => {
    const { data, errors } = await gateway.ask(
      `query($first: Int, $after: String) { jobs(first: $first, after: $after) { edges { cursor node { id } } ${pageInfo} } }`,
      { variables: { ...page } },
    );
    expect(errors).toBeUndefined();
    const { edges, pageInfo: info } = data.jobs;
    return { ...info, edges: edges.map(({ cursor, node }: Row) => ({ cursor, node: node.id })) };
  };

const logsOf =
  (gateway: TestGateway, jobId: string): ReadPage =>
  async (page) => {
    const { data, errors } = await gateway.ask(
      `query($id: ID!, $first: Int, $after: String) { job(id: $id) { logs(first: $first, after: $after) { edges { cursor node { sourceItemId } } ${pageInfo} } } }`,
      { variables: { id: jobId, ...page } },
    );
    expect(errors).toBeUndefined();
    const { edges, pageInfo: info } = data.job.logs;
    return { ...info, edges: edges.map(({ cursor, node }: Row) => ({ cursor, node: node.sourceItemId })) };
  };

const nodesOf = ({ edges }: PageOfRows) => edges.map(({ node }) => node);

/** The rows of a whole list, page after page. */
const walk = async (read: ReadPage, first: number, after: string | null = null): Promise<string[]> => {
  const rows: string[] = [];
  let page: PageOfRows;
  do {
    page = await read({ first, after });
    rows.push(...nodesOf(page));
    after = page.endCursor;
  } while (page.hasNextPage);
  return rows;
};

/** A step of a wandering reader: takes a page, keeps part of it, and goes on from the last edge kept. */
interface Step {
  readonly first: number;
  readonly kept: number;
}
const steps = fc.array(
  fc.record({ first: fc.integer({ min: 1, max: 100 }), kept: fc.double({ min: 0, max: 1, noNaN: true }) }),
  {
    minLength: 1,
    maxLength: 8,
  },
);

const wander = async (read: ReadPage, plan: readonly Step[]): Promise<string[]> => {
  const rows: string[] = [];
  let after: string | null = null;
  for (const { first, kept } of plan) {
    const { edges } = await read({ first, after });
    const part = edges.slice(0, Math.ceil(kept * edges.length));
    rows.push(...part.map(({ node }) => node));
    after = part.at(-1)?.cursor ?? after;
  }
  return [...rows, ...(await walk(read, 100, after))];
};

/** Upstream with rows that may change, and cursors that mean nothing to anybody else. */
const pagedUpstream = async (
  rows: () => readonly Row[],
  {
    sizeOf = (limit) => limit,
    metadata = (next) => ({ hasNext: next !== null, cursors: { next } }),
  }: PagedOptions = {},
) => {
  const places = new Map<string, string>();
  const cursorAfter = (id: string) => {
    const cursor = Buffer.from(`after ${id}`).toString('hex');
    places.set(cursor, id);
    return cursor;
  };
  const upstream = await startScriptedUpstream((call): Reply => {
    if (call.operation === 'GetJob') return { json: { job: jobRow(0) } };
    const { limit, cursor } = pagingOf(call);
    const keys = rows().map(keyOf);
    const place = cursor === null ? null : places.get(cursor);
    if (place === undefined) return { status: 400, json: {} };
    const start = place === null ? 0 : keys.indexOf(place) + 1;
    const page = rows().slice(start, start + sizeOf(limit, upstream.count() - 1));
    const end = start + page.length;
    const next = end < keys.length ? cursorAfter(keys[end - 1] ?? '') : null;
    const member = call.operation === 'ListMovementLogs' ? 'logs' : 'jobs';
    return { json: { [member]: page, pagingMetadata: metadata(next) } };
  });
  return upstream;
};

interface PagedOptions {
  /** How many rows the n-th call is given. */
  readonly sizeOf?: (limit: number, call: number) => number;
  readonly metadata?: (next: string | null) => unknown;
}

const pagingOf = ({ operation, body, search }: UpstreamCall): { limit: number; cursor: string | null } =>
  operation === 'QueryJobs'
    ? { cursor: null, ...body.query.cursorPaging }
    : { limit: Number(search.get('paging.limit')), cursor: search.get('paging.cursor') };

const newestFirst = (count: number) => jobRows(count).toReversed();
const keyOf = (row: Row): string => row.id ?? row.sourceItemId;
const idsOf = (rows: readonly Row[]): string[] => rows.map(({ id }) => id);
const logRows = (count: number): Row[] =>
  Array.from({ length: count }, (_, n) => ({ sourceItemId: String(n) }));

/** Walks ask far more often than upstream allows one caller. */
const manyRequests = { upstreamRequestsPerMinute: 100_000 };

describe('walking a list', () => {
  /** A sandbox that has run for an hour and then stands still. */
  const openSandbox = async () => {
    let now = Date.UTC(2026, 8, 14, 12, 0, 0);
    const gateway = await openSandboxGateway(() => now, manyRequests);
    now += 3_600_000;
    return gateway;
  };
  const sizes = fc.integer({ min: 5, max: 100 });

  it('shows every job of the sandbox once, by any page size and from any edge', async () => {
    const read = jobsOf(await openSandbox());
    const all = await walk(read, 100);
    expect(all.length).toBeGreaterThan(200);
    expect(new Set(all).size).toBe(all.length);
    await fc.assert(
      fc.asyncProperty(sizes, async (first) => {
        expect(await walk(read, first)).toEqual(all);
      }),
      { numRuns: 8 },
    );
    await fc.assert(
      fc.asyncProperty(steps, async (plan) => {
        expect(await wander(read, plan)).toEqual(all);
      }),
      { numRuns: 20 },
    );
  });

  it('shows every log entry of the sandbox once, by any page size and from any edge', async () => {
    const read = logsOf(await openSandbox(), manyLogsJobId);
    const all = await walk(read, 100);
    expect(all).toHaveLength(380);
    expect(new Set(all).size).toBe(380);
    await fc.assert(
      fc.asyncProperty(sizes, async (first) => {
        expect(await walk(read, first)).toEqual(all);
      }),
      { numRuns: 8 },
    );
    await fc.assert(
      fc.asyncProperty(steps, async (plan) => {
        expect(await wander(read, plan)).toEqual(all);
      }),
      { numRuns: 20 },
    );
  });

  const pages = fc.record({
    count: fc.integer({ min: 0, max: 130 }),
    first: fc.integer({ min: 1, max: 100 }),
    /** Upstream gives fewer than asked, in turn; 0 is an empty page with a next one. */
    caps: fc.array(fc.nat({ max: 60 }), { maxLength: 4 }).map((caps) => [...caps, 100]),
    plan: steps,
  });

  it.each<[string, (count: number) => Row[], (gateway: TestGateway) => ReadPage]>([
    ['job', newestFirst, jobsOf],
    ['log entry', logRows, (gateway) => logsOf(gateway, guid(0))],
  ])('shows every %s once, whatever pages upstream makes', async (_what, make, readOf) => {
    let rows: readonly Row[] = [];
    let caps: readonly number[] = [];
    const upstream = await pagedUpstream(() => rows, {
      sizeOf: (limit, call) => Math.min(limit, caps[call % caps.length] ?? limit),
    });
    const read = readOf(openGateway(upstream.url, manyRequests));
    await fc.assert(
      fc.asyncProperty(pages, async (given) => {
        rows = make(given.count);
        caps = given.caps;
        const all = rows.map(keyOf);
        expect(await walk(read, given.first)).toEqual(all);
        expect(await wander(read, given.plan)).toEqual(all);
      }),
      { numRuns: 40 },
    );
  });

  it('goes on from endCursor with one call, also after going on from an edge', async () => {
    const rows = newestFirst(400);
    const upstream = await pagedUpstream(() => rows);
    const read = jobsOf(openGateway(upstream.url));
    const calls = async (page: PageArguments) => {
      const before = upstream.count();
      const { endCursor, edges } = await read(page);
      return { endCursor, edges, calls: upstream.count() - before };
    };
    for (const first of [1, 7, 50, 100]) {
      const page = await calls({ first });
      const second = await calls({ first, after: page.endCursor });
      expect([page.calls, second.calls]).toEqual([1, 1]);
      const fromEdge = await calls({ first, after: second.edges.at(Math.floor(first / 2))?.cursor ?? null });
      const afterwards = await calls({ first, after: fromEdge.endCursor });
      expect(afterwards.edges).toHaveLength(first);
      expect(afterwards.calls).toBe(1);
    }
  });

  it('asks upstream for as many rows as are wanted, and with a cursor for nothing else', async () => {
    const rows = newestFirst(60);
    const upstream = await pagedUpstream(() => rows);
    const gateway = openGateway(upstream.url);
    const ask = (after: string | null): Promise<Row> =>
      gateway.ask(
        `query($after: String) { jobs(first: 20, after: $after, filter: { name: { startsWith: "J" } }, orderBy: [{ field: NAME }]) { ${pageInfo} } }`,
        { variables: { after } },
      );
    const { data } = await ask(null);
    await ask(data.jobs.pageInfo.endCursor);
    const next = Buffer.from(`after ${rows[19].id}`).toString('hex');
    expect(upstream.calls.map(({ body }) => body)).toEqual([
      {
        query: {
          filter: { name: { $startsWith: 'J' } },
          sort: [{ fieldName: 'name', order: 'DESC' }],
          cursorPaging: { limit: 20 },
        },
      },
      { query: { cursorPaging: { limit: 20, cursor: next } } },
    ]);
  });

  it('asks for logs by dotted parameters', async () => {
    const rows = logRows(30);
    const upstream = await pagedUpstream(() => rows);
    const read = logsOf(openGateway(upstream.url), guid(0));
    const { endCursor } = await read({ first: 20 });
    await read({ first: 20, after: endCursor });
    const logCalls = upstream.calls.filter(({ operation }) => operation === 'ListMovementLogs');
    expect(logCalls.map(({ method, path }) => [method, path])).toEqual(
      Array.from({ length: 2 }, () => ['GET', `/data-mover/v1/jobs/${guid(0)}/logs`]),
    );
    expect(logCalls.map(({ search }) => Object.fromEntries(search))).toEqual([
      { 'paging.limit': '20' },
      { 'paging.limit': '20', 'paging.cursor': Buffer.from('after 19').toString('hex') },
    ]);
  });

  it('is by 50 unless told otherwise', async () => {
    const rows = newestFirst(120);
    const read = jobsOf(openGateway((await pagedUpstream(() => rows)).url));
    expect((await read({})).edges).toHaveLength(50);
    expect((await read({ first: null })).edges).toHaveLength(50);
  });

  it('tells where a page stands', async () => {
    const rows = newestFirst(5);
    const read = jobsOf(openGateway((await pagedUpstream(() => rows)).url));
    const first = await read({ first: 2 });
    expect(first).toMatchObject({ hasNextPage: true, hasPreviousPage: false });
    expect(first.startCursor).toBe(first.edges[0]?.cursor);
    const second = await read({ first: 2, after: first.endCursor });
    expect(second).toMatchObject({ hasNextPage: true, hasPreviousPage: true });
    const last = await read({ first: 2, after: second.endCursor });
    expect(nodesOf(last)).toEqual(idsOf(rows.slice(4)));
    expect(last).toMatchObject({ hasNextPage: false, hasPreviousPage: true });
    expect(last.endCursor).toBe(last.edges[0]?.cursor);
    const beyond = await read({ first: 2, after: last.endCursor });
    expect(beyond).toEqual({
      edges: [],
      hasNextPage: false,
      hasPreviousPage: true,
      startCursor: null,
      endCursor: null,
    });
  });

  it('is over at once where there is nothing', async () => {
    const upstream = await pagedUpstream(() => []);
    expect(await jobsOf(openGateway(upstream.url))({})).toEqual({
      edges: [],
      hasNextPage: false,
      hasPreviousPage: false,
      startCursor: null,
      endCursor: null,
    });
    expect(upstream.count()).toBe(1);
  });

  it('shows the jobs of a schedule by the same rules', async () => {
    const upstream = await startScriptedUpstream(({ operation, body }) => {
      if (operation === 'GetSyncJob') return { json: { syncJob: scheduleRow(0) } };
      return body.query.cursorPaging.cursor === 'two'
        ? jobsPage([jobRow(0)])
        : jobsPage([jobRow(2), jobRow(1)], 'two');
    });
    const gateway = openGateway(upstream.url);
    const ask = (after: string | null): Promise<Row> =>
      gateway.ask(
        `query($id: ID!, $after: String) { schedule(id: $id) { jobs(first: 2, after: $after) { nodes { id } ${pageInfo} } } }`,
        { variables: { id: guid(0, 'schedule'), after } },
      );
    const first = (await ask(null)).data.schedule.jobs;
    const second = (await ask(first.pageInfo.endCursor)).data.schedule.jobs;
    expect([...idsOf(first.nodes), ...idsOf(second.nodes)]).toEqual(idsOf(newestFirst(3)));
    expect(
      upstream.calls.filter(({ operation }) => operation === 'QueryJobs').map(({ body }) => body.query),
    ).toEqual([
      {
        filter: { scheduleId: { $eq: guid(0, 'schedule') } },
        sort: [{ fieldName: 'startedAt', order: 'DESC' }],
        cursorPaging: { limit: 2 },
      },
      { cursorPaging: { limit: 2, cursor: 'two' } },
    ]);
  });
});

describe('a list that changes while it is walked', () => {
  it('neither repeats nor skips when jobs are submitted meanwhile', async () => {
    for (const submitted of [1, 3, 20, 60]) {
      const old = newestFirst(100);
      let rows: readonly Row[] = old;
      const upstream = await pagedUpstream(() => rows);
      const read = jobsOf(openGateway(upstream.url));
      const page = await read({ first: 20 });
      const upToTenth = page.edges[9]?.cursor ?? null;
      rows = [...jobRows(submitted).map((_, n) => jobRow(1000 + n)), ...old];
      expect(await walk(read, 15, upToTenth), `${submitted} more`).toEqual(idsOf(old.slice(10)));
      expect(await walk(read, 15, page.endCursor), `${submitted} more`).toEqual(idsOf(old.slice(20)));
    }
  });

  it('does not skip a job when the one before it vanished', async () => {
    const all = newestFirst(40);
    let rows: readonly Row[] = all;
    const upstream = await pagedUpstream(() => rows);
    const read = jobsOf(openGateway(upstream.url));
    const { edges } = await read({ first: 20 });
    rows = all.filter((_, n) => n !== 9);
    expect(await walk(read, 20, edges[9]?.cursor)).toEqual(idsOf(all.slice(10)));
  });

  it('does not skip a job when earlier ones vanished', async () => {
    const all = newestFirst(40);
    let rows: readonly Row[] = all;
    const upstream = await pagedUpstream(() => rows);
    const read = jobsOf(openGateway(upstream.url));
    const { edges } = await read({ first: 20 });
    rows = all.filter((_, n) => n > 4);
    expect(await walk(read, 20, edges[9]?.cursor)).toEqual(idsOf(all.slice(10)));
  });
});

describe('what upstream makes of its pages', () => {
  it('may be shorter than asked: more is fetched until the page is full', async () => {
    const rows = newestFirst(70);
    const upstream = await pagedUpstream(() => rows, { sizeOf: (limit) => Math.min(limit, 20) });
    const page = await jobsOf(openGateway(upstream.url))({ first: 50 });
    expect(nodesOf(page)).toEqual(idsOf(rows.slice(0, 50)));
    expect(upstream.calls.map(({ body }) => body.query.cursorPaging.limit)).toEqual([50, 30, 10]);
  });

  it('may be empty with a next one', async () => {
    const rows = newestFirst(5);
    const upstream = await pagedUpstream(() => rows, { sizeOf: (limit, call) => (call < 3 ? 0 : limit) });
    const page = await jobsOf(openGateway(upstream.url))({ first: 5 });
    expect(nodesOf(page)).toEqual(idsOf(rows));
    expect(upstream.count()).toBe(4);
  });

  it('may be empty without end: the search stops after ten calls and can be taken up again', async () => {
    let stingy = true;
    const rows = newestFirst(5);
    const upstream = await pagedUpstream(() => rows, { sizeOf: (limit) => (stingy ? 0 : limit) });
    const read = jobsOf(openGateway(upstream.url));
    const page = await read({ first: 5 });
    expect(page).toMatchObject({ edges: [], hasNextPage: true, startCursor: null });
    expect(page.endCursor).toBeTypeOf('string');
    expect(upstream.count()).toBe(10);
    stingy = false;
    expect(nodesOf(await read({ first: 5, after: page.endCursor }))).toEqual(idsOf(rows));
  });

  it('may be longer than asked', async () => {
    const rows = newestFirst(70);
    const upstream = await pagedUpstream(() => rows, { sizeOf: () => 30 });
    const read = jobsOf(openGateway(upstream.url));
    expect((await read({ first: 7 })).edges).toHaveLength(7);
    expect(await walk(read, 7)).toEqual(idsOf(rows));
  });

  it.each<[string, (next: string | null) => unknown]>([
    ['without hasNext', (next) => ({ cursors: { next } })],
    [
      'with wrapped values',
      (next) => ({ hasNext: { value: next !== null }, cursors: { next: { value: next } } }),
    ],
    ['with an empty next at the end', (next) => ({ hasNext: true, cursors: { next: next ?? '' } })],
    ['with a next after the end', (next) => ({ hasNext: next !== null, cursors: { next: next ?? 'more' } })],
    [
      'without cursors at the end',
      (next) => (next === null ? undefined : { cursors: { next }, hasNext: true }),
    ],
    ['with null for cursors at the end', (next) => ({ cursors: next === null ? null : { next } })],
  ])('may be told %s', async (_how, metadata) => {
    const rows = newestFirst(25);
    const upstream = await pagedUpstream(() => rows, { metadata });
    const read = jobsOf(openGateway(upstream.url));
    expect(await walk(read, 10)).toEqual(idsOf(rows));
    expect(upstream.count()).toBe(3);
  });

  it('may have a cursor as long as upstream allows', async () => {
    const long = 'x'.repeat(16_000);
    const upstream = await startScriptedUpstream(({ body }) =>
      body.query.cursorPaging.cursor === long ? jobsPage([jobRow(0)]) : jobsPage([jobRow(1)], long),
    );
    expect(await walk(jobsOf(openGateway(upstream.url)), 1)).toEqual([guid(1), guid(0)]);
  });

  it('must lead on: rows whose next page is themselves are refused', async () => {
    const upstream = await startScriptedUpstream(() => jobsPage([jobRow(0)], 'again'));
    const { errors } = await openGateway(upstream.url).ask('{ jobs(first: 5) { nodes { id } } }');
    expect(errors?.[0]?.extensions.code).toBe('UPSTREAM_INVALID_RESPONSE');
    expect(upstream.count()).toBe(2);
  });

  it('never ends for the jobs of a workflow: that fails rather than leaves some out', async () => {
    const workflowId = guid(0, 'workflow');
    const upstream = await startScriptedUpstream(({ operation, body }) =>
      operation === 'GetJob'
        ? { json: { job: jobRow(0, { workflowId }) } }
        : jobsPage([jobRow(0, { workflowId })], `${body.query.cursorPaging.cursor ?? ''}x`),
    );
    const { data, errors } = await openGateway(upstream.url).ask(
      `{ job(id: "${guid(0)}") { workflowJobs { id } } }`,
    );
    expect(data).toEqual({ job: null });
    expect(errors?.[0]?.extensions.code).toBe('QUERY_TOO_COMPLEX');
    expect(upstream.count('QueryJobs')).toBe(50);
  });
});

describe('arguments that cannot be served', () => {
  const open = async () => {
    const rows = newestFirst(10);
    const upstream = await startScriptedUpstream(({ operation }) => {
      if (operation === 'GetSyncJob') return { json: { syncJob: scheduleRow(0) } };
      if (operation === 'GetJob') return { json: { job: jobRow(0) } };
      if (operation === 'ListMovementLogs') return { json: { logs: logRows(3) } };
      return jobsPage(rows);
    });
    return { upstream, gateway: openGateway(upstream.url) };
  };

  const badInput = (argument: string) => ({
    message: expect.stringContaining(`"${argument}"`),
    extensions: { code: 'BAD_USER_INPUT' },
  });

  it.each([0, -1, 101, 1000])('refuses first: %i before it asks for rows', async (first) => {
    const { gateway, upstream } = await open();
    const { status, data, errors } = await gateway.ask(
      `{ jobs(first: ${first}) { nodes { id } }
         job(id: "${guid(0)}") { logs(first: ${first}) { nodes { sourceItemId } } }
         schedule(id: "${guid(0, 'schedule')}") { jobs(first: ${first}) { nodes { id } } } }`,
    );
    expect([status, data]).toEqual([200, { jobs: null, job: { logs: null }, schedule: { jobs: null } }]);
    expect(errors).toEqual(Array.from({ length: 3 }, () => expect.objectContaining(badInput('first'))));
    expect([upstream.count('QueryJobs'), upstream.count('ListMovementLogs')]).toEqual([0, 0]);
  });

  const cursorOf = async (gateway: TestGateway, field: string, options?: Ask): Promise<string> => {
    const { data, errors } = await gateway.ask(`{ list: ${field} { edges { cursor } } }`, options);
    expect(errors).toBeUndefined();
    return data.list.edges[0].cursor;
  };
  const logsCursorOf = async (gateway: TestGateway, id: string): Promise<string> => {
    const { data } = await gateway.ask(`{ job(id: "${id}") { logs { edges { cursor } } } }`);
    return data.job.logs.edges[0].cursor;
  };

  it('refuses a cursor of another list before it asks for rows', async () => {
    const { gateway, upstream } = await open();
    const foreign = await Promise.all([
      cursorOf(gateway, 'jobs(filter: { status: { eq: FAILED } })'),
      cursorOf(gateway, 'jobs(orderBy: [{ field: STARTED_AT, direction: ASC }])'),
      cursorOf(gateway, 'jobs(orderBy: [{ field: STARTED_AT }, { field: ID }])'),
      cursorOf(gateway, 'jobs', { authorization: 'somebody-else' }),
      cursorOf(gateway, 'jobs', { headers: { 'wix-site-id': guid(0, 'site') } }),
      logsCursorOf(gateway, guid(0)),
    ]);
    const before = upstream.count();
    for (const after of foreign) {
      const { data, errors } = await gateway.ask(
        'query($after: String) { jobs(after: $after) { nodes { id } } }',
        {
          variables: { after },
        },
      );
      expect(data).toEqual({ jobs: null });
      expect(errors).toEqual([expect.objectContaining(badInput('after'))]);
    }
    expect(upstream.count()).toBe(before);
  });

  it('refuses a cursor of the logs of another job', async () => {
    const upstream = await startScriptedUpstream(({ operation, path }) => {
      if (operation === 'ListMovementLogs') return { json: { logs: logRows(3) } };
      const row = [jobRow(0), jobRow(1)].find(({ id }) => path.endsWith(id));
      return row ? { json: { job: row } } : notFound;
    });
    const gateway = openGateway(upstream.url);
    const after = await logsCursorOf(gateway, guid(0));
    const ask = (id: string) =>
      gateway.ask(`{ job(id: "${id}") { logs(after: "${after}") { nodes { sourceItemId } } } }`);
    expect((await ask(guid(0))).data.job.logs.nodes).toHaveLength(2);
    const before = upstream.count('ListMovementLogs');
    expect((await ask(guid(1))).errors).toEqual([expect.objectContaining(badInput('after'))]);
    expect(upstream.count('ListMovementLogs')).toBe(before);
  });

  it('takes a cursor of an equal list, however its filter was written', async () => {
    const { gateway } = await open();
    const after = await cursorOf(gateway, 'jobs(filter: { status: { eq: FAILED }, name: { ne: "a" } })');
    const { errors } = await gateway.ask(
      `{ jobs(first: 3, after: "${after}", filter: { name: { ne: "a", in: null }, and: [], status: { eq: FAILED } }) { nodes { id } } }`,
    );
    expect(errors).toBeUndefined();
  });

  it('refuses a cursor that nobody made or that was altered', async () => {
    const { gateway, upstream } = await open();
    const genuine = await cursorOf(gateway, 'jobs');
    const [body = '', tag = ''] = genuine.split('.');
    const forged = Buffer.from(JSON.stringify([null, 3, null])).toString('base64url');
    const before = upstream.count();
    for (const after of [
      '',
      '.',
      'garbage',
      'NTA=',
      body,
      `${body}.`,
      `.${tag}`,
      `${forged}.${tag}`,
      `${body}.${tag.toUpperCase()}`,
      `${body.slice(1)}.${tag}`,
      'é'.repeat(100),
      `${'x'.repeat(100_000)}.${tag}`,
    ]) {
      const { errors } = await gateway.ask('query($after: String) { jobs(after: $after) { nodes { id } } }', {
        variables: { after },
      });
      expect(errors, after.slice(0, 80)).toEqual([expect.objectContaining(badInput('after'))]);
    }
    expect(upstream.count()).toBe(before);
  });
});
