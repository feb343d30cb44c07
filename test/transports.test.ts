import { describe, expect, it } from 'vitest';
import { createFakeClock } from './support/fake-clock.ts';
import { type Told, transports, type Watch } from './support/live-client.ts';
import { type LiveServer, openClockedServer, openServer } from './support/live-server.ts';
import { startMovingJobs } from './support/moving-jobs.ts';
import { guid } from './support/rows.ts';

const watchJob = (n: number, fields = 'name status') =>
  `subscription { jobUpdated(id: "${guid(n)}") { kind previousStatus job { ${fields} } } }`;
const watchJobs = (args = '(since: "2020-01-01T00:00:00Z")') =>
  `subscription { jobsUpdated${args} { kind job { name status } } }`;

const progress = (current: number) => ({ progress: { current, total: 100 } });

const read = async (watch: Watch, count: number): Promise<Told[]> => {
  const told: Told[] = [];
  while (told.length < count) told.push(await watch.next());
  return told;
};

/** Fails unless nothing is watched any longer within the time that is promised. */
const expectNobody = async ({ watching }: LiveServer) => {
  const deadline = performance.now() + 200;
  let status = await watching();
  while (status.watchedJobs > 0 && performance.now() < deadline) status = await watching();
  expect(status).toEqual({ watchedJobs: 0, pollIntervalMs: null });
};

describe.each(Object.entries(transports))('watching over %s', (_name, watchOver) => {
  it('tells a job as it is, each change of it and its end, and completes', async () => {
    const jobs = await startMovingJobs(1);
    const server = await openServer(jobs.url);
    const watch = await watchOver(server.url, watchJob(0));
    expect(await watch.next()).toEqual({
      type: 'next',
      data: {
        jobUpdated: { kind: 'SNAPSHOT', previousStatus: null, job: { name: 'Job 0', status: 'IN_PROGRESS' } },
      },
    });
    jobs.move(0, progress(3));
    expect((await watch.next()).data.jobUpdated.kind).toBe('PROGRESSED');
    jobs.move(0, { status: 'FAILED', finishedAt: new Date().toISOString() });
    expect((await watch.next()).data.jobUpdated).toEqual({
      kind: 'STATUS_CHANGED',
      previousStatus: 'IN_PROGRESS',
      job: { name: 'Job 0', status: 'FAILED' },
    });
    expect(await watch.next()).toEqual({ type: 'complete' });
    await expectNobody(server);
  });

  it('tells of every job that is submitted or changes', async () => {
    const jobs = await startMovingJobs(1);
    const server = await openServer(jobs.url);
    const watch = await watchOver(server.url, watchJobs());
    const told = await read(watch, 1);
    jobs.move(1, { status: 'INITIALIZING' });
    told.push(await watch.next());
    jobs.move(0, { status: 'COMPLETED', finishedAt: new Date().toISOString() });
    told.push(await watch.next());
    jobs.remove(1);
    told.push(await watch.next());
    expect(told.map(({ data }) => data.jobsUpdated)).toEqual([
      { kind: 'SNAPSHOT', job: { name: 'Job 0', status: 'IN_PROGRESS' } },
      { kind: 'SUBMITTED', job: { name: 'Job 1', status: 'INITIALIZING' } },
      { kind: 'STATUS_CHANGED', job: { name: 'Job 0', status: 'COMPLETED' } },
      { kind: 'DELETED', job: { name: 'Job 1', status: 'INITIALIZING' } },
    ]);
  });

  it('reads what hangs on a job anew for each event', async () => {
    const jobs = await startMovingJobs(1, () => ({ scheduleId: guid(0, 'schedule') }));
    const server = await openServer(jobs.url);
    const watch = await watchOver(server.url, watchJob(0, 'schedule { name }'));
    const names: string[] = [];
    for (let n = 1; n <= 3; n += 1) {
      names.push((await watch.next()).data.jobUpdated.job.schedule.name);
      jobs.move(0, progress(n));
    }
    expect(names).toEqual(['Schedule 0, read 1', 'Schedule 0, read 2', 'Schedule 0, read 3']);
  });

  it.each([
    ['an id of no job', watchJob(9), 'BAD_USER_INPUT'],
    ['an id that cannot be one', 'subscription { jobUpdated(id: "nonsense") { kind } }', 'BAD_USER_INPUT'],
    ['a syntax error', 'subscription {', 'GRAPHQL_PARSE_FAILED'],
    ['a field that does not exist', 'subscription { nothing }', 'GRAPHQL_VALIDATION_FAILED'],
    ['a document of two operations', 'query A { __typename } query B { __typename }', 'BAD_USER_INPUT'],
    ['a wrong variable', 'subscription ($id: ID!) { jobUpdated(id: $id) { kind } }', 'BAD_USER_INPUT'],
  ])('answers %s with an error and its code, never with silence', async (_what, query, code) => {
    const jobs = await startMovingJobs(0);
    const server = await openServer(jobs.url);
    const { type, errors } = await (await watchOver(server.url, query)).next();
    expect(type).toBe('error');
    expect(errors).toMatchObject([{ message: expect.any(String), extensions: { code } }]);
    expect(Object.keys(errors[0].extensions)).toEqual(['code']);
    await expectNobody(server);
  });

  it('answers a query and its errors exactly as HTTP does', async () => {
    const jobs = await startMovingJobs(2);
    const server = await openServer(jobs.url);
    for (const query of [
      `{ job(id: "${guid(1)}") { name status isFinished } jobs { nodes { id } } }`,
      '{ jobs(first: 101) { nodes { id } } }',
      '{ nothing }',
      '{ jobs(first: "many") { nodes { id } } }',
      'query ($first: Int!) { jobs(first: $first) { nodes { id } } }',
      '{',
    ]) {
      const { status: _, data, errors } = await server.ask(query);
      const { type: __, ...told } = await (await watchOver(server.url, query)).next();
      expect(told).toEqual({ ...(data && { data }), ...(errors && { errors }) });
    }
  });

  it('has the caller that its client says it is', async () => {
    const jobs = await startMovingJobs(1);
    const server = await openServer(jobs.url);
    const headers = { authorization: 'my-key', 'wix-site-id': 'my-site' };
    await (await watchOver(server.url, watchJob(0), { headers })).next();
    expect(jobs.calls[0]?.headers).toMatchObject(headers);
    expect((await server.watching('my-key')).watchedJobs).toBe(0);
    const { data } = await server.ask('{ upstream { watchedJobs } }', headers);
    expect(data.upstream.watchedJobs).toBe(1);
  });

  it('refuses a caller without a credential, asking nobody', async () => {
    const jobs = await startMovingJobs(1);
    const server = await openServer(jobs.url);
    const { type, errors } = await (await watchOver(server.url, watchJob(0), { headers: {} })).next();
    expect([type, errors[0].extensions.code]).toEqual(['error', 'UNAUTHENTICATED']);
    expect(jobs.count()).toBe(0);
  });

  it('fails a field of an event for itself, and never repeats what upstream says', async () => {
    const jobs = await startMovingJobs(1, () => ({ scheduleId: guid(0, 'schedule') }));
    jobs.answer = ({ operation }) =>
      operation === 'GetSyncJob' ? { status: 500, json: { message: 'CANARY' } } : undefined;
    const server = await openServer(jobs.url);
    const watch = await watchOver(server.url, watchJob(0, 'name schedule { name }'));
    const told = await watch.next();
    expect(told.data.jobUpdated.job).toEqual({ name: 'Job 0', schedule: null });
    expect(told.errors).toMatchObject([
      { path: ['jobUpdated', 'job', 'schedule'], extensions: { code: 'UPSTREAM_UNAVAILABLE' } },
    ]);
    expect(JSON.stringify(told)).not.toContain('CANARY');
    jobs.answer = undefined;
    jobs.move(0, progress(1));
    expect((await watch.next()).errors).toBeUndefined();
  });

  it('ends with an error when the credential is no longer accepted', async () => {
    const jobs = await startMovingJobs(1);
    const server = await openServer(jobs.url);
    const watch = await watchOver(server.url, watchJob(0));
    await watch.next();
    jobs.answer = () => ({ status: 401, json: { message: 'CANARY' } });
    const { type, errors } = await watch.next();
    expect([type, errors[0].extensions.code]).toEqual(['error', 'UNAUTHENTICATED']);
    expect(JSON.stringify(errors)).not.toContain('CANARY');
    await expectNobody(server);
  });
});

describe.each([
  ['after completing', 'a WebSocket', 'leave'],
  ['after the connection has broken', 'a WebSocket', 'terminate'],
  ['after aborting', 'server-sent events', 'leave'],
] as const)('leaving %s over %s', (_how, name, go) => {
  const watchOver = transports[name];
  if (!watchOver) throw new Error(`${name} is no transport.`);

  it('is immediate', async () => {
    const jobs = await startMovingJobs(1);
    const server = await openServer(jobs.url);
    const watches = [await watchOver(server.url, watchJob(0)), await watchOver(server.url, watchJobs())];
    for (const watch of watches) await watch.next();
    expect(await server.watching()).toEqual({ watchedJobs: 1, pollIntervalMs: 10 });
    for (const watch of watches) watch[go]();
    await expectNobody(server);
  });

  it('leaves no timer and calls nobody', async () => {
    const clock = createFakeClock();
    const jobs = await startMovingJobs(2);
    const server = await openClockedServer(jobs.url, clock);
    // of the pings
    const idle = clock.pending;
    const watches = [await watchOver(server.url, watchJob(0)), await watchOver(server.url, watchJob(1))];
    while ((await server.watching()).watchedJobs < 2);
    await clock.advance(10);
    for (const watch of watches) await watch.next();
    expect(clock.pending).toBeGreaterThan(idle);
    for (const watch of watches) watch[go]();
    await expectNobody(server);
    expect(clock.pending).toBe(idle);
    const before = jobs.count();
    await clock.advance(600_000);
    expect(jobs.count()).toBe(before);
  });

  it('ends the call that the watch waits for', async () => {
    const jobs = await startMovingJobs(1);
    jobs.answer = () => 'hang';
    const server = await openServer(jobs.url);
    const arrived = jobs.next();
    const watch = await watchOver(server.url, watchJob(0));
    const call = await arrived;
    expect((await server.watching()).watchedJobs).toBe(1);
    watch[go]();
    await call.aborted;
    await expectNobody(server);
  });
});
