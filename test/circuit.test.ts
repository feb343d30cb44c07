import { describe, expect, it } from 'vitest';
import { GatewayError } from '../src/domain/gateway-error.ts';
import { silentLog } from '../src/telemetry/log.ts';
import { createCaller } from '../src/upstream/caller.ts';
import { createCircuit } from '../src/upstream/circuit.ts';
import { openGateway, type TestOptions } from './support/gateway.ts';
import { guid, jobRow } from './support/rows.ts';
import { type Reply, startScriptedUpstream } from './support/scripted-upstream.ts';

const question = (n: number) => `{ job(id: "${guid(n)}") { name } }`;
const fine: Reply = { json: { job: jobRow(0) } };
// not tried again by itself, so that each question is one call
const broken: Reply = { status: 500, json: { message: 'broken' } };

const open = async (options: TestOptions = {}) => {
  const time = { ms: Date.UTC(2026, 8, 14) };
  const script = { reply: (_caller: string): Reply | Promise<Reply> => fine };
  const upstream = await startScriptedUpstream(({ headers }) => script.reply(headers.authorization ?? ''));
  const gateway = openGateway(upstream.url, { now: () => time.ms, finishedJobTtlMs: 0, ...options });
  const ask = async (authorization = 'one', n = 0) => {
    const { data, errors } = await gateway.ask(question(n), { authorization });
    return data?.job?.name ?? errors?.[0]?.extensions;
  };
  const askTimes = async (count: number, authorization?: string) => {
    for (let n = 0; n < count; n += 1) await ask(authorization);
  };
  return { time, script, upstream, gateway, ask, askTimes };
};

describe('an upstream that fails again and again', () => {
  it('is left alone for a while, and those who ask meanwhile are told when to come back', async () => {
    const { script, ask, askTimes, upstream, time } = await open();
    script.reply = () => broken;
    await askTimes(5);
    time.ms += 1000;
    expect(await ask()).toEqual({ code: 'UPSTREAM_UNAVAILABLE', retryAfterMs: 9000 });
    expect(upstream.count()).toBe(5);
  });

  it('is tried with one call at a time, and used again once that is answered', async () => {
    const { script, ask, askTimes, upstream, time } = await open();
    script.reply = () => broken;
    await askTimes(5);
    time.ms += 10_000;
    await ask();
    expect(upstream.count()).toBe(6);
    expect(await ask()).toMatchObject({ retryAfterMs: 10_000 });
    expect(upstream.count()).toBe(6);
    time.ms += 10_000;
    const probe = Promise.withResolvers<Reply>();
    const arrived = Promise.withResolvers<void>();
    script.reply = () => {
      arrived.resolve();
      return probe.promise;
    };
    const probing = ask();
    await arrived.promise;
    // another question, for the same one would join that under way
    expect(await ask('one', 1)).toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' });
    probe.resolve(fine);
    expect(await probing).toBe('Job 0');
    script.reply = () => fine;
    expect(await ask()).toBe('Job 0');
  });

  it('is left alone for one caller only while it fails for nobody else', async () => {
    const { script, ask, askTimes, upstream } = await open();
    script.reply = (caller) => (caller === 'one' ? broken : fine);
    await askTimes(20);
    expect(upstream.count()).toBe(5);
    expect(await ask('two')).toBe('Job 0');
  });

  it('is left alone for everybody once it fails for several', async () => {
    const { script, ask, askTimes, upstream } = await open();
    script.reply = () => broken;
    await askTimes(5, 'one');
    await askTimes(5, 'two');
    expect(await ask('three')).toMatchObject({ code: 'UPSTREAM_UNAVAILABLE', retryAfterMs: 10_000 });
    expect(upstream.count()).toBe(10);
  });

  it('is not left alone for everybody because one credential fails on many sites', async () => {
    const { script, ask, gateway } = await open();
    script.reply = (caller) => (caller === 'one' ? broken : fine);
    for (let n = 0; n < 30; n += 1) {
      await gateway.ask(question(0), { authorization: 'one', headers: { 'wix-site-id': `site ${n}` } });
    }
    expect(await ask('two')).toBe('Job 0');
  });

  it('costs nothing of the budget meanwhile', async () => {
    const { script, gateway, askTimes } = await open();
    script.reply = () => broken;
    await askTimes(30);
    const { data } = await gateway.ask('{ upstream { rateLimit { remaining } } }', { authorization: 'one' });
    expect(data.upstream.rateLimit.remaining).toBe(195);
  });
});

describe('a call that is given up', () => {
  it.each(['UPSTREAM_TIMEOUT', 'OUTCOME_UNKNOWN'] as const)(
    'says nothing of upstream, also where the reason is %s',
    async (code) => {
      const circuit = createCircuit(() => 0, silentLog);
      const caller = createCaller({ authorization: 'key', siteId: null, accountId: null });
      const givenUp = AbortSignal.abort(new GatewayError(code, 'given up'));
      const giveUp = () => circuit.run(caller, givenUp, () => Promise.reject(givenUp.reason)).catch(() => {});
      for (let n = 0; n < 20; n += 1) await giveUp();
      circuit.check(caller);
      const outage = () => Promise.reject(new GatewayError('UPSTREAM_UNAVAILABLE', 'out'));
      for (let n = 0; n < 5; n += 1) await circuit.run(caller, undefined, outage).catch(() => {});
      await giveUp();
      expect(() => circuit.check(caller)).toThrow('left alone');
    },
  );
});

describe('an upstream that answers', () => {
  it.each([401, 403, 404, 400])('is not left alone for refusing with %d', async (status) => {
    const { script, ask, askTimes, upstream } = await open();
    script.reply = () => ({ status, json: {} });
    await askTimes(20);
    expect(upstream.count()).toBe(20);
    script.reply = () => fine;
    expect(await ask()).toBe('Job 0');
  });

  it('is not left alone for failing now and then', async () => {
    const { script, ask, upstream } = await open();
    let n = 0;
    script.reply = () => {
      n += 1;
      return n % 5 === 0 ? fine : broken;
    };
    for (let each = 0; each < 30; each += 1) await ask();
    expect(upstream.count()).toBe(30);
  });
});
