import { describe, expect, it } from 'vitest';
import { openGateway } from './support/gateway.ts';
import {
  askedIds,
  guid,
  jobRow,
  jobRows,
  jobsPage,
  lookup,
  notFound,
  type Row,
  scheduleRow,
} from './support/rows.ts';
import { startScriptedUpstream } from './support/scripted-upstream.ts';

const aliased = (ids: readonly string[], fields = 'id') =>
  `{ ${ids.map((id, n) => `j${n}: job(id: "${id}") { ${fields} }`).join('\n')} }`;

const ids = (count: number) => Array.from({ length: count }, (_, n) => guid(n));

describe('jobs by id', () => {
  it('answers 20 aliases with one query, each in its place however upstream orders its rows', async () => {
    const upstream = await startScriptedUpstream(lookup(jobRows(20)));
    const { data, errors } = await openGateway(upstream.url).ask(aliased(ids(20), 'name'));
    expect(errors).toBeUndefined();
    for (let n = 0; n < 20; n += 1) expect(data[`j${n}`].name).toBe(`Job ${n}`);
    expect(upstream.count()).toBe(1);
    expect(upstream.calls[0]?.body).toEqual({
      query: { filter: { id: { $in: ids(20) } }, cursorPaging: { limit: 100 } },
    });
  });

  it('asks for 150 ids in two calls', async () => {
    const upstream = await startScriptedUpstream(lookup(jobRows(150)));
    const { data } = await openGateway(upstream.url).ask(aliased(ids(150)));
    expect(Object.values(data)).toHaveLength(150);
    expect(Object.values(data)).not.toContain(null);
    expect(upstream.count()).toBe(2);
  });

  it('asks once for the same id 50 times, in whatever case it is written', async () => {
    const upstream = await startScriptedUpstream(lookup(jobRows(1)));
    const fifty = Array.from({ length: 50 }, (_, n) => (n % 2 ? guid(0) : guid(0).toUpperCase()));
    const { data } = await openGateway(upstream.url).ask(aliased(fifty.toReversed()));
    expect(new Set(Object.values(data).map((job: Row) => job.id))).toEqual(new Set([guid(0)]));
    expect(upstream.count()).toBe(1);
  });

  it('gives null for a missing row and leaves the others alone', async () => {
    const upstream = await startScriptedUpstream(lookup([jobRow(0), jobRow(2)]));
    const { data, errors } = await openGateway(upstream.url).ask(aliased(ids(3)));
    expect(errors).toBeUndefined();
    expect([data.j0?.id, data.j1, data.j2?.id]).toEqual([guid(0), null, guid(2)]);
  });

  it('asks once more for what upstream left out, before it counts as not there', async () => {
    const rows = jobRows(5);
    const upstream = await startScriptedUpstream((call) => {
      const reply = lookup(rows)(call);
      // the first answer lacks two that are there
      return upstream.count() === 1 ? jobsPage(rows.slice(2)) : reply;
    });
    const { data, errors } = await openGateway(upstream.url).ask(aliased(ids(6)));
    expect(errors).toBeUndefined();
    expect(Object.values(data).map((job: Row) => job?.id ?? null)).toEqual([...ids(5), null]);
    expect(upstream.calls.map(askedIds)).toEqual([ids(6), [guid(0)], [guid(1)], [guid(5)]]);
  });

  it('asks for many that were left out together', async () => {
    const upstream = await startScriptedUpstream(lookup([]));
    const { data } = await openGateway(upstream.url).ask(aliased(ids(4)));
    expect(Object.values(data)).toEqual([null, null, null, null]);
    expect(upstream.calls.map(({ operation }) => operation)).toEqual(['QueryJobs', 'QueryJobs']);
  });

  it('does not ask upstream for what cannot be an id, nor lets it spoil the batch', async () => {
    const upstream = await startScriptedUpstream(lookup(jobRows(2)));
    const { data, errors } = await openGateway(upstream.url).ask(aliased([guid(0), 'nope', guid(1)]));
    expect(errors).toBeUndefined();
    expect([data.j0?.id, data.j1, data.j2?.id]).toEqual([guid(0), null, guid(1)]);
    expect(upstream.calls[0]?.body.query.filter.id.$in).toEqual([guid(0), guid(1)]);
  });

  it('fails only the keys of the call that failed', async () => {
    const upstream = await startScriptedUpstream((call) =>
      call.body.query.filter.id.$in.includes(guid(0))
        ? { status: 503, text: '' }
        : lookup(jobRows(150))(call),
    );
    const { data, errors } = await openGateway(upstream.url).ask(aliased(ids(150)));
    expect(errors).toHaveLength(100);
    expect(new Set(errors?.map(({ extensions }) => extensions.code))).toEqual(
      new Set(['UPSTREAM_UNAVAILABLE']),
    );
    expect(Object.values(data).filter((job) => job !== null)).toHaveLength(50);
  });

  it('fails only the row that cannot be read', async () => {
    const upstream = await startScriptedUpstream(
      lookup([jobRow(0), jobRow(1, { startedAt: 'yesterday' }), jobRow(2)]),
    );
    const { data, errors } = await openGateway(upstream.url).ask(aliased(ids(3)));
    expect(errors?.map(({ path, extensions }) => [path?.[0], extensions.code])).toEqual([
      ['j1', 'UPSTREAM_INVALID_RESPONSE'],
    ]);
    expect([data.j0?.id, data.j2?.id]).toEqual([guid(0), guid(2)]);
  });

  it('follows the cursor when upstream splits its answer, and stops when a page leads nowhere', async () => {
    const upstream = await startScriptedUpstream(({ operation, body }) => {
      if (operation === 'GetJob') return notFound;
      const { cursor } = body.query.cursorPaging;
      return jobsPage(cursor === undefined ? [jobRow(0)] : [jobRow(1)], 'more');
    });
    const { data } = await openGateway(upstream.url).ask(aliased(ids(3)));
    expect([data.j0?.id, data.j1?.id, data.j2]).toEqual([guid(0), guid(1), null]);
    expect(upstream.calls.map(({ operation }) => operation)).toEqual(['QueryJobs', 'QueryJobs', 'GetJob']);
  });

  it('is led astray neither by an empty page nor by rows that nobody asked for', async () => {
    const pages: Row[][] = [[], [jobRow(7), jobRow(8)], [jobRow(0), jobRow(1)]];
    const upstream = await startScriptedUpstream(({ body }) => {
      const at = Number(body.query.cursorPaging.cursor ?? 0);
      return jobsPage(pages[at] ?? [], at + 1 < pages.length ? String(at + 1) : null);
    });
    const { data } = await openGateway(upstream.url).ask(aliased(ids(2)));
    expect([data.j0?.id, data.j1?.id]).toEqual([guid(0), guid(1)]);
  });

  it('keeps what one page has told when the next fails', async () => {
    const upstream = await startScriptedUpstream(({ body }) =>
      body.query.cursorPaging.cursor ? { status: 503, text: '' } : jobsPage([jobRow(0)], 'more'),
    );
    const { data, errors } = await openGateway(upstream.url).ask(aliased(ids(2)));
    expect([data.j0?.id, data.j1]).toEqual([guid(0), null]);
    expect(errors?.map(({ path, extensions }) => [path?.[0], extensions.code])).toEqual([
      ['j1', 'UPSTREAM_UNAVAILABLE'],
    ]);
  });

  it('says of no id that there is nothing while a row cannot even be named', async () => {
    const upstream = await startScriptedUpstream(() =>
      jobsPage([jobRow(0), { ...jobRow(1), id: { value: guid(1) } }]),
    );
    const { data, errors } = await openGateway(upstream.url).ask(aliased(ids(2)));
    expect([data.j0?.id, data.j1]).toEqual([guid(0), null]);
    expect(errors?.[0]?.extensions.code).toBe('UPSTREAM_INVALID_RESPONSE');
  });

  it('shares one batch between job, node and nodes', async () => {
    const upstream = await startScriptedUpstream(lookup(jobRows(4)));
    const { data } = await openGateway(upstream.url).ask(
      `{ job(id: "${guid(0)}") { id } node(id: "${guid(1)}") { id } nodes(ids: ["${guid(2)}", "${guid(3)}", "${guid(0)}"]) { __typename id } }`,
    );
    expect(data.nodes.map(({ id }: Row) => id)).toEqual([guid(2), guid(3), guid(0)]);
    expect(data.node.id).toBe(guid(1));
    expect(upstream.count()).toBe(1);
  });

  it('finds a schedule by node once there is no job of that id', async () => {
    const upstream = await startScriptedUpstream((call) =>
      call.operation === 'ListSyncJobs'
        ? { json: { syncJobs: [scheduleRow(0), scheduleRow(1)] } }
        : lookup([])(call),
    );
    const { data } = await openGateway(upstream.url).ask(
      `{ nodes(ids: ["${guid(1, 'schedule')}", "${guid(0, 'schedule')}"]) { __typename ... on SyncSchedule { name } } }`,
    );
    expect(data.nodes).toEqual([
      { __typename: 'SyncSchedule', name: 'Schedule 1' },
      { __typename: 'SyncSchedule', name: 'Schedule 0' },
    ]);
    // the jobs are asked for once more before they count as not there
    expect(upstream.calls.map(({ operation }) => operation)).toEqual([
      'QueryJobs',
      'GetJob',
      'GetJob',
      'ListSyncJobs',
    ]);
  });

  it('does not ask again for a job that a page has shown', async () => {
    const upstream = await startScriptedUpstream(() =>
      jobsPage(jobRows(2, () => ({ workflowId: guid(0, 'workflow') }))),
    );
    await openGateway(upstream.url).ask('{ jobs { nodes { id workflowJobs { id workflowJobs { id } } } } }');
    expect(upstream.count()).toBe(2);
  });

  it('takes no other job, and no other schedule, for the one that was asked for', async () => {
    const upstream = await startScriptedUpstream(({ operation }) =>
      operation === 'GetJob' ? { json: { job: jobRow(1) } } : { json: { syncJob: scheduleRow(1) } },
    );
    const { data, errors } = await openGateway(upstream.url).ask(
      `{ job(id: "${guid(0)}") { id } schedule(id: "${guid(0, 'schedule')}") { id } }`,
    );
    expect(data).toEqual({ job: null, schedule: null });
    expect(errors?.map(({ extensions }) => extensions.code)).toEqual([
      'UPSTREAM_INVALID_RESPONSE',
      'UPSTREAM_INVALID_RESPONSE',
    ]);
  });
});

describe('what hangs on jobs', () => {
  const page = (more: (n: number) => Row) => jobsPage(jobRows(50, more));

  it('lists the schedules once for a page of 50 jobs with 10 schedules', async () => {
    const upstream = await startScriptedUpstream(({ operation }) =>
      operation === 'ListSyncJobs'
        ? { json: { syncJobs: Array.from({ length: 12 }, (_, n) => scheduleRow(n)) } }
        : page((n) => ({ scheduleId: guid(n % 10, 'schedule') })),
    );
    const { data } = await openGateway(upstream.url).ask('{ jobs { nodes { schedule { name } } } }');
    expect(data.jobs.nodes.map(({ schedule }: Row) => schedule.name)).toEqual(
      Array.from({ length: 50 }, (_, n) => `Schedule ${n % 10}`),
    );
    expect([upstream.count(), upstream.count('ListSyncJobs')]).toEqual([2, 1]);
  });

  it('fails only the schedule that cannot be read', async () => {
    const upstream = await startScriptedUpstream(({ operation }) =>
      operation === 'ListSyncJobs'
        ? { json: { syncJobs: [scheduleRow(0), { ...scheduleRow(1), enabled: 'yes' }] } }
        : jobsPage(jobRows(2, (n) => ({ scheduleId: guid(n, 'schedule') }))),
    );
    const { data, errors } = await openGateway(upstream.url).ask('{ jobs { nodes { schedule { name } } } }');
    expect(data.jobs.nodes).toEqual([{ schedule: { name: 'Schedule 0' } }, { schedule: null }]);
    expect(errors?.[0]?.extensions.code).toBe('UPSTREAM_INVALID_RESPONSE');
  });

  it('gets the schedule itself when a page has but one', async () => {
    const upstream = await startScriptedUpstream(({ operation }) =>
      operation === 'GetSyncJob'
        ? { json: { syncJob: scheduleRow(0) } }
        : page(() => ({ scheduleId: guid(0, 'schedule') })),
    );
    const { data } = await openGateway(upstream.url).ask('{ jobs { nodes { schedule { name } } } }');
    expect(data.jobs.nodes[49].schedule.name).toBe('Schedule 0');
    expect([upstream.count(), upstream.count('GetSyncJob')]).toEqual([2, 1]);
  });

  it('asks for schedules twice at most, however many pages come one after the other', async () => {
    const upstream = await startScriptedUpstream(({ operation, body, path }) => {
      if (operation === 'ListSyncJobs') return { json: { syncJobs: [0, 1, 2, 3, 4].map(scheduleRow) } };
      if (operation === 'GetSyncJob') {
        return { json: { syncJob: [0, 1, 2, 3, 4].map(scheduleRow).find(({ id }) => path.endsWith(id)) } };
      }
      const n = Number(body.query.filter.name.$eq);
      const jobs = [jobRow(n, { scheduleId: guid(n, 'schedule') })];
      return (response) => void setTimeout(() => response.end(JSON.stringify({ jobs })), n * 50);
    });
    const { data } = await openGateway(upstream.url).ask(
      `{ ${[0, 1, 2, 3, 4].map((n) => `p${n}: jobs(filter: { name: { eq: "${n}" } }) { nodes { schedule { name } } }`).join(' ')} }`,
    );
    expect([0, 1, 2, 3, 4].map((n) => data[`p${n}`].nodes[0].schedule.name)).toEqual(
      [0, 1, 2, 3, 4].map((n) => `Schedule ${n}`),
    );
    expect([upstream.count('GetSyncJob'), upstream.count('ListSyncJobs')]).toEqual([1, 1]);
  });

  it('asks for the workflows of a page together and follows the cursor to the end', async () => {
    const workflow = (n: number) => guid(n % 2, 'workflow');
    const steps = jobRows(250, (n) => ({ workflowId: workflow(n) }));
    const upstream = await startScriptedUpstream(({ body }) => {
      const { filter, cursorPaging } = body.query;
      if (filter && !('workflowId' in filter)) return page((n) => ({ workflowId: workflow(n) }));
      const from = Number(cursorPaging.cursor ?? 0);
      const next = from + 100 < steps.length ? String(from + 100) : null;
      return jobsPage(steps.slice(from, from + 100).toReversed(), next);
    });
    const { data } = await openGateway(upstream.url).ask(
      '{ jobs { nodes { id workflowJobs { id startedAt } } } }',
    );
    expect(upstream.count()).toBe(4);
    expect(upstream.calls[1]?.body.query.filter).toEqual({
      workflowId: { $in: [workflow(0), workflow(1)] },
    });
    const [first] = data.jobs.nodes;
    expect(first.workflowJobs.map(({ id }: Row) => id)).toEqual(
      steps.filter((_, n) => n % 2 === 0).map(({ id }) => id),
    );
  });

  it('gives an empty list of workflow jobs to a job of no workflow, without a call', async () => {
    const upstream = await startScriptedUpstream(() => page(() => ({})));
    const { data } = await openGateway(upstream.url).ask(
      '{ jobs { nodes { workflowJobs { id } schedule { id } } } }',
    );
    expect(data.jobs.nodes[0]).toEqual({ workflowJobs: [], schedule: null });
    expect(upstream.count()).toBe(1);
  });

  it('asks once for the logs of a job that are asked for twice', async () => {
    const upstream = await startScriptedUpstream((call) =>
      call.operation === 'ListMovementLogs'
        ? { json: { logs: [{ sourceItemId: '17' }] } }
        : lookup(jobRows(1))(call),
    );
    const { data } = await openGateway(upstream.url).ask(
      `{ a: job(id: "${guid(0)}") { logs { nodes { sourceItemId } } more: logs(first: 50) { nodes { sourceItemId } } } b: node(id: "${guid(0)}") { ... on Job { logs { nodes { sourceItemId } } } } }`,
    );
    expect(data.b.logs.nodes).toEqual([{ sourceItemId: '17' }]);
    expect(upstream.count('ListMovementLogs')).toBe(1);
  });

  it('asks for the logs of several jobs side by side, and one failure is one failure', async () => {
    const upstream = await startScriptedUpstream((call) => {
      if (call.operation !== 'ListMovementLogs') return jobsPage(jobRows(3));
      return call.path.includes(guid(1)) ? { status: 500, text: '' } : { json: { logs: [] } };
    });
    const { data, errors } = await openGateway(upstream.url).ask(
      '{ jobs { nodes { logs { nodes { sourceItemId } } } } }',
    );
    expect(data.jobs.nodes.map(({ logs }: Row) => logs)).toEqual([{ nodes: [] }, null, { nodes: [] }]);
    expect(errors?.map(({ path }) => path)).toEqual([['jobs', 'nodes', 1, 'logs']]);
  });
});
