import fc from 'fast-check';
import { Redis } from 'ioredis';
import { describe, expect, it, onTestFinished } from 'vitest';
import { beatScript, type Fleet, readBeat } from '../src/replicas/beat-script.ts';
import type { Link } from '../src/replicas/link.ts';
import { createSharedSpending } from '../src/replicas/shared-spending.ts';
import { ownPrefix, redisUrl, withoutRedis } from './support/redis.ts';

const limit = 120;
const beginning: Fleet = { here: 1, missing: 0, vanished: [], keptShare: 0, parts: 2, memory: '' };

const openRedis = () => {
  const redis = new Redis((redisUrl as URL).href);
  onTestFinished(() => redis.disconnect());
  return redis;
};

/** Replicas without processes, on a Redis whose time passes when the test says so. */
const openFleet = (redis: Redis) => {
  const prefix = ownPrefix();
  const keys = ['replicas', 'parts', 'fleet', 'memory', 'doubts'].map((key) => prefix + key);
  const [replicasKey = '', , fleetKey = ''] = keys;
  let names = 0;

  const pass = async (seconds: number) => {
    for (const name of await redis.zrange(replicasKey, '0', '-1'))
      await redis.zincrby(replicasKey, String(-seconds), name);
    const left = await redis.ttl(fleetKey);
    if (left > seconds) await redis.expire(fleetKey, left - seconds);
    else await redis.del(fleetKey);
  };

  const begin = () => {
    const seat = `seat${names++}`;
    const replica = `${seat}/${names}`;
    let fleet = beginning;
    let isNew = true;
    return {
      replica,
      get fleet() {
        return fleet;
      },
      /** What it would use of an allowance if it could not reach Redis from now on. */
      get share() {
        return 1 / fleet.parts;
      },
      async beat() {
        const args = [replica, seat, fleet.parts, Number(isNew)];
        fleet = readBeat(await redis.eval(beatScript.lua, keys.length, ...keys, ...args));
        isNew = false;
      },
    };
  };

  return { prefix, pass, begin };
};

type Replica = ReturnType<ReturnType<typeof openFleet>['begin']>;

/** So that each has heard of all, and all know that it has. */
const beatAll = async (replicas: readonly Replica[]) => {
  for (let round = 0; round < 3; round += 1) for (const each of replicas) await each.beat();
};

describe.skipIf(withoutRedis)('a fleet of replicas (needs Redis)', () => {
  it('keeps one part for one that dies every few seconds in new places, however long that goes on', async () => {
    const { begin, pass } = openFleet(openRedis());
    const one = begin();
    const kept: number[] = [];
    for (let second = 0; second < 600; second += 20) {
      const dying = begin();
      await beatAll([one, dying]);
      kept.push(one.fleet.keptShare);
      await pass(5);
      await one.beat();
      expect(one.fleet).toMatchObject({ here: 1, missing: 1 });
      kept.push(one.fleet.keptShare);
      await pass(15);
    }
    // the first had half: while it may be alive, that is kept
    expect(Math.max(...kept)).toBe(0.5);
    // the later ones had a third at most, beside one that was missing
    expect(Math.max(...kept.slice(20))).toBeLessThanOrEqual(0.3334);
  });

  it('keeps the parts of all who vanish together', async () => {
    const { begin, pass } = openFleet(openRedis());
    const all = Array.from({ length: 5 }, begin);
    await beatAll(all);
    const here = all.slice(0, 2);
    await pass(5);
    await beatAll(here);
    for (const { fleet } of here)
      expect(fleet).toMatchObject({ here: 2, missing: 3, keptShare: 0.6, parts: 5 });
    // they stop, and new ones come in their places: one may be alive still
    const replacements = Array.from({ length: 3 }, begin);
    await beatAll([...here, ...replacements]);
    expect(here[0]?.fleet).toMatchObject({ here: 5, missing: 1, keptShare: 0.2 });
  });

  it('never uses more than all of it while one of them is alone, whoever else comes and dies', async () => {
    const redis = openRedis();
    const event = fc.constantFrom('comes', 'dies', 'passes');
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 2, max: 4 }),
        fc.array(event, { maxLength: 12 }),
        async (count, events) => {
          const { begin, pass } = openFleet(redis);
          const [alone, ...others] = Array.from({ length: count }, begin) as [Replica, ...Replica[]];
          await beatAll([alone, ...others]);
          await pass(5);
          let largest = count;
          for (const what of events) {
            if (what === 'comes') others.push(begin());
            largest = Math.max(largest, others.length + 1);
            if (what === 'dies' && others.length > 1) others.pop();
            if (what !== 'comes') await pass(6);
            await beatAll(others);
            for (const { fleet, share } of others) {
              expect(fleet.keptShare).toBeGreaterThanOrEqual(alone.share - 0.0001);
              // those who are here may be parted as well
              expect(share * fleet.here + fleet.keptShare).toBeLessThanOrEqual(1.0001);
              // and are left what one of the largest fleet would have
              expect(fleet.keptShare).toBeLessThanOrEqual(1.0001 - 1 / largest);
            }
          }
        },
      ),
      { numRuns: 30 },
    );
  });

  it('leaves to callers what the one that may be alive has not been seen to spend', async () => {
    const redis = openRedis();
    const { prefix, begin, pass } = openFleet(redis);
    const spendingOf = ({ replica, fleet }: Replica) => {
      const link: Link = {
        replica,
        fleet,
        isUp: true,
        awayMs: 0,
        isSettled: true,
        parts: fleet.parts,
        run: ({ lua }, names, args) =>
          redis.eval(lua, names.length, ...names.map((name) => prefix + name), ...args),
        publish: () => {},
        listen: async () => () => {},
        onChange: () => () => {},
        onSettled: () => {},
        close: async () => {},
      };
      return createSharedSpending(link);
    };
    const spend = async (by: Replica, most: number) => {
      const wish = { lane: 'query', limitPerMinute: limit, shares: { write: 0, query: 0, poll: 0 } } as const;
      let spent = 0;
      for (const spending = spendingOf(by); spent < most; spent += 1) {
        const { waitMs } = await spending.spend('caller', { ...wish, recovery: null, declared: null });
        if (waitMs > 0) break;
      }
      return spent;
    };
    const one = begin();
    for (const spends of [30, 0, 10]) {
      const dying = begin();
      await beatAll([one, dying]);
      await spend(dying, spends);
      await pass(5);
      await one.beat();
    }
    // half of it for the first, of which 30 are known; a quarter for each of the others: 30 at most are unseen, be it of
    // the first or of the second, and 40 were sent
    expect(one.fleet.vanished.map(({ parts }) => parts).sort()).toEqual([2, 4, 4]);
    expect(await spend(one, limit)).toBe(limit - 30 - 40);
  });
});
