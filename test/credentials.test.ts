import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readConfig } from '../src/config.ts';
import { startServer } from '../src/server.ts';
import { silentLog } from '../src/telemetry/log.ts';
import { type Ask, openGateway } from './support/gateway.ts';
import { guid, jobRow, jobRows, jobsPage, lookup, notFound, scheduleRow } from './support/rows.ts';
import { startScriptedUpstream, type UpstreamCall } from './support/scripted-upstream.ts';

/** A gateway that listens, over an upstream that answers everything with one job. */
const startOverHttp = async () => {
  const upstream = await startScriptedUpstream(({ operation }) =>
    operation === 'GetJob' ? { json: { job: jobRow(0) } } : jobsPage(jobRows(1)),
  );
  const { config } = readConfig({ WIX_API_URL: upstream.url.href, PORT: '0' });
  if (config === undefined) throw new Error('not configured');
  const server = await startServer(config, silentLog);
  onTestFinished(() => server.close());
  return { upstream, url: server.url };
};

/** Header values are written as they are, a character a byte. */
const post = (url: string, headers: Record<string, string>, query: string): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    const call = httpRequest(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
    });
    call.on('error', reject);
    call.on('response', (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode));
    });
    // a text would be written together with the headers, and those as UTF-8
    call.end(Buffer.from(JSON.stringify({ query })));
  });

const credentialsOf = ({
  authorization,
  'wix-site-id': site,
  'wix-account-id': account,
}: IncomingHttpHeaders) => ({
  authorization,
  site,
  account,
});

const oneJob = `{ job(id: "${guid(0)}") { id } }`;
const bothMethods = `{ jobs { nodes { id } } schedule(id: "${guid(0, 'schedule')}") { id } }`;

describe('what is forwarded to upstream', () => {
  it.each([
    ['IST.eyJraWQiOiJQb3pIX2FDMiJ9.e30.sig_-nature=='],
    ['Bearer  two  spaces'],
    ['tab\tinside, comma; "quotes" %20 +/='],
    ['caf\xe9 \xa0 \x80\xff \xd6'],
    ['x'.repeat(4000)],
  ])('is the credential byte for byte: %j', async (authorization) => {
    const { upstream, url } = await startOverHttp();
    const site = `${guid(0, 'site')} \xe4`;
    expect(
      await post(url, { authorization, 'wix-site-id': site, 'wix-account-id': 'acc  ount' }, bothMethods),
    ).toBe(200);
    expect(upstream.calls.map(({ headers }) => credentialsOf(headers))).toEqual(
      Array.from({ length: 2 }, () => ({ authorization, site, account: 'acc  ount' })),
    );
  });

  it('is nothing where the caller sends nothing', async () => {
    const { upstream, url } = await startOverHttp();
    await post(url, { authorization: 'key', 'wix-site-id': '', 'wix-account-id': '' }, oneJob);
    await post(url, { authorization: 'key' }, '{ schedules { id } }');
    for (const { headers } of upstream.calls) {
      expect(credentialsOf(headers)).toEqual({ authorization: 'key', site: undefined, account: undefined });
    }
    expect(upstream.count()).toBe(2);
  });

  it('is no other header of the caller', async () => {
    const { upstream, url } = await startOverHttp();
    const canary = 'CANARY-2b7e';
    const others = [
      'cookie',
      'user-agent',
      'x-forwarded-for',
      'x-forwarded-host',
      'x-real-ip',
      'x-request-id',
      'x-wix-request-id',
      'x-wix-bi-gateway',
      'x-custom',
      'referer',
      'accept-language',
      'proxy-authorization',
      'traceparent',
      'baggage',
      'wix-app-id',
      'if-none-match',
    ];
    const headers = Object.fromEntries(others.map((name) => [name, canary]));
    await post(
      url,
      {
        ...headers,
        origin: new URL(url).origin,
        accept: `application/json, text/${canary}`,
        authorization: 'key',
      },
      bothMethods,
    );
    const [query, get] = ['QueryJobs', 'GetSyncJob'].map((operation) =>
      upstream.calls.find((call) => call.operation === operation),
    );
    const sent = ['accept', 'authorization', 'connection', 'host'];
    expect(Object.keys(get?.headers ?? {}).toSorted()).toEqual(sent);
    expect(Object.keys(query?.headers ?? {}).toSorted()).toEqual(
      [...sent, 'content-length', 'content-type'].toSorted(),
    );
    expect(query?.headers).toMatchObject({
      accept: 'application/json',
      'content-type': 'application/json',
      host: upstream.url.host,
    });
    expect(JSON.stringify(upstream.calls)).not.toContain(canary);
  });
});

describe('a caller without a credential', () => {
  const ask: Ask = { authorization: null };

  it('is refused before upstream is asked', async () => {
    const upstream = await startScriptedUpstream(() => jobsPage([]));
    const gateway = openGateway(upstream.url);
    for (const options of [
      ask,
      { authorization: '' },
      { authorization: null, headers: { 'wix-site-id': guid(0) } },
    ]) {
      const { status, data, errors } = await gateway.ask(
        `{ jobs { nodes { id } } job(id: "${guid(0)}") { id } schedules { id } upstream { lastSuccessAt rateLimit { remaining } } }`,
        options,
      );
      expect(status).toBe(200);
      expect(data).toEqual({
        jobs: null,
        job: null,
        schedules: null,
        upstream: { lastSuccessAt: null, rateLimit: { remaining: 200 } },
      });
      expect(errors?.map(({ extensions }) => extensions)).toEqual(
        Array.from({ length: 3 }, () => ({ code: 'UNAUTHENTICATED' })),
      );
      expect(errors?.[0]?.message).toContain('Authorization header');
    }
    expect(upstream.count()).toBe(0);
  });

  it('is lent one where there is one to lend', async () => {
    const upstream = await startScriptedUpstream(() => jobsPage([]));
    const gateway = openGateway(upstream.url, { demoAuthorization: 'demo' });
    const list = '{ jobs { nodes { id } } }';
    await gateway.ask(list, ask);
    await gateway.ask(list, { authorization: '' });
    await gateway.ask(list, { authorization: null, headers: { 'wix-site-id': 'site' } });
    await gateway.ask(list, { authorization: 'own' });
    await gateway.ask(list, { authorization: 'own', headers: { 'wix-account-id': 'account' } });
    expect(upstream.calls.map(({ headers }) => credentialsOf(headers))).toEqual([
      { authorization: 'demo', site: undefined, account: undefined },
      { authorization: 'demo', site: undefined, account: undefined },
      { authorization: 'demo', site: 'site', account: undefined },
      { authorization: 'own', site: undefined, account: undefined },
      { authorization: 'own', site: undefined, account: 'account' },
    ]);
  });
});

describe('callers of one gateway', () => {
  const callers: readonly Ask[] = [
    { authorization: 'one' },
    { authorization: 'two' },
    { authorization: 'one', headers: { 'wix-site-id': 'site a' } },
    { authorization: 'one', headers: { 'wix-site-id': 'site b' } },
    { authorization: 'one', headers: { 'wix-account-id': 'site a' } },
  ];
  const nameOf = ({ authorization, headers }: Ask) =>
    [authorization, headers?.['wix-site-id'], headers?.['wix-account-id']]
      .map((part) => part ?? '-')
      .join('|');
  const callerOf = ({ headers }: UpstreamCall) => {
    const { authorization, site, account } = credentialsOf(headers);
    return [authorization, site, account].map((part) => part ?? '-').join('|');
  };

  it('never share a batch, nor see what another was answered', async () => {
    const asked = Promise.withResolvers<void>();
    const upstream = await startScriptedUpstream(async (call) => {
      // every caller's calls are under way before the first is answered
      if (upstream.count() === callers.length * 2) asked.resolve();
      await asked.promise;
      const name = callerOf(call);
      if (call.operation === 'ListSyncJobs') return { json: { syncJobs: [{ ...scheduleRow(0), name }] } };
      return lookup(jobRows(3, () => ({ name })))(call);
    });
    const gateway = openGateway(upstream.url);
    const question = `{ a: job(id: "${guid(0)}") { name } b: job(id: "${guid(1)}") { name } schedules { name } }`;
    const answers = await Promise.all(callers.map((caller) => gateway.ask(question, caller)));
    for (const [n, caller] of callers.entries()) {
      const name = nameOf(caller);
      expect(answers[n]?.data).toEqual({ a: { name }, b: { name }, schedules: [{ name }] });
    }
    expect(upstream.calls.map(callerOf).toSorted()).toEqual(
      callers.flatMap((caller) => [nameOf(caller), nameOf(caller)]).toSorted(),
    );
  });

  it('are asked for anew in each operation', async () => {
    const upstream = await startScriptedUpstream(lookup(jobRows(1, () => ({ status: 'IN_PROGRESS' }))));
    const gateway = openGateway(upstream.url);
    for (let n = 0; n < 3; n += 1) await gateway.ask(oneJob);
    expect(upstream.count()).toBe(3);
  });
});

describe('what a caller has left', () => {
  const question = '{ upstream { lastSuccessAt rateLimit { limitPerMinute remaining resetAt } } }';
  const start = Date.UTC(2026, 8, 14, 6);
  const at = (seconds: number) => new Date(start + seconds * 1000).toISOString();

  const open = async (upstreamRequestsPerMinute = 5) => {
    const time = { seconds: 0 };
    const upstream = await startScriptedUpstream((call) => {
      if (call.operation === 'QueryJobs') return lookup(jobRows(3))(call);
      // a schedule list that is refused: the outcome of a call does not matter
      return call.operation === 'ListSyncJobs' ? { status: 400, text: '' } : { json: { job: jobRow(0) } };
    });
    const gateway = openGateway(upstream.url, {
      upstreamRequestsPerMinute,
      // the jobs here have finished, and each is to be a call
      finishedJobTtlMs: 0,
      now: () => start + time.seconds * 1000,
    });
    const left = async (caller?: Ask) => {
      const { data, errors } = await gateway.ask(question, caller);
      expect(errors).toBeUndefined();
      const { lastSuccessAt, rateLimit } = data.upstream;
      return { ...rateLimit, lastSuccessAt };
    };
    return { time, upstream, gateway, left };
  };

  it('is all of it before the first call, and asking for it costs nothing', async () => {
    const { left, upstream, time } = await open(200);
    const whole = { limitPerMinute: 200, remaining: 200, lastSuccessAt: null };
    expect(await left()).toEqual({ ...whole, resetAt: at(0) });
    time.seconds = 10;
    expect(await left()).toEqual({ ...whole, resetAt: at(10) });
    expect(upstream.count()).toBe(0);
  });

  it('counts down with each call, whatever its outcome, and up again as each is forgotten', async () => {
    const { left, gateway, time, upstream } = await open();
    const is = async (remaining: number, resetAt: number, lastSuccessAt: number) =>
      expect(await left()).toEqual({
        limitPerMinute: 5,
        remaining,
        resetAt: at(resetAt),
        lastSuccessAt: at(lastSuccessAt),
      });
    time.seconds = 1;
    await gateway.ask(oneJob);
    await is(4, 63, 1);
    time.seconds = 10;
    await gateway.ask('{ schedules { id } }');
    await is(3, 72, 1);
    time.seconds = 62.999;
    await is(3, 72, 1);
    time.seconds = 63;
    await is(4, 72, 1);
    await gateway.ask(oneJob);
    await is(3, 125, 63);
    time.seconds = 72;
    await is(4, 125, 63);
    time.seconds = 125;
    await is(5, 125, 63);
    expect(upstream.count()).toBe(3);
  });

  it('counts calls, not fields', async () => {
    const { left, gateway } = await open();
    await gateway.ask(
      `{ a: job(id: "${guid(0)}") { id } b: job(id: "${guid(1)}") { id } c: job(id: "nope") { id } none: jobs(filter: { or: [] }) { nodes { id } } }`,
    );
    expect((await left()).remaining).toBe(4);
  });

  it('is never less than nothing', async () => {
    const { left, gateway } = await open(2);
    for (let n = 0; n < 4; n += 1) await gateway.ask(oneJob);
    expect((await left()).remaining).toBe(0);
  });

  it('is each caller’s own', async () => {
    const { left, gateway } = await open();
    const other: Ask = { headers: { 'wix-site-id': 'another site' } };
    await gateway.ask(oneJob);
    expect(await left()).toMatchObject({ remaining: 4, lastSuccessAt: at(0) });
    expect(await left(other)).toMatchObject({ remaining: 5, lastSuccessAt: null });
    expect(await left({ authorization: 'another' })).toMatchObject({ remaining: 5, lastSuccessAt: null });
    await gateway.ask(oneJob, other);
    expect((await left()).remaining).toBe(4);
    expect(await left(other)).toMatchObject({ remaining: 4, lastSuccessAt: at(0) });
    expect((await left({ headers: { 'wix-account-id': 'another site' } })).remaining).toBe(5);
  });

  it('is not spent by what cannot be asked', async () => {
    const { left, gateway } = await open();
    await gateway.ask(oneJob, { authorization: null });
    await gateway.ask('{ jobs(first: 101) { nodes { id } } }');
    expect((await left()).remaining).toBe(5);
    expect((await left({ authorization: null })).remaining).toBe(5);
  });

  it('was last seen when upstream answered with success', async () => {
    const upstream = await startScriptedUpstream(() => notFound);
    const gateway = openGateway(upstream.url);
    await gateway.ask('{ jobs { nodes { id } } }');
    expect((await gateway.ask(question)).data.upstream.lastSuccessAt).toBeNull();
  });
});
