import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { drain, listen } from '../src/listen.ts';
import { createProbes } from '../src/telemetry/probes.ts';
import { createPrometheus } from '../src/telemetry/prometheus.ts';
import { createReadiness } from '../src/telemetry/readiness.ts';
import { bearer, createTokenFile, entry, ownRights, tokenOf } from './support/access.ts';
import { transports } from './support/live-client.ts';
import { openServer } from './support/live-server.ts';
import { memoryLog } from './support/memory-log.ts';
import { startMovingJobs } from './support/moving-jobs.ts';
import { sendRaw } from './support/raw-http.ts';
import { guid, jobRow, jobRows, jobsPage, lookup } from './support/rows.ts';
import { startScriptedUpstream } from './support/scripted-upstream.ts';

const read = async (url: string, headers: Record<string, string> = {}) => {
  const answer = await fetch(url, { headers });
  return { status: answer.status, text: await answer.text(), type: answer.headers.get('content-type') };
};

/** The value of one series, by its labels in any order. */
const seriesOf = (text: string, name: string, labels: Record<string, string> = {}): number | undefined => {
  for (const line of text.split('\n')) {
    const [, series, inner = '', value] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
    const has = Object.fromEntries(
      [...inner.matchAll(/(\w+)="([^"]*)"/g)].map(([, key, said]) => [key, said]),
    );
    const isIt = series === name && Object.entries(labels).every(([key, said]) => has[key] === said);
    if (isIt) return Number(value);
  }
  return undefined;
};

const look = (n: number) => `query Look { job(id: "${guid(n)}") { status } }`;

describe('/metrics', () => {
  it('counts operations by name, type and code, and times them', async () => {
    const upstream = await startScriptedUpstream(lookup(jobRows(3)));
    const { ask, origin } = await openServer(upstream.url);
    await ask(look(1));
    await ask('{ jobs { oops } }');
    await ask('{ jobs(');
    await ask('{ __typename }');
    const { text, type } = await read(`${origin}/metrics`);
    expect(type).toContain('text/plain');
    const count = (labels: Record<string, string>) => seriesOf(text, 'gateway_operations_total', labels);
    expect(count({ name: 'Look', type: 'query', code: 'OK' })).toBe(1);
    expect(count({ name: 'anonymous', type: 'query', code: 'OK' })).toBe(1);
    expect(count({ name: 'anonymous', type: 'query', code: 'GRAPHQL_VALIDATION_FAILED' })).toBe(1);
    expect(count({ name: 'unknown', type: 'unknown', code: 'GRAPHQL_PARSE_FAILED' })).toBe(1);
    expect(seriesOf(text, 'gateway_operation_duration_seconds_count', { name: 'Look', code: 'OK' })).toBe(1);
  });

  it('shows answers that are being made, and what is hung up on', async () => {
    const { promise: isLetGo, resolve: letGo } = Promise.withResolvers<void>();
    const { promise: isAsked, resolve: tellAsked } = Promise.withResolvers<void>();
    const upstream = await startScriptedUpstream(async () => {
      tellAsked();
      await isLetGo;
      return jobsPage([]);
    });
    const { ask, origin } = await openServer(upstream.url);
    const asked = ask('{ jobs(first: 10) { nodes { id name } } }');
    await isAsked;
    const during = await read(`${origin}/metrics`);
    expect(seriesOf(during.text, 'gateway_answer_fields')).toBeGreaterThanOrEqual(20);
    expect(seriesOf(during.text, 'gateway_answers_waiting')).toBe(0);
    letGo();
    await asked;
    const after = await read(`${origin}/metrics`);
    expect(seriesOf(after.text, 'gateway_answer_fields')).toBe(0);
    for (const reason of ['patience', 'memory'])
      expect(seriesOf(after.text, 'gateway_hang_ups_total', { reason })).toBe(0);
  });

  it('counts calls to upstream by endpoint, status and attempt, and what did not need one', async () => {
    const rows = lookup(jobRows(5));
    const upstream = await startScriptedUpstream((call) =>
      upstream.count() === 1 ? { status: 503 } : rows(call),
    );
    const { ask, origin } = await openServer(upstream.url, { UPSTREAM_REQUESTS_PER_MINUTE: '200' });
    await ask(look(1));
    await ask(look(1));
    await ask(
      `{ a: job(id: "${guid(2)}") { id } b: job(id: "${guid(3)}") { id } c: job(id: "${guid(4)}") { id } }`,
    );
    const { text } = await read(`${origin}/metrics`);
    const calls = (labels: Record<string, string>) =>
      seriesOf(text, 'gateway_upstream_call_duration_seconds_count', labels);
    expect(calls({ endpoint: 'GetJob', status: '503', attempt: '1' })).toBe(1);
    expect(calls({ endpoint: 'GetJob', status: '200', attempt: '2' })).toBe(1);
    expect(calls({ endpoint: 'QueryJobs', status: '200', attempt: '1' })).toBe(1);
    expect(seriesOf(text, 'gateway_cache_requests_total', { cache: 'finished_jobs', result: 'hit' })).toBe(1);
    expect(seriesOf(text, 'gateway_cache_requests_total', { cache: 'finished_jobs', result: 'miss' })).toBe(
      4,
    );
    expect(seriesOf(text, 'gateway_batch_size_count', { loader: 'job' })).toBe(3);
    expect(seriesOf(text, 'gateway_batch_size_sum', { loader: 'job' })).toBe(5);
    expect(seriesOf(text, 'gateway_budget_remaining_lowest')).toBe(197);
    expect(seriesOf(text, 'gateway_budget_callers')).toBe(1);
  });

  it('tells of an outage: failed calls and an open circuit', async () => {
    const upstream = await startScriptedUpstream(() => ({ status: 500, json: { message: 'x' } }));
    const { ask, origin } = await openServer(upstream.url);
    await upstream.stop();
    for (let n = 0; n < 4; n += 1) await ask('{ jobs { nodes { id } } }');
    const { text } = await read(`${origin}/metrics`);
    expect(
      seriesOf(text, 'gateway_upstream_call_duration_seconds_count', { status: 'UPSTREAM_UNAVAILABLE' }),
    ).toBeGreaterThan(0);
    expect(seriesOf(text, 'gateway_circuit_open_callers')).toBe(1);
    expect(seriesOf(text, 'gateway_circuit_open')).toBe(0);
    expect((await fetch(`${origin}/ready`)).status).toBe(200);
  });

  it('tells a 429 of Wix from the pause after it, from a budget that is used up, and from a limit of the gate', async () => {
    const rows = lookup(jobRows(9));
    let isBusy = false;
    const upstream = await startScriptedUpstream((call) =>
      isBusy ? { status: 429, headers: { 'retry-after': '50' } } : rows(call),
    );
    const settings = { UPSTREAM_REQUESTS_PER_MINUTE: '2', ADDRESS_OPERATIONS_PER_MINUTE: '6' };
    const { ask, origin } = await openServer(upstream.url, settings);
    const limited = async () => {
      const { text } = await read(`${origin}/metrics`);
      const by = (name: string) => seriesOf(text, 'gateway_rate_limited_total', { by: name });
      return [by('wix'), by('after_429'), by('budget'), by('gate')];
    };
    const codeOf = async (n: number, caller: string) => {
      const { errors } = await ask(look(n), { authorization: caller });
      return errors?.[0]?.extensions?.code;
    };
    expect(await limited()).toEqual([0, 0, 0, 0]);
    for (const n of [1, 2, 3]) await ask(look(n));
    expect(await limited()).toEqual([0, 0, 1, 0]);
    isBusy = true;
    expect([await codeOf(4, 'another'), await codeOf(5, 'another')]).toEqual([
      'RATE_LIMITED',
      'RATE_LIMITED',
    ]);
    expect(await limited()).toEqual([1, 1, 1, 0]);
    for (let n = 0; n < 5; n += 1) await ask('{ __typename }');
    expect((await limited())[3]).toBeGreaterThan(0);
  });

  it.each([
    ['a WebSocket', 'ws'],
    ['server-sent events', 'sse'],
  ])('tells who watches, and what polling does, over %s', async (way, transport) => {
    const upstream = await startMovingJobs(2);
    const { url, origin } = await openServer(upstream.url);
    const watch = await transports[way]?.(url, `subscription { jobUpdated(id: "${guid(1)}") { kind } }`);
    await watch?.next();
    const during = (await read(`${origin}/metrics`)).text;
    expect(seriesOf(during, 'gateway_subscribers', { transport })).toBe(1);
    expect([seriesOf(during, 'gateway_watchers'), seriesOf(during, 'gateway_watched_jobs')]).toEqual([1, 1]);
    upstream.move(1, jobRow(1));
    expect([(await watch?.next())?.type, (await watch?.next())?.type]).toEqual(['next', 'complete']);
    const after = (await read(`${origin}/metrics`)).text;
    expect(seriesOf(after, 'gateway_subscribers', { transport })).toBe(0);
    expect(seriesOf(after, 'gateway_watched_jobs')).toBe(0);
    expect(seriesOf(after, 'gateway_poll_duration_seconds_count')).toBeGreaterThan(0);
    expect(seriesOf(after, 'gateway_poll_interval_seconds_count')).toBeGreaterThan(0);
    // the snapshot is of any age and does not count
    expect(seriesOf(after, 'gateway_event_delay_seconds_count')).toBe(1);
  });

  it('has no label that clients can grow: of many names, the later ones are others', async () => {
    const upstream = await startScriptedUpstream(() => jobsPage([]));
    const { ask, origin } = await openServer(upstream.url);
    for (let n = 0; n < 130; n += 1)
      await ask(`query Made${n} { jobs { nodes { id } } }`, { authorization: `caller-${n}` });
    const { text } = await read(`${origin}/metrics`);
    const names = new Set([...text.matchAll(/\bname="(Made\d+|other)"/g)].map(([, name]) => name));
    expect(names.size).toBe(101);
    expect(seriesOf(text, 'gateway_operations_total', { name: 'other' })).toBe(30);
    expect(text).not.toContain('caller-');
  });

  it('learns names from who gets something: nobody else can use them up', async () => {
    const upstream = await startScriptedUpstream(lookup(jobRows(3)));
    const { ask, origin } = await openServer(upstream.url);
    for (let n = 0; n < 120; n += 1) {
      await ask(`query Refused${n} { nonsense }`);
      await ask(`query Stranger${n} { jobs { nodes { id } } }`, {});
      await ask(`query Idle${n} { __typename }`, {});
    }
    await ask(look(1));
    const { text } = await read(`${origin}/metrics`);
    const names = new Set([...text.matchAll(/\bname="(\w+)"/g)].map(([, name]) => name));
    expect([...names].sort()).toEqual(['Look', 'other']);
  });

  it('needs a token where callers do', async () => {
    const upstream = await startScriptedUpstream(lookup([]));
    const file = await createTokenFile([entry('prometheus', [])]);
    const { origin } = await openServer(upstream.url, {
      ...ownRights,
      GATEWAY_AUTH: 'tokens',
      GATEWAY_TOKENS_FILE: file.path,
    });
    expect((await read(`${origin}/metrics`)).status).toBe(401);
    expect((await read(`${origin}/metrics`, bearer('wrong'))).status).toBe(401);
    expect((await read(`${origin}/metrics`, bearer(tokenOf('prometheus')))).text).toContain(
      'gateway_watchers',
    );
  });

  it('is not for pages that only found a name for this machine', async () => {
    const { origin } = await openServer((await startScriptedUpstream(lookup([]))).url);
    const { status, text } = await read(`${origin}/metrics`, { origin: 'https://elsewhere.test' });
    expect(status).toBe(403);
    expect(text).not.toContain('gateway_');
  });

  it('has a port of its own, and that is not for such pages either', async () => {
    const { metricsUrl } = await openServer((await startScriptedUpstream(lookup([]))).url, {
      METRICS_PORT: '0',
      HOST: '0.0.0.0',
    });
    const { host, port } = new URL(metricsUrl ?? '');
    const askAs = (headers: Record<string, string>) => sendRaw(metricsUrl ?? '', { method: 'GET', headers });
    for (const own of [host, `localhost:${port}`]) {
      expect((await askAs({ host: own })).text).toContain('gateway_watchers');
    }
    for (const headers of [{ host: `rebound.test:${port}` }, { host, origin: 'https://elsewhere.test' }]) {
      const { status, text } = await askAs(headers);
      expect([status, text.includes('gateway_')]).toEqual([403, false]);
    }
  });

  it('has a port of its own, and is nowhere else then', async () => {
    const { origin, metricsUrl } = await openServer((await startScriptedUpstream(lookup([]))).url, {
      METRICS_PORT: '0',
    });
    expect((await read(metricsUrl ?? '')).text).toContain('gateway_watchers');
    expect((await read(`${origin}/metrics`)).status).toBe(404);
    expect((await fetch(new URL('/graphql', metricsUrl ?? ''))).status).toBe(404);
  });

  it('says that it failed, to who asks and in the log, and goes on', async () => {
    const memory = memoryLog();
    const text = () => Promise.reject(new Error('a fault'));
    const probes = createProbes(
      {
        readiness: createReadiness(),
        prometheus: { ...createPrometheus(), text },
        denyMetrics: async () => null,
        log: memory.log,
      },
      () => undefined,
    );
    const { server, url } = await listen(probes, 0, '127.0.0.1');
    onTestFinished(() => drain(server, 0));
    const answer = await read(`${url}/metrics`);
    expect([answer.status, answer.text.includes('a fault')]).toEqual([500, false]);
    expect(memory.events(50)).toMatchObject([{ err: { message: 'a fault' } }]);
    expect((await read(`${url}/health`)).status).toBe(200);
  });

  it('is open to whoever reaches an address that others reach, and the log says so', async () => {
    const memory = memoryLog();
    await openServer((await startScriptedUpstream(lookup([]))).url, { HOST: '0.0.0.0' }, memory.log);
    expect(memory.lines.join()).toContain('may read /metrics');
  });
});

describe('the dashboard', () => {
  it('asks for nothing that is not there', async () => {
    const prometheus = createPrometheus();
    prometheus.followProcess();
    const there = new Set(
      [...(await prometheus.text()).matchAll(/^# TYPE (\w+) (\w+)$/gm)].flatMap(([, name = '', type]) =>
        type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
      ),
    );
    const text = readFileSync(join(import.meta.dirname, '../docs/grafana-dashboard.json'), 'utf8');
    const queries = [...text.matchAll(/"expr": ("(?:[^"\\]|\\.)*")/g)].map(([, expr = '""']) =>
      String(JSON.parse(expr)),
    );
    expect(queries.length).toBeGreaterThan(15);
    const asked = queries.flatMap((query) => query.match(/\b(?:gateway|process|nodejs)_\w+/g) ?? ['nothing']);
    expect(asked.filter((name) => !there.has(name))).toEqual([]);
    const ours = [...there].filter((name) => name.startsWith('gateway_') && !/_(sum|count)$/.test(name));
    expect(ours.filter((name) => !asked.includes(name))).toEqual([]);
  });
});
