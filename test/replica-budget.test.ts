import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../src/domain/clock.ts';
import { GatewayError } from '../src/domain/gateway-error.ts';
import type { Replicas } from '../src/replicas/replicas.ts';
import { type Budget, createBudget } from '../src/upstream/budget.ts';
import type { Lane } from '../src/upstream/spend-window.ts';
import { forget, openWire, ownPrefix, redisUrl, withoutRedis } from './support/redis.ts';
import { beginReplica, openReplica, until } from './support/replicas.ts';

const limit = 40;

const openBudget = ({ spending }: Replicas, limitPerMinute = limit): Budget => {
  const budget = createBudget(limitPerMinute, systemClock, spending);
  onTestFinished(() => budget.close());
  return budget;
};

const send = (budget: Budget, lane: Lane = 'query', answer: () => Promise<void> = async () => {}) =>
  budget.run('caller', { lane, patienceMs: 0, signal: undefined }, answer);

/** How many of so many requests went through. */
const sendMany = async (budgets: readonly Budget[], count: number, lane: Lane = 'query') => {
  const all = Array.from({ length: count }, (_, n) => send(budgets[n % budgets.length] as Budget, lane));
  return (await Promise.allSettled(all)).filter(({ status }) => status === 'fulfilled').length;
};

const tooMany = (retryAfterMs: number) =>
  new GatewayError('RATE_LIMITED', 'too many', {
    retryAfterMs,
    upstream: { status: 429, code: 'RESOURCE_EXHAUSTED', requestId: null },
  });

describe.skipIf(withoutRedis)('the budget of several replicas (needs Redis)', () => {
  const openTwo = async () => {
    const prefix = ownPrefix();
    const wire = await openWire(redisUrl as URL);
    const [one, other] = await Promise.all([openReplica({ prefix, url: wire.url }), openReplica({ prefix })]);
    return { prefix, wire, one, other, budgets: [openBudget(one), openBudget(other)] as const };
  };

  it('lets through together what upstream allows, and not one more', async () => {
    const { budgets } = await openTwo();
    expect(await sendMany(budgets, 3 * limit)).toBe(limit);
    await expect(send(budgets[0])).rejects.toMatchObject({ code: 'RATE_LIMITED' });
  });

  it('lets one replica use what the other does not', async () => {
    const { budgets } = await openTwo();
    expect(await sendMany([budgets[1]], 2 * limit)).toBe(limit);
    expect(await sendMany([budgets[0]], 5)).toBe(0);
  });

  it('keeps the share of a lane for another replica', async () => {
    const { budgets } = await openTwo();
    await send(budgets[0], 'poll');
    // four of forty belong to polls
    expect(await sendMany([budgets[1]], limit)).toBe(limit - 4);
    expect(await sendMany([budgets[0]], limit, 'poll')).toBe(3);
  });

  it('shares the rest that a 429 asks for', async () => {
    const { budgets } = await openTwo();
    await send(budgets[1]);
    await expect(send(budgets[0], 'query', () => Promise.reject(tooMany(30_000)))).rejects.toThrow(
      'too many',
    );
    await until(() => budgets[1].of('caller').remaining === 0);
    const error = await send(budgets[1]).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'RATE_LIMITED' });
    const { retryAfterMs } = error as GatewayError;
    expect(retryAfterMs).toBeGreaterThan(20_000);
    expect(retryAfterMs).toBeLessThanOrEqual(30_000);
  });

  it('is parted while one of them cannot reach Redis', async () => {
    const { wire, one, other, budgets } = await openTwo();
    wire.cut();
    await until(() => !one.isTogether);
    await until(() => other.missing === 1);
    expect(await sendMany([budgets[0]], limit)).toBe(limit / 2);
    expect(await sendMany([budgets[1]], limit)).toBe(limit / 2);
    wire.mend();
    await until(() => one.spending.isSettled);
    await until(() => other.missing === 0);
    expect(await sendMany(budgets, 2 * limit)).toBe(0);
  });

  it('counts afterwards what was sent alone', async () => {
    const { wire, one, other, budgets } = await openTwo();
    wire.cut();
    await until(() => !one.isTogether);
    expect(await sendMany([budgets[0]], 15)).toBe(15);
    wire.mend();
    await until(() => one.spending.isSettled && other.missing === 0);
    expect(await sendMany([budgets[1]], limit)).toBe(limit - 15);
  });

  it('outlives a Redis that was emptied under its connections, as it is told again', async () => {
    const { prefix, one, other, budgets } = await openTwo();
    expect(await sendMany([budgets[1]], 30)).toBe(30);
    await send(budgets[0]);
    await forget(redisUrl as URL, `${prefix}*`);
    const sent = await sendMany(budgets, 2 * limit);
    await until(() => !one.spending.isSettled && !other.spending.isSettled);
    await until(() => one.spending.isSettled && other.spending.isSettled);
    expect(sent + (await sendMany(budgets, 2 * limit))).toBe(limit - 31);
  });

  it('lets nothing through alone that others were seen to have used just before', async () => {
    const { wire, one, budgets } = await openTwo();
    await sendMany([budgets[1]], limit - 2);
    await send(budgets[0]);
    wire.cut();
    await until(() => !one.isTogether);
    expect(await sendMany([budgets[0]], limit)).toBe(1);
  });

  it('is parted as well when Redis stalls in the middle of asking', async () => {
    const { wire, one, budgets } = await openTwo();
    wire.stall();
    expect(await sendMany([budgets[0]], limit)).toBe(limit / 2);
    await until(() => !one.isTogether);
  });

  it('leaves a replica that is missing its part, but for what it was seen to spend of it', async () => {
    const { wire, other, budgets } = await openTwo();
    expect(await sendMany([budgets[0]], 15)).toBe(15);
    wire.cut();
    await until(() => other.missing === 1);
    expect((await budgets[1].ofAll('caller')).remaining).toBe(limit / 2);
    expect(await sendMany([budgets[1]], limit)).toBe(limit / 2);
    expect(budgets[1].of('caller').remaining).toBe(0);
    expect(budgets[1].state()).toMatchObject({ exhausted: 1, lowest: 0 });
  });

  it('says what is left of what all have sent, at a replica that has sent nothing', async () => {
    const { budgets } = await openTwo();
    await sendMany([budgets[1]], 15);
    const { remaining, resetAt } = await budgets[0].ofAll('caller');
    expect(remaining).toBe(limit - 15);
    expect(resetAt.getTime()).toBeGreaterThan(Date.now() + 30_000);
  });

  it('keeps nothing for a replica that dies again and again, and comes back each time', async () => {
    const prefix = ownPrefix();
    const one = await openReplica({ prefix });
    const die = async (seat: string) => {
      const wire = await openWire(redisUrl as URL);
      const dying = beginReplica({ prefix, url: wire.url, seat });
      await until(() => dying.isTogether);
      wire.cut();
      await until(() => !dying.isTogether);
      await dying.close();
    };
    for (let death = 0; death < 4; death += 1) await die('seat');
    await die('another');
    beginReplica({ prefix, seat: 'seat' });
    // by the time that one of them is missed all of them would be
    await until(() => one.missing > 0 && one.count < 4);
    expect(one).toMatchObject({ missing: 1, count: 3 });
  });

  it('keeps one part for a replica that dies again and again in new places', async () => {
    const prefix = ownPrefix();
    const one = await openReplica({ prefix });
    let left = limit;
    for (let death = 0; death < 3; death += 1) {
      const wire = await openWire(redisUrl as URL);
      const dying = beginReplica({ prefix, url: wire.url });
      await until(() => dying.isTogether);
      wire.cut();
      await until(() => one.count - one.missing === 2);
      await until(() => one.count - one.missing === 1);
      left = Math.min(left, (await openBudget(one).ofAll('caller')).remaining);
    }
    expect(one.missing).toBe(1);
    expect(left).toBe(limit / 2);
    expect(await sendMany([openBudget(one)], limit)).toBe(limit / 2);
  });
});
