import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  type Company,
  type Member,
  type Membership,
  type News,
  noNews,
  type Wish,
} from '../src/live/company.ts';
import { createLink, type Link } from '../src/replicas/link.ts';
import { channelOf, createMembership } from '../src/replicas/membership.ts';
import { encode, type Message } from '../src/replicas/message.ts';
import { silentLog } from '../src/telemetry/log.ts';
import { createCaller } from '../src/upstream/caller.ts';
import { openGateway } from './support/gateway.ts';
import { watchByEvents } from './support/live-client.ts';
import { openServer } from './support/live-server.ts';
import { job } from './support/live-upstream.ts';
import { memoryLog } from './support/memory-log.ts';
import { forget, openWire, ownPrefix, redisUrl, withoutRedis } from './support/redis.ts';
import { openReplica, until } from './support/replicas.ts';
import { guid, jobRow, lookup } from './support/rows.ts';
import { startScriptedUpstream } from './support/scripted-upstream.ts';

const caller = 'caller';

const openRedis = () => {
  const redis = new Redis((redisUrl as URL).href);
  onTestFinished(() => redis.disconnect());
  return redis;
};

/** A replica that notes down what happens to it as one of those that watch for a caller. */
const join = ({ company }: { company: Pick<Company, 'join'> }, wish: Wish = { ids: [], feed: false }) => {
  const heard: string[] = [];
  const served: Wish[][] = [];
  let looks = 0;
  let misses = 0;
  let heardBefore = 0;
  const member: Member = {
    wish: () => wish,
    hear: ({ found, same, gone, seenUntil }: News) => {
      for (const { name, progress } of found) heard.push(`${name} ${progress?.current ?? ''}`.trim());
      for (const id of same) heard.push(`same ${id}`);
      for (const id of gone) heard.push(`gone ${id}`);
      if (seenUntil !== null) heard.push(`all until ${seenUntil.getTime()}`);
    },
    miss: () => {
      misses += 1;
      heardBefore = heard.length;
    },
    look: () => {
      looks += 1;
    },
    serve: (wishes) => void served.push([...wishes.values()]),
  };
  const membership: Membership = company.join(caller, member);
  onTestFinished(() => membership.leave());
  return {
    membership,
    heard,
    served,
    get looks() {
      return looks;
    },
    get misses() {
      return misses;
    },
    /** How much was heard when it last learned that it may have missed something. */
    get heardBefore() {
      return heardBefore;
    },
  };
};

const found = (n: number, current = 0): News => ({
  ...noNews,
  found: [
    job(n, {
      progress: { current, total: 10, itemsSuccessful: null, itemsRejected: null } as never,
      observedAt: new Date(current),
    }),
  ],
});

describe.skipIf(withoutRedis)('replicas that watch for one caller (needs Redis)', () => {
  const openTwo = async () => {
    const prefix = ownPrefix();
    const wire = await openWire(redisUrl as URL);
    const [one, other] = await Promise.all([openReplica({ prefix, url: wire.url }), openReplica({ prefix })]);
    return { prefix, wire, one, other };
  };

  it('are led by the first, who tells the other what is new and only names what is not', async () => {
    const { one, other } = await openTwo();
    const first = join(one);
    await until(() => first.membership.isPolling);
    const second = join(other);
    await until(() => second.looks > 0);
    expect(second.membership.isPolling).toBe(false);
    first.membership.tell(found(0, 1));
    first.membership.tell(found(0, 1));
    first.membership.tell(found(0, 2));
    first.membership.tell({ ...noNews, gone: [guid(0)] });
    // of one that does not poll, nothing is heard
    second.membership.tell(found(1));
    await until(() => second.heard.length === 4);
    expect(second.heard).toEqual(['Job 0 1', `same ${guid(0)}`, 'Job 0 2', `gone ${guid(0)}`]);
    expect(first.heard).toEqual([]);
  });

  it('are served what they wish for, and no longer once they have left', async () => {
    const { one, other } = await openTwo();
    const first = join(one);
    await until(() => first.membership.isPolling);
    const second = join(other, { ids: [guid(7)], feed: true });
    await until(() => first.served.at(-1)?.length === 1);
    expect(first.served.at(-1)).toEqual([{ ids: [guid(7)], feed: true }]);
    second.membership.leave();
    await until(() => first.served.at(-1)?.length === 0);
  });

  it('get another leader at once when theirs leaves, and its wishes are asked for', async () => {
    const { one, other } = await openTwo();
    const first = join(one);
    await until(() => first.membership.isPolling);
    const second = join(other);
    const third = join(one, { ids: [guid(3)], feed: false });
    void third;
    first.membership.leave();
    await until(() => second.membership.isPolling || third.membership.isPolling);
  });

  it('keep the lease when a goodbye from before they came is late', async () => {
    const prefix = ownPrefix();
    const link = createLink({ url: redisUrl as URL, prefix, log: silentLog });
    onTestFinished(() => link.close());
    await until(() => link.isUp);
    const gate = Promise.withResolvers<void>();
    let done = 0;
    const run: Link['run'] = async (...call) => {
      const answer = await link.run(...call);
      done += 1;
      await gate.promise;
      return answer;
    };
    const slow: Link = Object.create(link, { run: { value: run } });
    const via = (link: Link) => ({
      company: {
        join: (callerKey: string, member: Member) =>
          createMembership({ link, callerKey, log: silentLog, onLease: () => {} }, member),
      },
    });
    const before = join(via(slow));
    await until(() => done === 1);
    before.membership.leave();
    await until(() => done === 2);
    const now = join(via(link));
    await until(() => now.membership.isPolling);
    const redis = openRedis();
    const standing = () =>
      Promise.all([
        redis.hget(`${prefix}lease:{${caller}}`, 'fence'),
        redis.zrange(`${prefix}members:{${caller}}`, '0', '-1'),
      ]);
    const held = await standing();
    gate.resolve();
    await until(() => done === 3);
    expect(held).toEqual([expect.any(String), [expect.stringContaining(link.replica)]]);
    expect(await standing()).toEqual(held);
  });

  it('hear nothing of a leader from before', async () => {
    const { prefix, one, other } = await openTwo();
    const first = join(one);
    await until(() => first.membership.isPolling);
    const second = join(other);
    await until(() => second.looks > 0);
    const redis = openRedis();
    const fence = Number(await redis.hget(`${prefix}lease:{${caller}}`, 'fence'));
    const say = (message: Partial<Message>) =>
      redis.publish(
        prefix + channelOf(caller),
        encode({ from: randomUUID(), kind: 'news', fence, number: 1, news: noNews, ...message } as Message),
      );
    await say({ fence: fence - 1, news: found(1) });
    await redis.publish(prefix + channelOf(caller), 'what another version says');
    first.membership.tell(found(2));
    await until(() => second.heard.length > 0);
    expect(second.heard).toEqual(['Job 2 0']);
  });

  it('look themselves when a message was lost', async () => {
    const { prefix, one, other } = await openTwo();
    const first = join(one);
    await until(() => first.membership.isPolling);
    const second = join(other);
    first.membership.tell(found(1));
    await until(() => second.heard.length > 0);
    const before = second.looks;
    const redis = openRedis();
    const fence = Number(await redis.hget(`${prefix}lease:{${caller}}`, 'fence'));
    const late = { from: randomUUID(), kind: 'news', fence, number: 9, news: found(2) } as const;
    await redis.publish(prefix + channelOf(caller), encode(late));
    await until(() => second.looks > before);
  });

  it('are told how far everything was seen, also when there is nothing else to tell', async () => {
    const { one, other } = await openTwo();
    const first = join(one);
    await until(() => first.membership.isPolling);
    const second = join(other);
    await until(() => second.looks > 0);
    first.membership.tell({ ...found(1), seenUntil: new Date(5) });
    first.membership.tell({ ...noNews, seenUntil: new Date(6) });
    const many = Array.from({ length: 150 }, (_, n) => found(n + 2).found).flat();
    first.membership.tell({ ...noNews, found: many, seenUntil: new Date(7) });
    await until(() => second.heard.length === 154);
    expect(second.heard.slice(0, 3)).toEqual(['Job 1 0', 'all until 5', 'all until 6']);
    // said with the last part only: until then there is more to come
    expect(second.heard.filter((each) => each.startsWith('all'))).toHaveLength(3);
    expect(second.heard.at(-1)).toBe('all until 7');
  });

  it('know that they have missed something before they hear how far everything was seen', async () => {
    const { prefix, one, other } = await openTwo();
    const first = join(one);
    await until(() => first.membership.isPolling);
    const second = join(other);
    await until(() => second.looks > 0);
    first.membership.tell(found(1));
    await until(() => second.heard.length === 1);
    const { misses, looks } = second;
    const redis = openRedis();
    const fence = Number(await redis.hget(`${prefix}lease:{${caller}}`, 'fence'));
    const say = (message: Partial<Message>) =>
      redis.publish(
        prefix + channelOf(caller),
        encode({ from: randomUUID(), kind: 'news', fence, number: 9, ...message } as Message),
      );
    await say({ news: { ...noNews, seenUntil: new Date(9) } });
    await until(() => second.heard.length === 2);
    expect([second.misses, second.heardBefore]).toEqual([misses + 1, 1]);
    expect(second.looks).toBeGreaterThan(looks);
    // and of what a new one has not told yet, they cannot know
    await say({ fence: fence + 1, number: 1, news: { ...noNews, seenUntil: new Date(10) } });
    await until(() => second.heard.length === 3);
    expect([second.misses, second.heardBefore]).toEqual([misses + 2, 2]);
  });

  it('each poll while one of them cannot reach Redis, and look again when it is back', async () => {
    const { wire, one, other } = await openTwo();
    const first = join(one);
    await until(() => first.membership.isPolling);
    const second = join(other);
    await until(() => second.looks > 0);
    wire.cut();
    await until(() => !one.isTogether && second.membership.isPolling);
    expect([one.problem(), other.problem()]).toEqual([expect.stringMatching(/^Redis is away/), null]);
    expect(first.membership.isPolling).toBe(true);
    const before = first.looks;
    wire.mend();
    await until(() => one.isTogether && first.looks > before);
    expect(first.membership.isPolling).toBe(false);
  });

  it('look again when Redis was emptied under them, and have one leader then', async () => {
    const { prefix, one, other } = await openTwo();
    const members = [join(one)];
    await until(() => members[0]?.membership.isPolling === true);
    members.push(join(other));
    await until(() => (members[1]?.looks ?? 0) > 0);
    const before = members.map(({ looks }) => looks);
    await forget(redisUrl as URL, `${prefix}*`);
    await until(() => members.every(({ looks }, n) => looks > (before[n] ?? 0)));
    await until(() => members.filter(({ membership }) => membership.isPolling).length === 1);
    const leading = members.findIndex(({ membership }) => membership.isPolling);
    members[leading]?.membership.tell(found(0, 1));
    await until(() => members[1 - leading]?.heard.includes('Job 0 1') === true);
  });

  it('hear of an event that reached another of them, and the one that polls looks', async () => {
    const { one, other } = await openTwo();
    const hear = Promise.withResolvers<unknown>();
    other.onAnnounced(hear.resolve);
    one.announce({ jobId: guid(0), instanceId: 'instance', siteId: null });
    expect(await hear.promise).toMatchObject({ jobId: guid(0), instanceId: 'instance', siteId: null });
  });

  it('pass over what nobody understands, on every kind of channel', async () => {
    const prefix = ownPrefix();
    const thrown: unknown[] = [];
    const note = (error: unknown) => void thrown.push(error);
    process.on('uncaughtException', note);
    onTestFinished(() => void process.off('uncaughtException', note));
    const { log, events } = memoryLog();
    const [one, other] = await Promise.all([openReplica({ prefix, log }), openReplica({ prefix })]);
    const { heard } = join(one);
    const announced: unknown[] = [];
    one.onAnnounced((news) => void announced.push(news));
    const refused: string[] = [];
    one.spending.onRefused((callerKey) => void refused.push(callerKey));
    const redis = openRedis();
    for (const channel of ['announced', 'refused', channelOf(caller)]) {
      for (const rubbish of ['not json', '', 'null', '[]', '{"from":1}', '\u0000\uffff']) {
        await until(() => one.isTogether);
        await redis.publish(prefix + channel, rubbish);
      }
    }
    other.announce({ jobId: guid(0), instanceId: null, siteId: null });
    other.spending.tellRefused(caller, 1000);
    other.company.tellWritten(caller, found(1));
    await until(() => announced.length > 0 && refused.length > 0 && heard.length > 0);
    expect([announced.length, refused, heard]).toEqual([1, [caller], ['Job 1 0']]);
    expect([thrown, events(50)]).toEqual([[], []]);
  });

  it('survive a fault in taking in what they heard, and log it', async () => {
    const prefix = ownPrefix();
    const memory = memoryLog();
    const [one, other] = await Promise.all([
      openReplica({ prefix, log: memory.log }),
      openReplica({ prefix }),
    ]);
    const hear = Promise.withResolvers<unknown>();
    one.onAnnounced(() => {
      throw new Error('a fault');
    });
    one.onAnnounced(hear.resolve);
    other.announce({ jobId: guid(0), instanceId: null, siteId: null });
    expect(await hear.promise).toMatchObject({ jobId: guid(0) });
    expect(memory.events(50)).toMatchObject([
      { msg: expect.stringMatching(/not taken in/), err: { message: 'a fault' } },
    ]);
  });

  it('leave keys in Redis that all have the prefix and expire, and no credential', async () => {
    const prefix = ownPrefix();
    const upstream = await startScriptedUpstream((call) =>
      call.operation === 'SubmitJob'
        ? { json: { job: jobRow(1, { status: 'INITIALIZING', finishedAt: null }) } }
        : lookup([jobRow(0, { status: 'IN_PROGRESS', finishedAt: null })])(call),
    );
    const redis = openRedis();
    const { log, lines } = memoryLog();
    const server = await openServer(
      upstream.url,
      { REDIS_URL: (redisUrl as URL).href, REDIS_PREFIX: prefix },
      log,
    );
    const headers = { authorization: 'CANARY-credential' };
    const watch = watchByEvents(server.url, `subscription { jobUpdated(id: "${guid(0)}") { kind } }`, {
      headers,
    });
    await watch.next();
    await until(() => lines.some((line) => line.includes('Redis is there')));
    const { key } = createCaller({ authorization: headers.authorization, siteId: null, accountId: null });
    await server.ask(
      'mutation { submitJob(input: { idempotencyKey: "CANARY-key", source: { file: { fileId: "CANARY-file" } }, destination: { wixDataCollection: { collectionId: "c" } } }) { job { id } } }',
      headers,
    );
    let keys: string[] = [];
    const wanted = ['replicas', `lease:{${key}}`, `members:{${key}}`, `spent:{${key}}`].map(
      (name) => prefix + name,
    );
    do keys = await redis.keys(`${prefix}*`);
    while (!wanted.every((name) => keys.includes(name)));
    expect(keys.some((name) => name.includes('submit:'))).toBe(true);
    for (const name of keys) {
      expect(await redis.pttl(name)).toBeGreaterThan(0);
      const type = await redis.type(name);
      const held =
        type === 'hash'
          ? await redis.hgetall(name)
          : type === 'zset'
            ? await redis.zrange(name, '0', '-1')
            : await redis.get(name);
      expect(name + JSON.stringify(held)).not.toContain('CANARY');
    }
    expect(lines.join()).not.toContain('CANARY');
  });

  it('say at the start that Redis is away, why, and no password; and serve all the same', async () => {
    const upstream = await startScriptedUpstream(lookup([jobRow(0)]));
    const { log, events, lines } = memoryLog();
    const wire = await openWire(redisUrl as URL);
    wire.cut();
    const { port } = wire.url;
    const server = await openServer(
      upstream.url,
      { REDIS_URL: `redis://:CANARY@127.0.0.1:${port}`, REDIS_PREFIX: ownPrefix() },
      log,
    );
    await until(() => events(40).length > 0);
    expect(events(40)[0].msg).toMatch(/^Redis is away/);
    expect(events(40)[0].reason).toMatch(/clos|ECONNRESET|EPIPE/);
    expect((await server.ask(`{ job(id: "${guid(0)}") { status } }`)).data.job.status).toBe('COMPLETED');
    wire.mend();
    await until(() => lines.some((line) => line.includes('Redis is there')));
    expect(lines.join()).not.toContain('CANARY');
  });

  it('share an event: a reader at one hears at once of what Wix told the other', async () => {
    const { one, other } = await openTwo();
    const rows = [jobRow(0, { status: 'IN_PROGRESS', finishedAt: null })];
    const upstream = await startScriptedUpstream((call) => lookup(rows)(call));
    const hour = 3_600_000;
    const watch = { pollMinMs: hour, pollMaxMs: hour, pollShare: 0.5, staleAfterMs: hour, watchMaxMs: hour };
    const [near, far] = [one, other].map((replicas) => openGateway(upstream.url, { replicas, watch }));
    const response = await near?.fetch(
      new Request('http://gateway/graphql', {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          accept: 'text/event-stream',
          authorization: 'test-credential',
        },
        body: JSON.stringify({ query: `subscription { jobUpdated(id: "${guid(0)}") { job { status } } }` }),
      }),
    );
    let text = '';
    const read = async () => {
      for await (const chunk of response?.body?.pipeThrough(new TextDecoderStream()) ?? []) text += chunk;
    };
    void read();
    await until(() => text.includes('IN_PROGRESS'));
    rows[0] = jobRow(0);
    far?.announce({ jobId: guid(0), instanceId: null, siteId: null });
    await until(() => text.includes('COMPLETED') && text.includes('event: complete'));
  });
});
