import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import ipaddr from 'ipaddr.js';
import { describe, expect, it, onTestFinished } from 'vitest';
import { noLimits } from '../src/config/limit-settings.ts';
import { readConfig } from '../src/config.ts';
import { drain, listen } from '../src/listen.ts';
import { usualSettings } from '../src/sandbox/settings.ts';
import { startServer } from '../src/server.ts';
import { silentLog } from '../src/telemetry/log.ts';
import { noMetrics } from '../src/telemetry/metrics.ts';
import { noTelemetry } from '../src/telemetry/telemetry.ts';
import { settled } from './support/fake-clock.ts';
import type { TestOptions } from './support/gateway.ts';
import { watchByEvents } from './support/live-client.ts';
import { openServer } from './support/live-server.ts';
import { startMovingJobs } from './support/moving-jobs.ts';
import { guid } from './support/rows.ts';
import { keys, newKeys, openWebhookServer, payloadOf, pemOf, tokenOf } from './support/webhooks.ts';

const watchJob = (n: number) => `subscription { jobUpdated(id: "${guid(n)}") { kind job { status } } }`;

/** A server, a subscriber of job 0, and a watcher that only looks when told: the next poll is an hour away. */
const open = async (options: TestOptions = {}) => {
  const hour = 3_600_000;
  const jobs = await startMovingJobs(1);
  const server = await openWebhookServer(jobs, {
    watch: {
      pollMinMs: hour,
      pollMaxMs: hour,
      pollShare: 0.5,
      staleAfterMs: 2 * hour,
      watchMaxMs: 24 * hour,
    },
    ...options,
  });
  const watch = await server.watch(watchJob(0));
  const opening = jobs.count();
  const { seconds } = server;
  return {
    ...server,
    jobs,
    watch,
    lifetime: () => ({ iat: seconds(), exp: seconds() + 300_000 }),
    /** What upstream was asked since, with all looks done that are due within some seconds. */
    async asked() {
      await server.look(5000);
      return jobs.count() - opening;
    },
  };
};

describe('POST /webhooks/wix', () => {
  it('counts what became of each, and logs which event brought news', async () => {
    const results: string[] = [];
    const metrics = { ...noMetrics, webhook: (result: string) => void results.push(result) };
    const { send, post, logged } = await open({ telemetry: { ...noTelemetry, metrics } });
    await send(0, { id: 'second', sequence: '2' });
    await send(0, { id: 'second', sequence: '2' });
    await send(0, { id: 'first', sequence: '1' });
    await send(0, { envelope: { eventType: 'wix.something.else', data: '{}' } });
    await post('no token');
    expect(results).toEqual(['news', 'duplicate', 'late', 'other', 'refused']);
    const lines = logged.events().filter(({ msg }) => msg === 'webhook');
    expect(lines).toMatchObject([
      { level: 30, result: 'news', event: 'second', job: guid(0), sequence: '2' },
      { level: 20, result: 'duplicate', event: 'second' },
      { level: 20, result: 'late', event: 'first' },
    ]);
  });

  it('takes what the app of the key was sent, and answers 200 with nothing', async () => {
    const { post, lifetime, asked } = await open();
    const response = await post(tokenOf({ ...payloadOf(0), ...lifetime() }));
    expect([response.status, await response.text()]).toEqual([200, '']);
    expect(await asked()).toBe(1);
  });

  it.each(['17-webhook-job-created', '18-webhook-job-updated', '19-webhook-job-deleted'])(
    'reads the sample %s',
    async (name) => {
      const { send } = await open();
      const file = join(import.meta.dirname, `fixtures/upstream-examples/${name}.json`);
      const { decoded } = JSON.parse(readFileSync(file, 'utf8'));
      expect(await send(0, { envelope: decoded.envelope })).toBe(200);
    },
  );

  const hostile = {
    'another key': (payload: object) => tokenOf(payload, { key: newKeys().privateKey }),
    'no signature (alg none)': (payload: object) => tokenOf(payload, { alg: 'none' }),
    'the public key as the secret of HS256': (payload: object) =>
      tokenOf(payload, { alg: 'HS256', key: pemOf(keys.publicKey) }),
    'another algorithm of the right key': (payload: object) => tokenOf(payload, { alg: 'RS512' }),
    'a token that has expired': (payload: object) => {
      const past = Math.floor(Date.now() / 1000) - 1000;
      return tokenOf({ ...payload, iat: past, exp: past + 300 });
    },
    'a token without an end': (payload: object) => tokenOf({ ...payload, exp: undefined }),
    'a token without a beginning': (payload: object) => tokenOf({ ...payload, iat: undefined }),
    'a token of next week': (payload: object) => {
      const next = Math.floor(Date.now() / 1000) + 600_000;
      return tokenOf({ ...payload, iat: next, exp: next + 300 });
    },
    'a token that would live for years': (payload: object) => {
      const past = Math.floor(Date.now() / 1000) - 400_000;
      return tokenOf({ ...payload, iat: past, exp: past + 100_000_000 });
    },
    'a payload that was changed': (payload: object) => {
      const [header, , signature] = tokenOf(payload).split('.');
      const changed = Buffer.from(JSON.stringify({ ...payload, ...payloadOf(1) })).toString('base64url');
      return `${header}.${changed}.${signature}`;
    },
  };

  it.each(Object.entries(hostile))('refuses %s with 401 and no detail', async (_what, sign) => {
    const { post, lifetime, asked, logged } = await open();
    const response = await post(sign({ ...payloadOf(0), ...lifetime() }));
    expect([response.status, await response.text()]).toEqual([401, '']);
    expect(await asked()).toBe(0);
    expect(logged.events(40)).toMatchObject([{ msg: expect.stringContaining('WIX_WEBHOOK_PUBLIC_KEY') }]);
    expect(logged.lines.join()).not.toMatch(new RegExp(`CANARY|${guid(0)}`));
  });

  it.each([
    ['nothing', ''],
    ['what is no token', '{"eventType":"wix.hub.v1.job_updated"}'],
    ['dots', '..'],
    ['a token of no JSON', 'eyJhbGciOiJSUzI1NiJ9.bm8.bm8'],
  ])('refuses %s with 400 or 401', async (_what, body) => {
    const { post, asked } = await open();
    const response = await post(body);
    expect([response.status < 402 && response.status >= 400, await response.text()]).toEqual([true, '']);
    expect(await asked()).toBe(0);
  });

  const event = { id: 'e', entityId: guid(0) };
  it.each([
    ['no data', {}],
    ['data that is no JSON', { data: '{' }],
    ['no type', { data: JSON.stringify({ data: JSON.stringify(event) }) }],
    ['no event', payloadOf(0, { envelope: { eventType: 'wix.hub.v1.job_updated' } })],
    ['no id of the event', payloadOf(0, { event: { ...event, id: undefined } })],
    ['no id of the job', payloadOf(0, { event: { ...event, entityId: undefined } })],
    ['an id that no job can have', payloadOf(0, { event: { ...event, entityId: '../x' } })],
  ])('refuses a genuine token with %s with 400, and logs nothing of it', async (_what, payload) => {
    const { post, lifetime, asked, logged } = await open();
    expect((await post(tokenOf({ ...payload, ...lifetime(), secret: 'CANARY' }))).status).toBe(400);
    expect(await asked()).toBe(0);
    expect(logged.lines.join()).not.toContain('CANARY');
  });

  it('takes events of other things, and does nothing', async () => {
    const { send, asked } = await open();
    expect(await send(0, { envelope: { eventType: 'wix.data.sync.v1.jobs_updated', data: '{}' } })).toBe(200);
    expect(await asked()).toBe(0);
  });

  it('takes an object where Wix writes JSON into a string', async () => {
    const { post, lifetime, asked } = await open();
    const data = { eventType: 'wix.hub.v1.job_updated', data: { id: 'e', entityId: guid(0).toUpperCase() } };
    expect((await post(tokenOf({ data, ...lifetime() }))).status).toBe(200);
    expect(await asked()).toBe(1);
  });

  /** A request whose body the test writes as it likes. */
  const write = (url: string, headers: Record<string, string> = {}) => {
    const asking = request(`${url}/webhooks/wix`, { method: 'POST', agent: false, headers });
    asking.on('error', () => undefined);
    onTestFinished(() => void asking.destroy());
    const status = once(asking, 'response').then(([response]: IncomingMessage[]) => response?.statusCode);
    // of some nobody waits for the answer
    status.catch(() => undefined);
    return { asking, status };
  };

  it('refuses a body above 256 KiB: by what it says of itself, or by what comes', async () => {
    const { url } = await open();
    const announced = write(url, { 'content-length': '262145' });
    announced.asking.flushHeaders();
    expect(await announced.status).toBe(400);
    const sent = write(url, { 'transfer-encoding': 'chunked' });
    sent.asking.write('x'.repeat(262_145));
    expect(await sent.status).toBe(400);
    const allowed = write(url);
    allowed.asking.end('x'.repeat(262_144));
    expect(await allowed.status).toBe(400);
  });

  it('answers before the 1250 ms of Wix are over also where the body does not come', async () => {
    const { url, clock } = await open();
    const pending = clock.pending;
    const slow = write(url);
    slow.asking.write('eyJ');
    while (clock.pending === pending) await settled();
    await clock.advance(1249);
    expect(await slow.status).toBe(400);
  });

  it('takes at most 64 bodies at a time from one address, and those of others', async () => {
    const { url, clock } = await open({
      limits: { ...noLimits, trustedProxies: [[ipaddr.parse('127.0.0.1'), 32]] },
    });
    const from = (address: string) => write(url, { 'x-forwarded-for': address });
    const pending = clock.pending;
    for (let n = 0; n < 64; n += 1) from('1.1.1.1').asking.write('eyJ');
    while (clock.pending < pending + 64) await settled();
    const [again, other] = [from('1.1.1.1'), from('1.1.1.2')];
    for (const { asking } of [again, other]) asking.end('x');
    expect([await again.status, await other.status]).toEqual([503, 400]);
  });

  it('is for POST only', async () => {
    const { url } = await open();
    const response = await fetch(`${url}/webhooks/wix`);
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST']);
    expect((await fetch(`${url}/webhooks/other`, { method: 'POST' })).status).toBe(404);
  });

  it('is there only where WIX_WEBHOOK_PUBLIC_KEY is set', async () => {
    const jobs = await startMovingJobs(1);
    const post = (url: string) => fetch(new URL('/webhooks/wix', url), { method: 'POST', body: 'x' });
    expect((await post((await openServer(jobs.url)).url)).status).toBe(404);
    const pem = pemOf(keys.publicKey);
    for (const key of [pem, Buffer.from(pem).toString('base64'), pem.replaceAll('\n', '\\n')]) {
      const { url } = await openServer(jobs.url, { WIX_WEBHOOK_PUBLIC_KEY: key });
      expect((await post(url)).status).toBe(400);
    }
  });

  it('answers before it acts', async () => {
    const { send, jobs, clock, asked } = await open();
    jobs.hold('GetJob');
    expect(await send(0)).toBe(200);
    await clock.advance(100);
    expect(await send(0)).toBe(200);
    expect(await asked()).toBe(1);
  });
});

describe('events that come again, or in disorder', () => {
  it('cost one look when repeated', async () => {
    const { send, asked } = await open();
    for (let n = 0; n < 5; n += 1) expect(await send(0, { id: 'the same' })).toBe(200);
    expect(await asked()).toBe(1);
    expect(await send(0, { id: 'the same' })).toBe(200);
    expect(await asked()).toBe(1);
  });

  it('cost none when a later one of the job came before, by sequence and else by time', async () => {
    const { send, asked } = await open();
    await send(0, { sequence: '10' });
    expect(await asked()).toBe(1);
    await send(0, { sequence: '9' });
    await send(0, { sequence: '2' });
    expect(await asked()).toBe(1);
    await send(0, { sequence: '11', time: '2026-09-14T08:05:12.702911Z' });
    expect(await asked()).toBe(2);
    await send(0, { time: '2026-09-14T08:05:11Z' });
    expect(await asked()).toBe(2);
    await send(0, { sequence: '0', time: '2026-09-14T08:05:13Z' });
    expect(await asked()).toBe(3);
  });

  it('tell a subscriber the truth in whatever order they come', async () => {
    const { send, asked, jobs, watch } = await open();
    jobs.move(0, { status: 'COMPLETED', finishedAt: new Date().toISOString() });
    await send(0, { slug: 'deleted', sequence: '2' });
    await send(0, { slug: 'created', sequence: '1' });
    await send(0, { slug: 'updated', sequence: '3' });
    await asked();
    expect((await watch.next()).data.jobUpdated).toEqual({
      kind: 'STATUS_CHANGED',
      job: { status: 'COMPLETED' },
    });
    expect((await watch.next()).type).toBe('complete');
  });
});

it('npm start with SANDBOX_WEBHOOK_URL needs no key: a job that polling would find in an hour is told', async () => {
  const { server: placeholder, url: free } = await listen(() => undefined, 0, '127.0.0.1');
  await drain(placeholder, 0);
  const { config } = readConfig({
    PORT: new URL(free).port,
    POLL_MIN_MS: '3600000',
    STALE_AFTER_MS: '7200000',
  });
  if (!config) throw new Error('The configuration is wrong.');
  const webhookUrl = `${free}/webhooks/wix`;
  const server = await startServer(config, silentLog, { ...usualSettings, speed: 1000, webhookUrl });
  onTestFinished(() => server.close());
  const since = new Date(Date.now() - 60_000).toISOString();
  const feed = watchByEvents(
    server.url,
    `subscription { jobsUpdated(since: "${since}") { job { id status } } }`,
  );
  await feed.next();
  const submit = `mutation { submitJob(input: {
    source: { wixDataCollection: { collectionId: "products" } }, destination: { file: { format: CSV } }
  }) { job { id } } }`;
  const response = await fetch(server.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: submit }),
  });
  const { id } = (await response.json()).data.submitJob.job;
  for (;;) {
    const { job } = (await feed.next()).data.jobsUpdated;
    if (job.id === id && job.status === 'COMPLETED') break;
  }
});
