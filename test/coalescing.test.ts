import { describe, expect, it } from 'vitest';
import { openGateway } from './support/gateway.ts';
import { askedIds, guid, jobRow, jobRows, jobsPage, lookup } from './support/rows.ts';
import { type Reply, startScriptedUpstream, type UpstreamCall } from './support/scripted-upstream.ts';

const list = '{ jobs { nodes { name } } }';
const one = (n: number) => `{ job(id: "${guid(n)}") { name } }`;

/** An upstream whose answers wait until they are let go. */
const startHeld = async (calls: number, reply: (call: UpstreamCall) => Reply) => {
  const arrived = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  const upstream = await startScriptedUpstream(async (call) => {
    if (upstream.count() === calls) arrived.resolve();
    await gate.promise;
    return reply(call);
  });
  return { upstream, arrived: arrived.promise, letGo: gate.resolve };
};

describe('equal reads of one caller at the same time', () => {
  it('are one call', async () => {
    const { upstream, arrived, letGo } = await startHeld(1, () => jobsPage(jobRows(2)));
    const gateway = openGateway(upstream.url);
    const first = gateway.ask(list);
    await arrived;
    const others = [gateway.ask(list), gateway.ask(list)];
    letGo();
    for (const { data } of await Promise.all([first, ...others])) {
      expect(data.jobs.nodes).toEqual([{ name: 'Job 0' }, { name: 'Job 1' }]);
    }
    expect(upstream.count()).toBe(1);
  });

  it('are calls of their own for different callers', async () => {
    const { upstream, arrived, letGo } = await startHeld(3, () => jobsPage([]));
    const gateway = openGateway(upstream.url);
    const asked = [
      gateway.ask(list, { authorization: 'one' }),
      gateway.ask(list, { authorization: 'two' }),
      gateway.ask(list, { authorization: 'one', headers: { 'wix-site-id': 'elsewhere' } }),
    ];
    await arrived;
    letGo();
    await Promise.all(asked);
    expect(upstream.count()).toBe(3);
  });

  it('do not join one from before a write', async () => {
    const asked = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    const upstream = await startScriptedUpstream(async ({ operation }) => {
      if (operation === 'TerminateJob') return { json: { job: jobRow(1) } };
      if (operation === 'GetJob' || upstream.count('QueryJobs') > 1) return jobsPage(jobRows(1));
      asked.resolve();
      await gate.promise;
      return jobsPage([]);
    });
    const gateway = openGateway(upstream.url);
    const before = gateway.ask(list);
    await asked.promise;
    const { errors } = await gateway.ask(
      `mutation { terminateJob(input: { id: "${guid(1)}" }) { __typename } }`,
    );
    expect(errors).toBeUndefined();
    const after = await gateway.ask(list);
    gate.resolve();
    expect(after.data.jobs.nodes).toHaveLength(1);
    expect((await before).data.jobs.nodes).toEqual([]);
  });

  it('go on while one who asked is still there, and end when the last has left', async () => {
    const { upstream, arrived } = await startHeld(1, () => jobsPage([]));
    const gateway = openGateway(upstream.url);
    const ask = (signal: AbortSignal) =>
      gateway.fetch(
        new Request('http://gateway/graphql', {
          method: 'POST',
          headers: { 'content-type': 'application/json', authorization: 'test-credential' },
          body: JSON.stringify({ query: list }),
          signal,
        }),
      );
    const leaving = [new AbortController(), new AbortController()];
    const left = leaving.map(({ signal }) => expect(ask(signal)).rejects.toThrow());
    await arrived;
    let isAborted = false;
    const aborted = upstream.calls[0]?.aborted.then(() => {
      isAborted = true;
    });
    leaving[0]?.abort();
    await left[0];
    expect(isAborted).toBe(false);
    leaving[1]?.abort();
    await aborted;
    await left[1];
    expect(upstream.count()).toBe(1);
  });
});

describe('jobs that several operations ask for in one turn', () => {
  it('are asked for together', async () => {
    const upstream = await startScriptedUpstream(lookup(jobRows(10)));
    const gateway = openGateway(upstream.url);
    const answers = await Promise.all(Array.from({ length: 10 }, (_, n) => gateway.ask(one(n))));
    expect(answers.map(({ data }) => data.job.name)).toEqual(jobRows(10).map(({ name }) => name));
    expect(upstream.count()).toBe(1);
    expect(upstream.calls[0]?.operation).toBe('QueryJobs');
  });

  it('take one call for each hundred of them', async () => {
    const upstream = await startScriptedUpstream(lookup(jobRows(180)));
    const gateway = openGateway(upstream.url);
    const aliases = (from: number) =>
      `{ ${Array.from({ length: 60 }, (_, n) => `j${n}: job(id: "${guid(from + n)}") { name }`).join(' ')} }`;
    const answers = await Promise.all([0, 60, 120].map((from) => gateway.ask(aliases(from))));
    for (const { data } of answers) expect(Object.values(data)).not.toContain(null);
    expect(upstream.calls.map((call) => askedIds(call).length)).toEqual([100, 80]);
  });

  it('are asked for apart for different callers', async () => {
    const upstream = await startScriptedUpstream(lookup(jobRows(2)));
    const gateway = openGateway(upstream.url);
    await Promise.all([
      gateway.ask(one(0), { authorization: 'one' }),
      gateway.ask(one(1), { authorization: 'two' }),
    ]);
    expect(upstream.calls.map(({ operation }) => operation)).toEqual(['GetJob', 'GetJob']);
  });

  it('end for one who leaves without ending for the others', async () => {
    const { upstream, arrived, letGo } = await startHeld(1, lookup(jobRows(2)));
    const gateway = openGateway(upstream.url);
    const leave = new AbortController();
    const left = expect(
      gateway.fetch(
        new Request('http://gateway/graphql', {
          method: 'POST',
          headers: { 'content-type': 'application/json', authorization: 'test-credential' },
          body: JSON.stringify({ query: one(0) }),
          signal: leave.signal,
        }),
      ),
    ).rejects.toThrow();
    const staying = gateway.ask(one(1));
    await arrived;
    leave.abort();
    await left;
    letGo();
    expect((await staying).data.job.name).toBe('Job 1');
    expect(upstream.count()).toBe(1);
  });
});
