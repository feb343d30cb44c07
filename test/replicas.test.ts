import { describe, expect, it } from 'vitest';
import { openSocket, type Told } from './support/live-client.ts';
import { callerHeaders } from './support/live-server.ts';
import { openWire, ownPrefix, redisUrl, startOwnRedis, withoutRedis } from './support/redis.ts';
import { type ReplicaProcess, startReplica } from './support/replica-process.ts';
import { until } from './support/replicas.ts';
import { askedIds, guid, jobRow, jobsPage, notFound, type Row } from './support/rows.ts';
import {
  type Reply,
  type ScriptedUpstream,
  startScriptedUpstream,
  type UpstreamCall,
} from './support/scripted-upstream.ts';

const running = (n: number, progress: number) =>
  jobRow(n, {
    status: 'IN_PROGRESS',
    startedAt: new Date().toISOString(),
    finishedAt: null,
    progress: { current: progress, total: 1000 },
  });

/** Jobs that both replicas see, each through an upstream of its own, so that it shows who asks. */
const openJobs = async (count: number) => {
  const rows = new Map<string, Row>();
  for (let n = 0; n < count; n += 1) rows.set(guid(n), running(n, 0));
  const reply = (call: UpstreamCall): Reply => {
    const { operation, body } = call;
    if (operation === 'SubmitJob') {
      const job = { ...running(rows.size, 0), ...body, name: `Job ${rows.size}` };
      rows.set(job.id, job);
      return { json: { job } };
    }
    const ids = askedIds(call);
    if (operation === 'GetJob') {
      const job = rows.get(ids[0] ?? '');
      return job === undefined ? notFound : { json: { job } };
    }
    if (ids.length > 0) return jobsPage(ids.flatMap((id) => rows.get(id) ?? []));
    return jobsPage([...rows.values()]);
  };
  const upstreams = await Promise.all([startScriptedUpstream(reply), startScriptedUpstream(reply)]);
  return {
    upstreams,
    move: (n: number, progress: number) =>
      void rows.set(guid(n), { ...rows.get(guid(n)), progress: { current: progress, total: 1000 } }),
    end: (n: number) =>
      void rows.set(guid(n), {
        ...rows.get(guid(n)),
        status: 'COMPLETED',
        finishedAt: new Date().toISOString(),
      }),
    remove: (n: number) => void rows.delete(guid(n)),
  };
};

interface Listener {
  /** What was told so far, in short. */
  readonly told: string[];
  /** Settles once something like it was told, or comes. */
  heard(what: string): Promise<void>;
  count(what: string): number;
}

const inShort = ({ type, data }: Told): string => {
  const update = data?.jobUpdated ?? data?.jobsUpdated;
  if (!update) return type;
  return `${update.kind} ${update.job.name} ${update.job.status} ${update.job.progress?.current ?? ''}`.trim();
};

const fields = '{ kind job { name status progress { current } } }';

/** Any number of subscriptions over one socket. */
const listenTo = async ({ url }: ReplicaProcess) => {
  const { operate } = await openSocket(url, { params: callerHeaders });
  const listen = (query: string): Listener => {
    const watch = operate(query);
    const told: string[] = [];
    const collect = async () => {
      for (;;) told.push(inShort(await watch.next()));
    };
    void collect();
    return {
      told,
      heard: (what) => until(() => told.some((each) => each.includes(what))),
      count: (what) => told.filter((each) => each.includes(what)).length,
    };
  };
  return {
    job: (n: number) => listen(`subscription { jobUpdated(id: "${guid(n)}") ${fields} }`),
    /** Opens with what is unfinished, so that it shows from when on ends are told. */
    feed: () => listen(`subscription { jobsUpdated(since: "${new Date().toISOString()}") ${fields} }`),
  };
};

const submit =
  'mutation { submitJob(input: { source: { file: { fileId: "f" } }, destination: { wixDataCollection: { collectionId: "c" } } }) { job { name } } }';

interface Options {
  readonly jobs?: number;
  readonly redis?: URL;
  readonly env?: Record<string, string>;
}

/** Two gateways over one site and one Redis; that of `wire` can be cut off from it. */
const openTwo = async ({ jobs: count = 1, redis = redisUrl as URL, env = {} }: Options = {}) => {
  const jobs = await openJobs(count);
  const prefix = ownPrefix();
  const wires = await Promise.all([openWire(redis), openWire(redis)]);
  const replicas = await Promise.all(
    jobs.upstreams.map(({ url }, n) =>
      startReplica({
        WIX_API_URL: url.href,
        REDIS_URL: (wires[n]?.url ?? redis).href,
        REDIS_PREFIX: prefix,
        ...env,
      }),
    ),
  );
  const looks = (upstream: ScriptedUpstream) => upstream.count('QueryJobs');
  /** Which of the two polls, once it is clear: it looks ten times, the other hardly. */
  const poller = async (): Promise<0 | 1> => {
    for (;;) {
      const before = jobs.upstreams.map(looks);
      const since = () => jobs.upstreams.map((each, n) => looks(each) - (before[n] ?? 0));
      await until(() => since().some((calls) => calls >= 10));
      const [one = 0, other = 0] = since();
      if (Math.min(one, other) <= 2) return one > other ? 0 : 1;
    }
  };
  return { ...jobs, replicas, wires, poller, looks };
};

const open = async (options?: Options) => {
  const two = await openTwo(options);
  const [one, other] = await Promise.all(two.replicas.map(listenTo));
  if (!one || !other) throw new Error('There are two.');
  return { ...two, clients: [one, other] as const };
};

describe.skipIf(withoutRedis)(
  'two gateways with a Redis between them (needs Redis)',
  { timeout: 120_000 },
  () => {
    it('poll once for the readers of both, and tell each of them each end once', async () => {
      const { clients, poller, upstreams, looks, move, end } = await open({ jobs: 3 });
      const feeds = clients.map((client) => client.feed());
      const watches = [clients[0].job(0), clients[1].job(0), clients[1].job(1)];
      await Promise.all([...feeds, ...watches].map(({ heard }) => heard('SNAPSHOT')));
      const polling = await poller();
      const before = upstreams.map(looks);
      await until(
        () => upstreams[polling] !== undefined && looks(upstreams[polling]) - (before[polling] ?? 0) >= 50,
      );
      const following = upstreams[1 - polling] as ScriptedUpstream;
      // once a minute it looks by itself
      expect(looks(following) - (before[1 - polling] ?? 0)).toBeLessThanOrEqual(2);
      move(0, 500);
      await Promise.all(
        [...feeds, watches[0], watches[1]].map((each) => each?.heard('PROGRESSED Job 0 IN_PROGRESS 500')),
      );
      end(0);
      end(1);
      end(2);
      await Promise.all(watches.map(({ heard }) => heard('complete')));
      for (const feed of feeds) {
        await Promise.all([0, 1, 2].map((n) => feed.heard(`Job ${n} COMPLETED`)));
      }
      await poller();
      for (const feed of feeds) for (const n of [0, 1, 2]) expect(feed.count(`Job ${n} COMPLETED`)).toBe(1);
      for (const watch of watches) expect(watch.count('COMPLETED')).toBe(1);
    });

    it('tell what is submitted, and what vanishes, on both', async () => {
      const { clients, replicas, poller, remove } = await open();
      const feeds = clients.map((client) => client.feed());
      const watches = clients.map((client) => client.job(0));
      await Promise.all([...feeds, ...watches].map(({ heard }) => heard('SNAPSHOT')));
      const following = replicas[1 - (await poller())];
      await fetch(following?.url ?? '', {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...callerHeaders },
        body: JSON.stringify({ query: submit }),
      });
      await Promise.all(feeds.map(({ heard }) => heard('SUBMITTED Job 1')));
      remove(0);
      await Promise.all([...feeds, ...watches].map(({ heard }) => heard('DELETED Job 0')));
      await poller();
      for (const feed of feeds) {
        expect([feed.count('SUBMITTED Job 1'), feed.count('DELETED Job 0')]).toEqual([1, 1]);
      }
    });

    for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
      it(`go on when the one that polls gets ${signal}`, async () => {
        const { clients, replicas, poller, end, move } = await open({ jobs: 20 });
        const polling = await (async () => {
          for (const n of [0, 1] as const) clients[n].job(0);
          return poller();
        })();
        const survivor = clients[1 - polling] as (typeof clients)[number];
        const feed = survivor.feed();
        const watches = Array.from({ length: 20 }, (_, n) => survivor.job(n));
        await Promise.all([feed, ...watches].map(({ heard }) => heard('SNAPSHOT')));
        for (let n = 0; n < 10; n += 1) end(n);
        replicas[polling]?.kill(signal);
        for (let n = 10; n < 15; n += 1) end(n);
        const killedAt = performance.now();
        await Promise.all(watches.slice(0, 15).map(({ heard }) => heard('complete')));
        process.stderr.write(`taken over after ${signal}: ${Math.round(performance.now() - killedAt)} ms\n`);
        // until the last of its readers has left it may go on polling
        await replicas[polling]?.ended;
        expect(await poller()).toBe(1 - polling);
        move(19, 7);
        await watches[19]?.heard('PROGRESSED Job 19');
        for (let n = 15; n < 20; n += 1) end(n);
        await Promise.all(watches.map(({ heard }) => heard('complete')));
        await Promise.all(watches.map((_, n) => feed.heard(`Job ${n} COMPLETED`)));
        for (const [n, watch] of watches.entries()) {
          expect(watch.count('COMPLETED')).toBe(1);
          expect(feed.count(`Job ${n} COMPLETED`)).toBe(1);
        }
      });
    }

    for (const how of ['cut', 'stall'] as const) {
      it(`each poll alone when a ${how} parts one from Redis, and together again afterwards`, async () => {
        const { clients, replicas, wires, poller, upstreams, looks, end } = await open({ jobs: 6 });
        const feeds = clients.map((client) => client.feed());
        const watches = clients.map((client) => Array.from({ length: 6 }, (_, n) => client.job(n)));
        const ended = (n: number) =>
          Promise.all(
            watches
              .map((some) => some[n]?.heard('complete'))
              .concat(feeds.map(({ heard }) => heard(`Job ${n} COMPLETED`))),
          );
        await Promise.all([...feeds, ...watches.flat()].map(({ heard }) => heard('SNAPSHOT')));
        const polling = await poller();
        end(0);
        wires[polling]?.[how]();
        end(1);
        await replicas[polling]?.logged(/Redis is away/);
        await Promise.all([ended(0), ended(1)]);
        const before = upstreams.map(looks);
        await until(() => upstreams.every((each, n) => looks(each) - (before[n] ?? 0) >= 5));
        end(2);
        await ended(2);
        end(3);
        wires[polling]?.mend();
        end(4);
        await replicas[polling]?.logged(/Redis is there/, 1);
        await Promise.all([ended(3), ended(4)]);
        await poller();
        end(5);
        await ended(5);
        for (const [side, feed] of feeds.entries()) {
          for (const [n, watch] of (watches[side] ?? []).entries()) {
            expect(watch.count('COMPLETED')).toBe(1);
            expect(feed.count(`Job ${n} COMPLETED`)).toBe(1);
          }
        }
      });
    }
  },
);

describe.skipIf(withoutRedis)('two gateways under load (needs Redis)', { timeout: 120_000 }, () => {
  const ask = async ({ url }: ReplicaProcess, query: string) => {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...callerHeaders },
      body: JSON.stringify({ query }),
    });
    return response.json();
  };
  const limit = 60;
  const upstreamEnv = { UPSTREAM_REQUESTS_PER_MINUTE: `${limit}`, UPSTREAM_TIMEOUT_MS: '2000' };

  it('send no more than the one allowance between them, and use all of it', async () => {
    const { replicas, upstreams } = await openTwo({ env: upstreamEnv });
    const answers = await Promise.all(
      Array.from({ length: 4 * limit }, (_, n) =>
        ask(replicas[n % 2] as ReplicaProcess, `{ jobs(first: ${1 + (n % 90)}) { nodes { id } } }`),
      ),
    );
    expect(upstreams[0].count() + upstreams[1].count()).toBe(limit);
    const codes = answers.map(({ errors }) => errors?.[0].extensions.code);
    expect(new Set(codes)).toEqual(new Set([undefined, 'RATE_LIMITED']));
  });

  it('make one job of each key, however often and wherever it is used', async () => {
    const { replicas, upstreams } = await openTwo();
    const submitWith = (n: number) =>
      submit.replace('input: {', `input: { idempotencyKey: "key-${n}",`).replace('"f"', `"f${n}"`);
    const keys = 10;
    await Promise.all(
      Array.from({ length: 6 * keys }, (_, n) =>
        ask(replicas[n % 2] as ReplicaProcess, submitWith(n % keys)),
      ),
    );
    expect(upstreams[0].count('SubmitJob') + upstreams[1].count('SubmitJob')).toBe(keys);
  });
});

const ownRedis = withoutRedis ? null : 'own';

describe.skipIf(ownRedis === null)(
  'two gateways whose Redis dies (needs redis-server)',
  { timeout: 120_000 },
  () => {
    it('go on alone, and together again once it is back with nothing in it', async (context) => {
      const redis = await startOwnRedis();
      if (redis === null) return context.skip('SKIPPED: no redis-server is installed');
      const { clients, replicas, poller, upstreams, looks, end } = await open({ jobs: 3, redis: redis.url });
      const feeds = clients.map((client) => client.feed());
      const watches = clients.map((client) => Array.from({ length: 3 }, (_, n) => client.job(n)));
      const ended = (n: number) => Promise.all(watches.map((some) => some[n]?.heard('complete')));
      await Promise.all([...feeds, ...watches.flat()].map(({ heard }) => heard('SNAPSHOT')));
      await poller();
      redis.kill('SIGKILL');
      end(0);
      await Promise.all(replicas.map(({ logged }) => logged(/Redis is away/)));
      await ended(0);
      const before = upstreams.map(looks);
      await until(() => upstreams.every((each, n) => looks(each) - (before[n] ?? 0) >= 5));
      end(1);
      await ended(1);
      await redis.restart();
      await Promise.all(replicas.map(({ logged }) => logged(/Redis is there/, 1)));
      await poller();
      end(2);
      await ended(2);
      await Promise.all(feeds.flatMap(({ heard }) => [0, 1, 2].map((n) => heard(`Job ${n} COMPLETED`))));
      for (const [side, feed] of feeds.entries()) {
        for (const [n, watch] of (watches[side] ?? []).entries()) {
          expect(watch.count('COMPLETED')).toBe(1);
          expect(feed.count(`Job ${n} COMPLETED`)).toBe(1);
        }
      }
    });
  },
);
