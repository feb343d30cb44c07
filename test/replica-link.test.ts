import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createLink, type Link } from '../src/replicas/link.ts';
import type { Log } from '../src/telemetry/log.ts';
import { silentLog } from '../src/telemetry/log.ts';
import { openServer } from './support/live-server.ts';
import { memoryLog } from './support/memory-log.ts';
import { forget, ownPrefix, redisUrl, withoutRedis } from './support/redis.ts';
import { openReplica, until } from './support/replicas.ts';
import { jobsPage } from './support/rows.ts';
import { startScriptedUpstream } from './support/scripted-upstream.ts';

const open = (
  url: URL,
  { prefix = ownPrefix(), log = silentLog }: { prefix?: string; log?: Log } = {},
): Link => {
  const link = createLink({ url, prefix, log });
  onTestFinished(() => link.close());
  return link;
};

/** A way to Redis that can keep back the answers to commands, and lose the connection that listens. */
const openSplitWire = async (to: URL) => {
  const listening = new Set<Socket>();
  const sockets = new Set<Socket>();
  let kept: (() => void)[] | null = null;
  let commands = 0;
  let pongs = 0;
  const server = createServer((near) => {
    const far = connect(Number(to.port || 6379), to.hostname);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
    }
    near.on('close', () => {
      listening.delete(near);
      far.destroy();
    });
    far.on('close', () => near.destroy());
    near.on('data', (chunk) => {
      if (/subscribe|\bping\b/i.test(String(chunk))) listening.add(near);
      if (/evalsha/i.test(String(chunk))) commands += 1;
      far.write(chunk);
    });
    far.on('data', (chunk) => {
      if (/pong/i.test(String(chunk))) pongs += 1;
      if (kept === null || listening.has(near)) near.write(chunk);
      else kept.push(() => near.write(chunk));
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return {
    url: new URL(`redis://127.0.0.1:${(server.address() as AddressInfo).port}`),
    keepAnswers: () => {
      kept = [];
    },
    letAnswers: () => {
      for (const pass of kept ?? []) pass();
      kept = null;
    },
    /** After what it has still to say. */
    loseListening: () => {
      for (const socket of listening) socket.end();
    },
    get asked() {
      return { commands, pongs };
    },
  };
};

describe.skipIf(withoutRedis)('the link to other replicas (needs Redis)', () => {
  it('times what it asks Redis, where the metrics are read', async () => {
    const upstream = await startScriptedUpstream(() => jobsPage([]));
    const settings = { REDIS_URL: (redisUrl as URL).href, REDIS_PREFIX: ownPrefix() };
    const { origin } = await openServer(upstream.url, settings);
    const metrics = async () => (await fetch(`${origin}/metrics`)).text();
    let text = await metrics();
    while (!/^gateway_redis_up 1$/m.test(text)) text = await metrics();
    expect(text).toMatch(/^gateway_redis_call_duration_seconds_count [1-9]/m);
  });

  it('that loses what it listens with, in the middle of asking, hears again once it says it is up', async () => {
    const prefix = ownPrefix();
    const wire = await openSplitWire(redisUrl as URL);
    const one = open(wire.url, { prefix });
    const other = open(redisUrl as URL, { prefix });
    const hear = Promise.withResolvers<string>();
    await one.listen('channel', (message) => hear.resolve(String(message)));
    await until(() => one.isUp && other.isUp);
    wire.keepAnswers();
    const { commands, pongs } = wire.asked;
    await until(() => wire.asked.commands > commands && wire.asked.pongs > pongs);
    wire.loseListening();
    await until(() => !one.isUp);
    wire.letAnswers();
    await until(() => one.isUp);
    other.publish('channel', 'news');
    expect(await hear.promise).toBe('news');
  });

  it('says why Redis is away', async () => {
    const { log, logged } = memoryLog();
    open(new URL('redis://:CANARY@127.0.0.1:1'), { log });
    const away = 'Redis is away: going on alone, within a share of the budget, until it is back';
    expect(await logged(away)).toMatchObject({ parts: 2, reason: expect.stringContaining('ECONNREFUSED') });
  });

  it('says that its password is not accepted, not what it is, and goes on trying', async () => {
    const { log, logged, lines } = memoryLog();
    const { hostname, port } = redisUrl as URL;
    const link = open(new URL(`redis://nobody:CANARY@${hostname}:${port || 6379}`), { log });
    const away = 'Redis is away: going on alone, within a share of the budget, until it is back';
    expect((await logged(away)).reason).toContain('WRONGPASS');
    const tries = () => lines.filter((line) => line.includes('Redis cannot be reached')).length;
    await until(() => tries() > 4);
    expect(link.isUp).toBe(false);
    expect(lines.join()).not.toContain('CANARY');
  });

  it('says that its database is none, rather than use another', async () => {
    const { log, logged } = memoryLog();
    const { hostname, port } = redisUrl as URL;
    const link = open(new URL(`redis://${hostname}:${port || 6379}/99999`), { log });
    const away = 'Redis is away: going on alone, within a share of the budget, until it is back';
    expect((await logged(away)).reason).toContain('DB index');
    expect(link.isUp).toBe(false);
  });

  it('says that Redis was emptied under its connections, once', async () => {
    const prefix = ownPrefix();
    const { log, logged, lines } = memoryLog();
    const replica = await openReplica({ prefix, log });
    await forget(redisUrl as URL, `${prefix}*`);
    const emptied = 'Redis has forgotten everything: each replica tells it again what it knows';
    expect(await logged(emptied)).toMatchObject({ level: 40 });
    expect(replica.isTogether).toBe(true);
    await until(() => replica.spending.isSettled);
    expect(lines.filter((line) => line.includes(emptied))).toHaveLength(1);
  });

  it('says of how many parts it takes one while Redis is away, the same everywhere', async () => {
    const upstream = await startScriptedUpstream(() => jobsPage([]));
    const { log, logged } = memoryLog();
    const { origin } = await openServer(upstream.url, { REDIS_URL: 'redis://127.0.0.1:1' }, log);
    const { parts } = await logged(
      'Redis is away: going on alone, within a share of the budget, until it is back',
    );
    const metrics = await (await fetch(`${origin}/metrics`)).text();
    expect(metrics).toMatch(new RegExp(`^gateway_budget_parts ${parts}$`, 'm'));
  });

  it('says who has come or gone, and which replica polls for a caller', async () => {
    const prefix = ownPrefix();
    const memory = memoryLog();
    const one = await openReplica({ prefix, log: memory.log });
    const other = await openReplica({ prefix });
    expect(await memory.logged('replicas have come or gone')).toMatchObject({ here: 2, missing: 0 });
    const member = {
      wish: () => ({ ids: [], feed: false }),
      hear: () => {},
      miss: () => {},
      look: () => {},
      serve: () => {},
    };
    const first = other.company.join('caller', member);
    onTestFinished(() => first.leave());
    await until(() => other.leases === 1);
    const second = one.company.join('caller', member);
    onTestFinished(() => second.leave());
    first.leave();
    expect(other.leases).toBe(0);
    const line = await memory.logged('this replica polls for a caller');
    expect(line).toMatchObject({ level: 30, caller: 'caller' });
    expect(one.leases).toBe(1);
  });
});
