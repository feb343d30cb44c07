import { describe, expect, it } from 'vitest';
import { type GatewayOptions, graphqlPath } from '../src/gateway.ts';
import { noMetrics } from '../src/telemetry/metrics.ts';
import { noTelemetry } from '../src/telemetry/telemetry.ts';
import { defaultWatch } from './support/gateway.ts';
import { type Watch, watchByEvents } from './support/live-client.ts';
import { type MovingJobs, startMovingJobs } from './support/moving-jobs.ts';
import { guid, jobRow, jobsPage, notFound, type Row } from './support/rows.ts';
import { startScriptedUpstream } from './support/scripted-upstream.ts';
import { openWebhookServer, type WebhookServer } from './support/webhooks.ts';

const hour = 3_600_000;
/** No poll comes between an event and what it leads to. */
const hourly: GatewayOptions['watch'] = {
  ...defaultWatch,
  pollMinMs: hour,
  pollMaxMs: hour,
  staleAfterMs: 2 * hour,
};

const watchJob = (n: number) => `subscription { jobUpdated(id: "${guid(n)}") { kind job { status } } }`;
const anHourAgo = () => new Date(Date.now() - hour).toISOString();
const watchAll = () =>
  `subscription { jobsUpdated(since: "${anHourAgo()}") { kind job { id name status progress { current } } } }`;
const ended = () => ({ status: 'COMPLETED', finishedAt: new Date().toISOString() });
const as = (authorization: string, siteId?: string) => ({
  headers: { authorization, ...(siteId && { 'wix-site-id': siteId }) },
});

/** Lets the looks that are due within a while be done. */
const look = (server: WebhookServer, ms = 400) => server.look(ms);

const nextOf = async (watch: Watch) => {
  const { data } = await watch.next();
  return data.jobUpdated ?? data.jobsUpdated;
};

/** The interval that is told, and what it turns out to be. */
const intervalOf = async ({ ask }: WebhookServer): Promise<number> =>
  (await ask('{ upstream { pollIntervalMs } }')).data.upstream.pollIntervalMs;

const untilAsked = async ({ clock }: WebhookServer, jobs: MovingJobs, stepMs = 100) => {
  const [count, start] = [jobs.count(), clock.now()];
  while (jobs.count() === count) await clock.advance(stepMs);
  return clock.now() - start;
};

describe('a genuine event', () => {
  it('is told to who watches the job within 300 ms, and a deletion too', async () => {
    const jobs = await startMovingJobs(2);
    const server = await openWebhookServer(jobs, { watch: hourly });
    const [one, other] = [await server.watch(watchJob(0)), await server.watch(watchJob(1))];
    jobs.move(0, ended());
    jobs.remove(1);
    const start = server.clock.now();
    await server.send(0);
    await server.send(1, { slug: 'deleted' });
    await look(server, 300);
    expect(await nextOf(one)).toEqual({ kind: 'STATUS_CHANGED', job: { status: 'COMPLETED' } });
    expect((await nextOf(other)).kind).toBe('DELETED');
    expect(server.clock.now() - start).toBe(300);
  });

  it('is measured from the look that it led to, however long ago all was read', async () => {
    const delays: number[] = [];
    const metrics = { ...noMetrics, delivered: (seconds: number) => void delays.push(seconds) };
    const jobs = await startMovingJobs(1);
    const server = await openWebhookServer(jobs, {
      watch: hourly,
      telemetry: { ...noTelemetry, metrics },
    });
    const feed = await server.watch(watchAll());
    await look(server, 60_000);
    jobs.move(0, ended());
    await server.send(0);
    await look(server);
    expect((await nextOf(feed)).kind).toBe('STATUS_CHANGED');
    expect(delays).toHaveLength(1);
    expect(delays[0]).toBeLessThan(1);
  });

  it('is told to who watches all jobs: a new one, its change, its end', async () => {
    const jobs = await startMovingJobs(1);
    const server = await openWebhookServer(jobs, { watch: hourly });
    const feed = await server.watch(watchAll());
    jobs.move(1, { status: 'INITIALIZING' });
    await server.send(1, { slug: 'created', sequence: '1' });
    await look(server);
    expect(await nextOf(feed)).toMatchObject({
      kind: 'SUBMITTED',
      job: { id: guid(1), status: 'INITIALIZING' },
    });
    jobs.move(1, { status: 'IN_PROGRESS' });
    await server.send(1, { sequence: '2' });
    await look(server);
    expect(await nextOf(feed)).toMatchObject({ kind: 'STATUS_CHANGED', job: { status: 'IN_PROGRESS' } });
    jobs.remove(1);
    await server.send(1, { slug: 'deleted', sequence: '3' });
    await look(server);
    expect(await nextOf(feed)).toMatchObject({ kind: 'DELETED', job: { id: guid(1) } });
  });

  it('says nothing by itself: upstream does, and what it does not confirm is not told', async () => {
    const jobs = await startMovingJobs(1);
    const server = await openWebhookServer(jobs, { watch: hourly });
    const [watch, feed] = [await server.watch(watchJob(0)), await server.watch(watchAll())];
    await server.send(0, { slug: 'deleted' });
    await server.send(5, { slug: 'created' });
    await look(server);
    expect([watch.waiting, feed.waiting]).toEqual([[], []]);
  });

  it('costs no call where nobody watches', async () => {
    const jobs = await startMovingJobs(1);
    const server = await openWebhookServer(jobs);
    for (let n = 0; n < 10; n += 1) expect(await server.send(n)).toBe(200);
    await server.clock.advance(hour);
    expect(jobs.count()).toBe(0);
  });

  it('makes answers out of memory come from upstream again', async () => {
    const jobs = await startMovingJobs(2, (n) => (n === 0 ? ended() : {}));
    const server = await openWebhookServer(jobs, { readCacheMs: hour, finishedJobTtlMs: hour });
    const both = () => server.ask(`{ a: job(id: "${guid(0)}") { name } b: jobs { nodes { status } } }`);
    await both();
    await both();
    const asked = jobs.count();
    jobs.move(0, { name: 'Another' });
    await server.send(0);
    expect((await both()).data.a.name).toBe('Another');
    expect(jobs.count()).toBe(2 * asked);
  });
});

describe('whom an event concerns', () => {
  /** Two sites with a job each, and a caller on each. */
  const openSites = async () => {
    const unfinished = { status: 'IN_PROGRESS', finishedAt: null };
    const rows: Record<string, Row> = { 'site-a': jobRow(0, unfinished), 'site-b': jobRow(1, unfinished) };
    const script = { denial: notFound };
    const upstream = await startScriptedUpstream(({ headers, operation, path }) => {
      const row = rows[String(headers['wix-site-id'])];
      if (operation === 'QueryJobs') return jobsPage([row]);
      return path.endsWith(row.id) ? { json: { job: row } } : script.denial;
    });
    const server = await openWebhookServer(upstream, { watch: hourly });
    const [ann, bob] = [
      await server.watch(watchAll(), as('ann', 'site-a')),
      await server.watch(watchAll(), as('bob', 'site-b')),
    ];
    const count = upstream.count();
    return {
      server,
      script,
      move: (siteId: string) => void Object.assign(rows[siteId], ended()),
      asked: () =>
        upstream.calls
          .slice(count)
          .map(({ headers }) => headers.authorization)
          .toSorted(),
      news: () => [ann.waiting.length, bob.waiting.length],
    };
  };

  it('are the callers of its site, and nobody else looks', async () => {
    const { server, move, asked, news } = await openSites();
    move('site-a');
    await server.send(0, { siteId: 'SITE-A' });
    await look(server);
    expect([asked(), news()]).toEqual([['ann'], [1, 0]]);
  });

  it('are none, where nobody is on its site or may read the job', async () => {
    const { server, asked, news } = await openSites();
    await server.send(7, { siteId: 'site-c', slug: 'created' });
    await look(server);
    expect([asked(), news()]).toEqual([[], [0, 0]]);
    // of a site that is not named, everybody looks, and finds nothing
    await server.send(8, { slug: 'created' });
    await look(server);
    expect([asked(), news()]).toEqual([
      ['ann', 'bob'],
      [0, 0],
    ]);
  });

  it('are shown nothing that upstream shows others only, even where the event is of a site that is not named', async () => {
    const { server, move, asked, news } = await openSites();
    move('site-a');
    await server.send(0);
    await look(server);
    expect([asked(), news()]).toEqual([
      ['ann', 'bob'],
      [1, 0],
    ]);
  });

  it('lose no streams where upstream denies them the job', async () => {
    const { server, script, move, asked, news } = await openSites();
    script.denial = { status: 403, json: {} };
    await server.send(7, { slug: 'created' });
    await look(server);
    expect([asked(), news()]).toEqual([
      ['ann', 'bob'],
      [0, 0],
    ]);
    move('site-b');
    await server.send(1, { siteId: 'site-b' });
    await look(server);
    expect(news()).toEqual([0, 1]);
  });

  it('is learned of a token by a job that it can read', async () => {
    const jobs = await startMovingJobs(1);
    const server = await openWebhookServer(jobs, { watch: hourly });
    await server.watch(watchAll(), as('token'));
    const asked = async (event: Parameters<WebhookServer['send']>[1], n: number) => {
      const before = jobs.count();
      await server.send(n, event);
      await look(server);
      return jobs.count() - before;
    };
    expect(await asked({ instanceId: 'elsewhere' }, 7)).toBe(1);
    expect(await asked({ instanceId: 'here' }, 0)).toBe(1);
    expect(await asked({ instanceId: 'elsewhere' }, 8)).toBe(0);
    expect(await asked({ instanceId: 'here' }, 9)).toBe(1);
  });

  it('are all callers of an app, by its instance', async () => {
    const jobs = await startMovingJobs(1);
    jobs.answer = ({ operation }) =>
      operation === 'CreateAccessToken' ? { json: { access_token: 't', expires_in: 14_400 } } : undefined;
    const server = await openWebhookServer(jobs, {
      watch: hourly,
      credentials: {
        mode: 'app',
        scheme: 'bare',
        appId: 'a',
        appSecret: 's',
        instanceId: 'instance-1',
      },
    });
    const feed = await server.watch(watchAll());
    const before = jobs.count();
    await server.send(7, { instanceId: 'instance-2', siteId: 'site-2' });
    await look(server);
    expect(jobs.count()).toBe(before);
    jobs.move(0, ended());
    await server.send(0, { instanceId: 'Instance-1', siteId: 'site-1' });
    await look(server);
    expect(await nextOf(feed)).toMatchObject({ kind: 'STATUS_CHANGED' });
  });
});

describe('a burst of events', () => {
  it('of 1000 jobs costs a look at everything, and one of one job a single call', async () => {
    const jobs = await startMovingJobs(1);
    const server = await openWebhookServer(jobs, { watch: hourly });
    await server.watch(watchAll());
    const before = jobs.count();
    for (let n = 0; n < 1000; n += 50) {
      await Promise.all(Array.from({ length: 50 }, (_, k) => server.send(n + k, { slug: 'created' })));
    }
    await look(server, 5000);
    expect(jobs.count() - before).toBeLessThanOrEqual(3);
    const later = jobs.count();
    for (let n = 0; n < 100; n += 1) await server.send(0, { sequence: String(n + 1) });
    await look(server, 200);
    expect(jobs.count() - later).toBe(1);
  });

  it('that does not end stays within the share of polling', async () => {
    const jobs = await startMovingJobs(1);
    const server = await openWebhookServer(jobs);
    await server.watch(watchJob(0));
    const before = jobs.count();
    for (let n = 0; n < 600; n += 1) {
      await server.send(0, { sequence: String(n + 1) });
      await server.clock.advance(100);
    }
    expect(jobs.count() - before).toBeLessThanOrEqual(100);
    expect(jobs.count() - before).toBeGreaterThan(50);
  });
});

describe('polling while events come', () => {
  const open = async () => {
    const jobs = await startMovingJobs(1);
    const server = await openWebhookServer(jobs);
    const feed = await server.watch(watchAll());
    /** The job changes, and an event says so. */
    const announce = async (status: string) => {
      jobs.move(0, { status });
      await server.send(0);
      await look(server);
      expect(await nextOf(feed)).toMatchObject({ kind: 'STATUS_CHANGED', job: { status } });
    };
    return { jobs, server, feed, announce };
  };

  it('slows down to POLL_MAX_MS also while jobs progress, says so, and never stops', async () => {
    const { jobs, server, feed, announce } = await open();
    expect(await intervalOf(server)).toBeLessThan(2000);
    await announce('INITIALIZING');
    expect(await intervalOf(server)).toBe(15_000);
    await untilAsked(server, jobs);
    for (let current = 1; current <= 3; current += 1) {
      jobs.move(0, { progress: { current } });
      expect(await untilAsked(server, jobs)).toBeGreaterThan(14_000);
      expect(await nextOf(feed)).toMatchObject({ kind: 'PROGRESSED', job: { progress: { current } } });
      expect(await intervalOf(server)).toBe(15_000);
    }
  });

  it('repairs an event that was lost, and is quick again for minutes', async () => {
    const { jobs, server, feed, announce } = await open();
    await announce('INITIALIZING');
    jobs.move(0, { status: 'IN_PROGRESS' });
    jobs.move(1, { status: 'INITIALIZING' });
    await untilAsked(server, jobs);
    const told = [await nextOf(feed), await nextOf(feed)];
    expect(told.map(({ kind }) => kind).toSorted()).toEqual(['STATUS_CHANGED', 'SUBMITTED']);
    expect(await intervalOf(server)).toBe(1000);
    await announce('UNINITIALIZED');
    expect(await intervalOf(server)).toBe(1000);
  });

  it('is quick again when no event has come for five minutes', async () => {
    const { jobs, server, feed, announce } = await open();
    await announce('INITIALIZING');
    await server.clock.advance(5 * 60_000);
    jobs.move(0, { progress: { current: 1 } });
    await untilAsked(server, jobs);
    expect((await nextOf(feed)).kind).toBe('PROGRESSED');
    expect(await intervalOf(server)).toBe(1000);
  });

  it('looks again soon where upstream does not yet know what an event tells', async () => {
    const { jobs, server, feed, announce } = await open();
    await announce('INITIALIZING');
    await server.send(1, { slug: 'created' });
    jobs.answer = ({ operation }) => (operation === 'GetJob' ? notFound : undefined);
    await look(server, 300);
    jobs.answer = undefined;
    jobs.move(1, { status: 'INITIALIZING' });
    await look(server, 1000);
    expect(await nextOf(feed)).toMatchObject({ kind: 'SUBMITTED', job: { id: guid(1) } });
    expect(await intervalOf(server)).toBe(15_000);
  });

  it('does not slow down for events of elsewhere', async () => {
    const jobs = await startMovingJobs(1);
    jobs.answer = ({ operation }) => (operation === 'GetJob' ? notFound : undefined);
    const server = await openWebhookServer(jobs);
    await server.watch(watchAll());
    const before = await intervalOf(server);
    await server.send(7);
    await look(server);
    expect(await intervalOf(server)).toBe(before);
    expect(jobs.count('GetJob')).toBe(1);
  });
});

describe('on a site with more jobs than one look reads', () => {
  const pagesOfALook = 10;
  /** Every look reads ten pages, and the one after it the rest. */
  const open = async (pollMinMs: number) => {
    const jobs = await startMovingJobs(1500);
    const server = await openWebhookServer(jobs, {
      watch: { ...defaultWatch, pollMinMs, pollShare: 1 },
      upstreamRequestsPerMinute: 100_000,
    });
    const feed = watchByEvents(`${server.url}${graphqlPath}`, watchAll());
    while (feed.waiting.length < 1500) await server.look(100);
    const pages = () => jobs.count('QueryJobs');
    /** Lets time pass until so many pages more are read, and taken in. */
    const untilRead = async (count: number) => {
      const [before, start] = [pages(), server.clock.now()];
      while (pages() === before) await server.clock.advance(10);
      while (pages() < before + count) await server.look(0);
      await server.look(0);
      return server.clock.now() - start;
    };
    while (pages() % 15 !== 0) await server.look(10);
    const nextOfFirst = async () => {
      for (;;) {
        const update = await nextOf(feed);
        if (update.job.id === guid(0) && update.kind !== 'SNAPSHOT') return update;
      }
    };
    return { jobs, server, feed, untilRead, nextOfFirst };
  };

  it('an event is told of a job that the sweep has read past', async () => {
    const { jobs, server, untilRead, nextOfFirst } = await open(200);
    await untilRead(pagesOfALook);
    jobs.move(0, ended());
    await server.send(0);
    await untilRead(5);
    expect(jobs.count('GetJob')).toBe(1);
    expect(await nextOfFirst()).toMatchObject({ job: { status: 'COMPLETED' } });
  });

  it('polling that is a safety net does not put off the rest of a sweep', async () => {
    const { jobs, server, untilRead, nextOfFirst } = await open(1000);
    jobs.move(0, { status: 'INITIALIZING' });
    await server.send(0);
    await server.look(400);
    expect((await nextOfFirst()).kind).toBe('STATUS_CHANGED');
    await untilRead(pagesOfALook);
    expect(await untilRead(5)).toBeLessThanOrEqual(1010);
    expect(await intervalOf(server)).toBe(15_000);
    expect(await untilRead(pagesOfALook)).toBeGreaterThan(14_000);
    expect(await untilRead(5)).toBeLessThanOrEqual(1010);
  });
});
