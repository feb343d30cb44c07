import { describe, expect, it } from 'vitest';
import {
  disabledScheduleId,
  flatScheduleId,
  orphanJobId,
  showcaseJobId,
  showcaseScheduleId,
} from '../src/sandbox/seed/landmarks.ts';
import { createHastyClock } from './support/fake-clock.ts';
import { openGateway, openSandboxGateway } from './support/gateway.ts';
import { guid, jobRow, jobRows, jobsPage, lookup, notFound, type Row, scheduleRow } from './support/rows.ts';
import { startScriptedUpstream } from './support/scripted-upstream.ts';

const scheduleGuid = (n: number) => guid(n, 'schedule');
const collection = (collectionId: string, more: Row = {}) => ({
  wixDataCollection: { collectionId, ...more },
});

/** An upstream with some jobs and some schedules. */
const startSite = (jobs: readonly Row[], schedules: readonly Row[]) =>
  startScriptedUpstream((call) => {
    if (call.operation === 'ListSyncJobs') return { json: { syncJobs: schedules } };
    if (call.operation !== 'GetSyncJob') return lookup(jobs)(call);
    const found = schedules.find(({ id }) => call.path.endsWith(`/${id}`));
    return found ? { json: { syncJob: found } } : notFound;
  });

const operations = (upstream: Awaited<ReturnType<typeof startSite>>) =>
  upstream.calls.map(({ operation }) => operation);

describe('node', () => {
  const ask = '__typename id ... on Job { status } ... on SyncSchedule { cronExpression }';

  it('is a job, with one call', async () => {
    const upstream = await startSite(jobRows(1), []);
    const { data } = await openGateway(upstream.url).ask(`{ node(id: "${guid(0)}") { ${ask} } }`);
    expect(data.node).toEqual({ __typename: 'Job', id: guid(0), status: 'COMPLETED' });
    expect(operations(upstream)).toEqual(['GetJob']);
  });

  it('is a schedule where there is no such job', async () => {
    const upstream = await startSite([], [scheduleRow(0)]);
    const { data } = await openGateway(upstream.url).ask(`{ node(id: "${scheduleGuid(0)}") { ${ask} } }`);
    expect(data.node).toEqual({
      __typename: 'SyncSchedule',
      id: scheduleGuid(0),
      cronExpression: '0 2 * * *',
    });
    expect(operations(upstream)).toEqual(['GetJob', 'GetSyncJob']);
  });

  it('is null where there is neither', async () => {
    const upstream = await startSite([], []);
    const { data, errors } = await openGateway(upstream.url).ask(`{ node(id: "${guid(7)}") { id } }`);
    expect([data, errors]).toEqual([{ node: null }, undefined]);
  });

  it('fails rather than guesses when the look for a job fails', async () => {
    const upstream = await startScriptedUpstream(() => ({ status: 503, text: '' }));
    const gateway = openGateway(upstream.url, { clock: createHastyClock() });
    const { data, errors } = await gateway.ask(`{ node(id: "${guid(0)}") { id } }`);
    expect(data).toEqual({ node: null });
    expect(errors?.[0]?.extensions.code).toBe('UPSTREAM_UNAVAILABLE');
    expect(upstream.count('GetJob')).toBe(3);
    expect(upstream.count()).toBe(3);
  });
});

describe('nodes', () => {
  it('keeps the order of the ids, with null for what is nothing', async () => {
    const upstream = await startSite(jobRows(2), [scheduleRow(0), scheduleRow(1)]);
    const ids = [
      scheduleGuid(1),
      guid(1),
      'nope',
      guid(9),
      guid(0),
      scheduleGuid(1),
      scheduleGuid(0),
      guid(1),
    ];
    const { data, errors } = await openGateway(upstream.url).ask(
      'query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }',
      {
        variables: { ids },
      },
    );
    expect(errors).toBeUndefined();
    const job = (n: number) => ({ __typename: 'Job', id: guid(n) });
    const schedule = (n: number) => ({ __typename: 'SyncSchedule', id: scheduleGuid(n) });
    expect(data.nodes).toEqual([schedule(1), job(1), null, null, job(0), schedule(1), schedule(0), job(1)]);
    // what is no job is asked for once more
    expect(operations(upstream)).toEqual(['QueryJobs', 'GetJob', 'GetJob', 'GetJob', 'ListSyncJobs']);
  });

  it('costs nothing for no ids and for what cannot be ids', async () => {
    const upstream = await startSite([], []);
    const { data } = await openGateway(upstream.url).ask(
      '{ none: nodes(ids: []) { id } odd: nodes(ids: ["a", "b", ""]) { id } }',
    );
    expect(data).toEqual({ none: [], odd: [null, null, null] });
    expect(operations(upstream)).toEqual([]);
  });

  it('fails one by one', async () => {
    const upstream = await startSite([jobRow(0), jobRow(1, { startedAt: 'yesterday' })], []);
    const { data, errors } = await openGateway(upstream.url).ask(
      `{ nodes(ids: ["${guid(0)}", "${guid(1)}"]) { id } }`,
    );
    expect(data.nodes).toEqual([{ id: guid(0) }, null]);
    expect(errors?.map(({ path }) => path)).toEqual([['nodes', 1]]);
  });
});

describe('a schedule', () => {
  it('is asked for with when it runs next', async () => {
    const upstream = await startSite([], [{ ...scheduleRow(0), nextExecutionDate: '2026-09-21T02:17:00Z' }]);
    const { data } = await openGateway(upstream.url).ask(
      `{ schedule(id: "${scheduleGuid(0)}") { name enabled nextRunAt lastRunAt lastWorkflowId steps { sourceSiteId } } }`,
    );
    expect(data.schedule).toEqual({
      name: 'Schedule 0',
      enabled: true,
      nextRunAt: '2026-09-21T02:17:00.000Z',
      lastRunAt: null,
      lastWorkflowId: null,
      steps: [],
    });
    const [call] = upstream.calls;
    expect([call?.method, call?.path]).toEqual([
      'GET',
      `/data-move-scheduler/v1/sync-jobs/${scheduleGuid(0)}`,
    ]);
    expect([...(call?.search ?? [])]).toEqual([['fields', 'NEXT_SCHEDULE_EXECUTION']]);
  });

  it('is null where there is none, without a call where there cannot be one', async () => {
    const upstream = await startSite([], [scheduleRow(0)]);
    const { data, errors } = await openGateway(upstream.url).ask(
      `{ gone: schedule(id: "${scheduleGuid(5)}") { id } }`,
    );
    expect([data, errors]).toEqual([{ gone: null }, undefined]);
    await openGateway(upstream.url).ask('{ odd: schedule(id: "nightly") { id } }');
    expect(operations(upstream)).toEqual(['GetSyncJob']);
  });

  it('is found in whatever case its id is written', async () => {
    const upstream = await startSite([], [scheduleRow(0), scheduleRow(1)]);
    const { data } = await openGateway(upstream.url).ask(
      `{ a: schedule(id: "${scheduleGuid(0).toUpperCase()}") { name } b: schedule(id: "${scheduleGuid(1)}") { name } }`,
    );
    expect([data.a.name, data.b.name]).toEqual(['Schedule 0', 'Schedule 1']);
  });

  it('has its steps in order, each with its ends and sites', async () => {
    const steps = [
      {
        source: collection('orders', { filter: { state: 'PAID' }, fields: ['_id'] }),
        destination: collection('archive', { writePolicy: 'SKIP_EXISTING' }),
        destinationSiteId: guid(0, 'site'),
      },
      {
        source: collection('archive'),
        destination: { file: { format: 'CSV' } },
        sourceSiteId: guid(1, 'site'),
      },
    ];
    const upstream = await startSite([], [{ ...scheduleRow(0), workflow: { steps } }]);
    const { data } = await openGateway(upstream.url).ask(
      `{ schedule(id: "${scheduleGuid(0)}") { steps {
        source { ... on WixDataCollectionSource { collectionId query { ... on FilterQuery { filter fields } } } }
        destination { ... on WixDataCollectionDestination { collectionId writePolicy } ... on FileDestination { format } }
        sourceSiteId destinationSiteId } } }`,
    );
    expect(data.schedule.steps).toEqual([
      {
        source: { collectionId: 'orders', query: { filter: { state: 'PAID' }, fields: ['_id'] } },
        destination: { collectionId: 'archive', writePolicy: 'SKIP_EXISTING' },
        sourceSiteId: null,
        destinationSiteId: guid(0, 'site'),
      },
      {
        source: { collectionId: 'archive', query: null },
        destination: { format: 'CSV' },
        sourceSiteId: guid(1, 'site'),
        destinationSiteId: null,
      },
    ]);
  });

  it('of the older form has its only step', async () => {
    const { workflow: _, ...flat } = scheduleRow(0);
    const upstream = await startSite(
      [],
      [
        {
          ...flat,
          source: collection('orders'),
          destination: { file: { format: 'CSV' } },
          sourceSiteId: guid(0, 'site'),
        },
      ],
    );
    const { data } = await openGateway(upstream.url).ask(
      `{ schedule(id: "${scheduleGuid(0)}") { steps { source { ... on WixDataCollectionSource { collectionId } } destination { __typename } sourceSiteId } } }`,
    );
    expect(data.schedule.steps).toEqual([
      {
        source: { collectionId: 'orders' },
        destination: { __typename: 'FileDestination' },
        sourceSiteId: guid(0, 'site'),
      },
    ]);
  });

  it('needs no field but the id', async () => {
    const upstream = await startSite(
      [],
      [{ id: scheduleGuid(0), name: '', lastWorkflowId: '', cronExpression: null }],
    );
    const { data } = await openGateway(upstream.url).ask(
      `{ schedule(id: "${scheduleGuid(0)}") { name enabled cronExpression lastRunAt nextRunAt lastWorkflowId steps { sourceSiteId } } }`,
    );
    expect(data.schedule).toEqual({
      name: null,
      enabled: false,
      cronExpression: null,
      lastRunAt: null,
      nextRunAt: null,
      lastWorkflowId: null,
      steps: [],
    });
  });
});

describe('schedules', () => {
  it('are asked for once, in the order of upstream, and answer for single ones too', async () => {
    const rows = [2, 0, 1].map(scheduleRow);
    const upstream = await startSite([], rows);
    const { data } = await openGateway(upstream.url).ask(
      `{ schedules { id } again: schedules { name } schedule(id: "${scheduleGuid(1)}") { name } gone: schedule(id: "${scheduleGuid(9)}") { id } }`,
    );
    expect(data.schedules).toEqual(rows.map(({ id }) => ({ id })));
    expect([data.schedule, data.gone]).toEqual([{ name: 'Schedule 1' }, null]);
    expect(upstream.calls.map(({ operation, search }) => [operation, search.get('fields')])).toEqual([
      ['ListSyncJobs', 'NEXT_SCHEDULE_EXECUTION'],
    ]);
  });

  it('show their jobs, with one call for each', async () => {
    const upstream = await startScriptedUpstream(({ operation, body }) => {
      if (operation === 'ListSyncJobs') return { json: { syncJobs: [0, 1, 2].map(scheduleRow) } };
      const scheduleId = body.query.filter.scheduleId.$eq;
      return scheduleId === scheduleGuid(2) ? jobsPage([]) : jobsPage([jobRow(0, { scheduleId })]);
    });
    const { data } = await openGateway(upstream.url).ask(
      '{ schedules { jobs(first: 3) { nodes { scheduleId } } } }',
    );
    expect(data.schedules.map(({ jobs }: Row) => jobs.nodes)).toEqual([
      [{ scheduleId: scheduleGuid(0) }],
      [{ scheduleId: scheduleGuid(1) }],
      [],
    ]);
    expect([upstream.count(), upstream.count('QueryJobs')]).toEqual([4, 3]);
  });
});

describe('in the sandbox', () => {
  it('jobs lead to their schedule and workflow, and back', async () => {
    const gateway = await openSandboxGateway();
    const { data, errors } = await gateway.ask(
      `{ job(id: "${showcaseJobId}") {
          id
          schedule { id name steps { source { __typename } } jobs(first: 100) { nodes { id startedAt } } }
          workflowJobs { id workflowId startedAt }
          workflowId
        }
        orphan: job(id: "${orphanJobId}") { scheduleId schedule { id } workflowJobs { id } } }`,
    );
    expect(errors).toBeUndefined();
    const { schedule, workflowJobs, workflowId } = data.job;
    expect(schedule.id).toBe(showcaseScheduleId);
    expect(schedule.steps).toHaveLength(3);
    expect(schedule.jobs.nodes.map(({ id }: Row) => id)).toContain(showcaseJobId);
    const started = (rows: readonly Row[]) => rows.map(({ startedAt }) => startedAt);
    expect(started(schedule.jobs.nodes)).toEqual(started(schedule.jobs.nodes).toSorted().reverse());
    expect(workflowJobs).toHaveLength(3);
    expect(new Set(workflowJobs.map((job: Row) => job.workflowId))).toEqual(new Set([workflowId]));
    expect(started(workflowJobs)).toEqual(started(workflowJobs).toSorted());
    expect(data.orphan).toEqual({ scheduleId: expect.any(String), schedule: null, workflowJobs: [] });
  });

  it('schedules come in both forms, enabled or not', async () => {
    const gateway = await openSandboxGateway();
    const { data, errors } = await gateway.ask(
      `{ schedules { id steps { source { __typename } destination { __typename } } }
         flat: schedule(id: "${flatScheduleId}") { enabled nextRunAt steps { source { __typename } } }
         disabled: schedule(id: "${disabledScheduleId}") { enabled lastRunAt } }`,
    );
    expect(errors).toBeUndefined();
    expect(data.schedules.map(({ id }: Row) => id)).toEqual(
      expect.arrayContaining([showcaseScheduleId, flatScheduleId, disabledScheduleId]),
    );
    expect(data.schedules.every(({ steps }: Row) => steps.length > 0)).toBe(true);
    expect(data.flat).toMatchObject({ enabled: true, steps: [{ source: expect.anything() }] });
    expect(data.disabled.enabled).toBe(false);
    expect(gateway.sandbox.calls.toJSON().byOperation).toEqual({ ListSyncJobs: 1 });
  });
});
