import { describe, expect, it } from 'vitest';
import { createEpochs } from '../src/upstream/epochs.ts';
import { openGateway, type TestOptions } from './support/gateway.ts';
import { guid, jobRow, jobsPage, lookup, notFound, type Row } from './support/rows.ts';
import { type Reply, startScriptedUpstream, type UpstreamCall } from './support/scripted-upstream.ts';

const start = Date.UTC(2026, 8, 14, 8);
const running = { status: 'IN_PROGRESS', finishedAt: null };
const one = (n: number) => `{ job(id: "${guid(n)}") { status observedAt } }`;
const terminate = (n: number) => `mutation { terminateJob(input: { id: "${guid(n)}" }) { __typename } }`;

const open = async (options: TestOptions = {}) => {
  const time = { ms: 0 };
  const rows: Row[] = [jobRow(0), jobRow(1, running), jobRow(2), jobRow(3)];
  const script = {
    reply(call: UpstreamCall): Reply {
      if (call.operation === 'TerminateJob') return { json: { job: rows[0] } };
      if (call.operation === 'ListSyncJobs') return { json: { syncJobs: [] } };
      return call.operation === 'QueryJobs' && call.body.query.filter?.id === undefined
        ? jobsPage(rows)
        : lookup(rows)(call);
    },
  };
  const upstream = await startScriptedUpstream((call) => script.reply(call));
  const gateway = openGateway(upstream.url, { now: () => start + time.ms, ...options });
  return { time, rows, script, upstream, ...gateway };
};

describe('a finished job', () => {
  it('is served without upstream for a minute, and says how old it is', async () => {
    const { ask, upstream, time } = await open();
    const first = await ask(one(0));
    time.ms = 59_999;
    expect(await ask(one(0))).toEqual(first);
    expect(first.data.job.observedAt).toBe(new Date(start).toISOString());
    expect(upstream.count()).toBe(1);
    time.ms = 60_001;
    expect((await ask(one(0))).data.job.observedAt).toBe(new Date(start + 60_001).toISOString());
    expect(upstream.count()).toBe(2);
  });

  it('is known from every list it was in', async () => {
    const { ask, upstream } = await open();
    await ask('{ jobs { nodes { id } } }');
    await ask(`{ a: job(id: "${guid(0)}") { id } b: job(id: "${guid(2).toUpperCase()}") { id } }`);
    expect(upstream.count()).toBe(1);
  });

  it('leaves only the others of a batch to be asked for', async () => {
    const { ask, upstream } = await open();
    await ask(one(0));
    const { data } = await ask(
      `{ a: job(id: "${guid(0)}") { id } b: job(id: "${guid(1)}") { id } c: job(id: "${guid(2)}") { id } }`,
    );
    expect(data).toEqual({ a: { id: guid(0) }, b: { id: guid(1) }, c: { id: guid(2) } });
    expect(upstream.calls[1]?.body.query.filter).toEqual({ id: { $in: [guid(1), guid(2)] } });
  });

  it('is asked for each time when that is switched off', async () => {
    const { ask, upstream } = await open({ finishedJobTtlMs: 0 });
    await ask(one(0));
    await ask(one(0));
    expect(upstream.count()).toBe(2);
  });

  it('is never shown to another caller', async () => {
    const { ask, script } = await open();
    await ask(one(0));
    script.reply = () => notFound;
    for (const other of [{ authorization: 'another' }, { headers: { 'wix-site-id': 'another' } }]) {
      expect((await ask(one(0), other)).data.job).toBeNull();
    }
  });

  it('is not known again after its caller was refused, however many others are refused', async () => {
    const epochs = createEpochs();
    const before = epochs.of('caller');
    epochs.advance('caller');
    for (let n = 0; n < 20_000; n += 1) epochs.advance(`other ${n}`);
    expect(epochs.of('caller')).toBeGreaterThan(before);
    expect(epochs.of('somebody new')).toBeGreaterThan(before);
  });

  it('is asked for anew once its caller was refused', async () => {
    const { ask, script } = await open();
    await ask(one(0));
    script.reply = () => ({ status: 401, json: {} });
    await ask(one(1));
    const { data, errors } = await ask(one(0));
    expect(data.job).toBeNull();
    expect(errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED');
  });

  it('is asked for anew after it was to be terminated', async () => {
    const { ask, script, rows } = await open();
    await ask(one(0));
    script.reply = ({ operation }) =>
      operation === 'TerminateJob' ? { json: { job: { ...rows[0], ...running } } } : notFound;
    const { data, errors } = await ask(terminate(0));
    expect(errors).toBeUndefined();
    expect(data.terminateJob.__typename).toBe('TerminateJobPayload');
    expect((await ask(one(0))).data.job).toBeNull();
  });
});

describe('a job that runs on', () => {
  it('is asked for each time', async () => {
    const { ask, upstream } = await open();
    await ask(one(1));
    await ask(one(1));
    expect(upstream.count()).toBe(2);
  });
});

describe('READ_CACHE_MS', () => {
  const list = '{ jobs { nodes { status } } schedules { id } }';

  it('serves answers again while they are younger', async () => {
    const { ask, upstream, time, rows } = await open({ readCacheMs: 1000 });
    const first = await ask(list);
    rows.pop();
    time.ms = 999;
    expect(await ask(list)).toEqual(first);
    expect(upstream.count()).toBe(2);
    time.ms = 1001;
    expect((await ask(list)).data.jobs.nodes).toHaveLength(3);
    expect(upstream.count()).toBe(4);
  });

  it('serves nothing that failed', async () => {
    const { ask, upstream, script } = await open({ readCacheMs: 1000 });
    const { reply } = script;
    script.reply = () => ({ status: 500, json: {} });
    await ask('{ schedules { id } }');
    script.reply = reply;
    expect((await ask('{ schedules { id } }')).data.schedules).toEqual([]);
    expect(upstream.count()).toBe(2);
  });

  it('serves nothing from before a write of the caller', async () => {
    const { ask, upstream } = await open({ readCacheMs: 60_000 });
    await ask(list);
    await ask(terminate(1));
    const before = upstream.count('QueryJobs');
    await ask(list);
    expect(upstream.count('QueryJobs')).toBe(before + 1);
  });

  it('serves nothing to another caller', async () => {
    const { ask, upstream } = await open({ readCacheMs: 60_000 });
    await ask(list);
    await ask(list, { authorization: 'another' });
    expect(upstream.count()).toBe(4);
  });
});
