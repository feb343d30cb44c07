import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GatewayError } from '../src/domain/gateway-error.ts';
import { silentLog } from '../src/telemetry/log.ts';
import { noMetrics } from '../src/telemetry/metrics.ts';
import { createBudget } from '../src/upstream/budget.ts';
import type { SharedAnswer, SharedSpending } from '../src/upstream/shared-spending.ts';
import { type Lane, lanes } from '../src/upstream/spend-window.ts';
import { createFakeClock, settled } from './support/fake-clock.ts';
import { memoryLog } from './support/memory-log.ts';

const minute = 62_000;

const open = (limit: number, log = silentLog) => {
  const clock = createFakeClock();
  const waits: (readonly [string, number])[] = [];
  const limiters: string[] = [];
  const metrics = {
    ...noMetrics,
    budgetWaited: (lane: string, seconds: number) => void waits.push([lane, seconds]),
    rateLimited: (by: string) => void limiters.push(by),
  };
  const budget = createBudget(limit, clock, null, log, metrics);
  const sent: { readonly at: number; readonly lane: Lane; readonly caller: string }[] = [];
  /** One request that upstream answers at once, or as `answer` does. */
  const send = (
    lane: Lane,
    {
      patienceMs = 8000,
      caller = 'caller',
      signal,
      answer,
    }: { patienceMs?: number; caller?: string; signal?: AbortSignal; answer?: () => Promise<void> } = {},
  ) =>
    budget.run(caller, { lane, patienceMs, signal }, async () => {
      sent.push({ at: clock.now(), lane, caller });
      await answer?.();
    });
  const sendMany = (count: number, lane: Lane, options?: Parameters<typeof send>[1]) =>
    Promise.all(Array.from({ length: count }, () => send(lane, options)));
  return { clock, budget, sent, waits, limiters, send, sendMany };
};

const tooMany = (retryAfterMs: number) =>
  new GatewayError('RATE_LIMITED', 'too many', {
    retryAfterMs,
    upstream: { status: 429, code: 'RESOURCE_EXHAUSTED', requestId: null },
  });

const refusedWith = (retryAfterMs: unknown) => ({ code: 'RATE_LIMITED', retryAfterMs, upstream: null });

describe('a budget', () => {
  it('times how long requests wait for their turn', async () => {
    const { clock, waits, send } = open(1);
    await send('query');
    const second = send('poll', { patienceMs: minute });
    await clock.advance(minute);
    await second;
    expect(waits).toEqual([
      ['query', 0],
      ['poll', minute / 1000],
    ]);
  });

  it('never lets more through in any 60 seconds than upstream allows', async () => {
    const wish = fc.record({
      waitMs: fc.nat(20_000),
      lane: fc.constantFrom(...lanes),
      count: fc.integer({ min: 1, max: 12 }),
      patienceMs: fc.constantFrom(0, 3000, 90_000),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(wish, { maxLength: 30 }), async (wishes) => {
        const { clock, sent, send, budget } = open(10);
        const all: Promise<unknown>[] = [];
        for (const { waitMs, lane, count, patienceMs } of wishes) {
          await clock.advance(waitMs);
          for (let n = 0; n < count; n += 1) all.push(send(lane, { patienceMs }).catch(() => {}));
        }
        await clock.advance(300_000);
        await Promise.all(all);
        for (const { at } of sent) {
          expect(sent.filter((other) => other.at >= at && other.at < at + 60_000).length).toBeLessThanOrEqual(
            10,
          );
        }
        expect(clock.pending).toBe(0);
        budget.close();
      }),
      { numRuns: 40 },
    );
  });

  it('lets a caller use all of it at once, and refuses the next at once with when to come back', async () => {
    const { sendMany, send, budget, clock } = open(200);
    await sendMany(200, 'query');
    expect(budget.of('caller').remaining).toBe(0);
    await clock.advance(10_000);
    await expect(send('query')).rejects.toMatchObject(refusedWith(minute - 10_000));
    expect(clock.pending).toBe(0);
    await clock.advance(minute - 10_000);
    await send('query');
  });

  it('makes a request wait that has the patience for it', async () => {
    const { sendMany, send, clock, sent } = open(5);
    await sendMany(5, 'query');
    const waiting = send('query', { patienceMs: minute });
    await clock.advance(minute - 1);
    expect(sent).toHaveLength(5);
    await clock.advance(1);
    await waiting;
    expect(sent).toHaveLength(6);
  });

  it('knows how long the queue is when it says how long to wait', async () => {
    const { sendMany, send, clock } = open(5);
    await sendMany(5, 'query');
    await clock.advance(1000);
    const waiting = sendMany(5, 'query', { patienceMs: 2 * minute });
    // those who wait fill the next minute
    await expect(send('query', { patienceMs: minute })).rejects.toMatchObject(refusedWith(2 * minute));
    await clock.advance(2 * minute);
    await waiting;
  });

  it('serves writes before queries and queries before polls, each in its order', async () => {
    const { sendMany, send, clock, sent } = open(4);
    await sendMany(4, 'query');
    const waiting = ['poll', 'query', 'poll', 'write'].map((lane) =>
      send(lane as Lane, { patienceMs: 2 * minute }),
    );
    await clock.advance(2 * minute);
    await Promise.all(waiting);
    expect(sent.slice(4).map(({ lane }) => lane)).toEqual(['write', 'query', 'poll', 'poll']);
  });

  it('lends what an idle lane does not use, and keeps its share for one that is in use', async () => {
    const { sendMany, send, clock } = open(100);
    await sendMany(1, 'poll');
    // ten of a hundred belong to polls
    await sendMany(90, 'query');
    await expect(send('query', { patienceMs: 0 })).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    await sendMany(9, 'poll');
    await expect(send('poll', { patienceMs: 0 })).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    // nobody has polled any longer
    await clock.advance(2 * minute);
    await sendMany(100, 'query');
  });

  it('keeps some for writes once a caller writes', async () => {
    const { sendMany, send } = open(100);
    await send('write');
    await sendMany(95, 'query');
    await expect(send('query', { patienceMs: 0 })).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    await sendMany(4, 'write');
    await expect(send('write', { patienceMs: 0 })).rejects.toMatchObject({ code: 'RATE_LIMITED' });
  });

  it('is each caller’s own', async () => {
    const { sendMany, send } = open(3);
    await sendMany(3, 'query');
    await send('query', { caller: 'another', patienceMs: 0 });
  });

  it('has a bound for those who wait', async () => {
    const { sendMany, send, clock, sent } = open(1);
    await send('query');
    const waiting = sendMany(1000, 'query', { patienceMs: 2_000 * minute }).catch(() => {});
    await expect(send('query', { patienceMs: Number.MAX_SAFE_INTEGER })).rejects.toMatchObject({
      code: 'RATE_LIMITED',
    });
    await clock.advance(minute);
    expect(sent).toHaveLength(2);
    void waiting;
  });

  it('takes a write all the same when queries have filled the queue', async () => {
    const { sendMany, send, clock, sent, budget } = open(1);
    await send('query');
    const queries = sendMany(1000, 'query', { patienceMs: 2_000 * minute }).catch(() => {});
    const write = send('write', { patienceMs: 2 * minute });
    await clock.advance(minute);
    await write;
    expect(sent.map(({ lane }) => lane)).toEqual(['query', 'write']);
    budget.close();
    await queries;
  });

  it('goes on where it was when the clock is set back', async () => {
    const clock = createFakeClock();
    let back = 0;
    const budget = createBudget(200, { ...clock, now: () => clock.now() - back });
    const send = () =>
      budget.run('caller', { lane: 'query', patienceMs: 0, signal: undefined }, async () => {});
    for (let n = 0; n < 15; n += 1) {
      await clock.advance(60_000);
      if (n === 1) back = 3_600_000;
      for (let each = 0; each < 20; each += 1) await send();
    }
    expect(budget.of('caller').remaining).toBeGreaterThan(150);
  });

  it('frees whoever leaves while waiting', async () => {
    const { send, clock, sent } = open(1);
    await send('query');
    const leave = new AbortController();
    const waiting = send('query', { patienceMs: minute, signal: leave.signal });
    await settled();
    leave.abort(new Error('gone'));
    await expect(waiting).rejects.toThrow('gone');
    expect(clock.pending).toBe(0);
    expect(sent).toHaveLength(1);
  });

  it('refuses those who wait when it closes, and leaves no timer', async () => {
    const { send, clock, budget } = open(1);
    await send('query');
    const waiting = expect(send('query', { patienceMs: minute })).rejects.toMatchObject({
      code: 'RATE_LIMITED',
    });
    await settled();
    budget.close();
    await waiting;
    expect(clock.pending).toBe(0);
  });
});

describe('a 429 of upstream', () => {
  const refuse = (retryAfterMs: number) => ({ answer: () => Promise.reject(tooMany(retryAfterMs)) });

  it('holds everything back for as long as upstream says', async () => {
    const { send, clock, sent, budget } = open(100);
    await expect(send('query', refuse(5000))).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    expect(budget.of('caller')).toMatchObject({ remaining: 0 });
    await expect(send('query', { patienceMs: 4999 })).rejects.toMatchObject(refusedWith(5000));
    const waiting = send('query', { patienceMs: 5000 });
    await clock.advance(4999);
    expect(sent).toHaveLength(1);
    await clock.advance(1);
    await waiting;
  });

  it('is followed by one try at a time, a write first, until one is answered', async () => {
    const { send, clock, sent } = open(100);
    await send('query', refuse(5000)).catch(() => {});
    const first = Promise.withResolvers<void>();
    const waiting = [
      send('query', { patienceMs: 60_000 }),
      send('query', { patienceMs: 60_000 }),
      send('write', { patienceMs: 60_000, answer: () => first.promise }),
    ];
    await clock.advance(20_000);
    expect(sent.slice(1).map(({ lane }) => lane)).toEqual(['write']);
    first.resolve();
    await Promise.all(waiting);
    expect(sent).toHaveLength(4);
  });

  it('halves the limit, and it is whole again after a while', async () => {
    const { send, sendMany, clock, budget } = open(100);
    await send('query', refuse(0)).catch(() => {});
    await send('query');
    expect(budget.of('caller').remaining).toBe(49);
    await sendMany(49, 'query');
    await expect(send('query', { patienceMs: 0 })).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    await clock.advance(minute);
    expect(budget.of('caller').remaining).toBe(100);
  });

  it('counts once for requests that were sent together', async () => {
    const { sendMany, send, budget } = open(100);
    await Promise.allSettled(Array.from({ length: 10 }, () => send('query', refuse(0))));
    await sendMany(1, 'query');
    expect(budget.of('caller').remaining).toBe(49);
  });

  it('does not hold what was sent before against those who come after the pause', async () => {
    const { send, sendMany, clock } = open(100);
    await sendMany(60, 'query');
    await send('query', refuse(2000)).catch(() => {});
    await clock.advance(2000);
    // the first is a try
    await send('query', { patienceMs: 0 });
    await sendMany(38, 'query', { patienceMs: 0 });
  });

  it('is tried again each minute, however long upstream wants to be left alone', async () => {
    const { send, clock } = open(100);
    await send('query', refuse(86_400_000)).catch(() => {});
    await clock.advance(60_000);
    await send('query', { patienceMs: 0 });
  });

  it('does not concern other callers', async () => {
    const { send } = open(100);
    await send('query', refuse(60_000)).catch(() => {});
    await send('query', { caller: 'another', patienceMs: 0 });
  });

  it('says when a 429 makes it send less, and when that is over', async () => {
    const { log, events } = memoryLog();
    const { clock, send, budget } = open(10, log);
    const refuse = () => send('query', { answer: () => Promise.reject(tooMany(5000)) }).catch(() => {});
    await Promise.all([refuse(), refuse()]);
    expect(events()).toMatchObject([{ level: 40, caller: 'caller', perMinute: 5, pauseMs: 5000 }]);
    expect(budget.state()).toMatchObject({ throttled: 1 });
    await clock.advance(minute);
    await send('query');
    expect(events().slice(1)).toMatchObject([{ level: 30, caller: 'caller', perMinute: 10 }]);
    expect(budget.state()).toMatchObject({ throttled: 0 });
  });
});

describe('a budget that is used up', () => {
  it('is one incident in the log, however many are refused, and says when it is over', async () => {
    const { log, events } = memoryLog();
    const { clock, send, sendMany, budget } = open(10, log);
    await sendMany(10, 'query');
    expect(events()).toEqual([]);
    for (let n = 0; n < 5; n += 1) {
      await expect(send('query')).rejects.toMatchObject({ code: 'RATE_LIMITED' });
      await clock.advance(1000);
    }
    const line = { caller: 'caller', perMinute: 10, sentHere: 10, elsewhere: 0 };
    expect(events()).toMatchObject([{ level: 40, msg: expect.stringMatching(/used up/), ...line }]);
    await clock.advance(minute);
    await send('query');
    expect(events().slice(1)).toMatchObject([{ level: 30, caller: 'caller', refused: 5 }]);
    // seen by who reads the metrics as well
    await sendMany(9, 'query');
    await send('query').catch(() => {});
    await clock.advance(minute);
    budget.state();
    expect(events().slice(2)).toMatchObject([{ level: 40 }, { level: 30, refused: 1 }]);
  });

  it('is not said of a pause after a 429, which is another incident', async () => {
    const { log, events } = memoryLog();
    const { send } = open(10, log);
    await send('query', { answer: () => Promise.reject(tooMany(50_000)) }).catch(() => {});
    await expect(send('query', { patienceMs: 0 })).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    expect(events()).toMatchObject([{ msg: expect.stringMatching(/429/) }]);
  });
});

describe('what a replica says of what is left', () => {
  const answer = { waitMs: 0, reserved: 0, others: [{ age: 0, count: 7 }] };
  const openOne = () => {
    const clock = createFakeClock();
    let waitMs = 0;
    const budget = createBudget(10, clock, {
      isShared: true,
      isSettled: true,
      parts: 2,
      missing: 0,
      spend: async () => ({ ...answer, waitMs }),
      look: async () => answer,
      declare: () => {},
      tellRefused: () => {},
      onRefused: () => {},
      onChange: () => {},
    });
    const send = () =>
      budget.run('caller', { lane: 'query', patienceMs: 0, signal: undefined }, async () => {});
    return {
      clock,
      budget,
      send,
      hold: (ms: number) => {
        waitMs = ms;
      },
    };
  };

  it('counts what others have sent, and is left out where others may have sent more since', async () => {
    const { clock, budget, send } = openOne();
    expect(budget.state()).toMatchObject({ callers: 0, lowest: null });
    await send();
    expect(budget.state()).toMatchObject({ callers: 1, exhausted: 0, lowest: 2 });
    await clock.advance(6000);
    expect(budget.state()).toMatchObject({ callers: 1, exhausted: 0, lowest: null });
    await budget.ofAll('caller');
    expect(budget.state()).toMatchObject({ lowest: 2 });
  });

  it('is known for as long as the others leave nothing', async () => {
    const { clock, budget, send, hold } = openOne();
    await send();
    hold(50_000);
    await expect(send()).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    await clock.advance(40_000);
    expect(budget.state().lowest).not.toBeNull();
  });
});

describe('what a budget says of its refusals', () => {
  const refuse = () => Promise.reject(tooMany(1));

  it('tells a minute that is used up from a caller who is held back after a 429', async () => {
    const { clock, limiters, send, sendMany } = open(4);
    await sendMany(3, 'query');
    await expect(send('query', { answer: refuse })).rejects.toThrow('too many');
    await expect(send('query', { patienceMs: 0 })).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    await clock.advance(1);
    await expect(send('query', { patienceMs: 0 })).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    expect(limiters).toEqual(['wix', 'after_429', 'budget']);
  });

  it('is nothing while it is closed', async () => {
    const { log, events } = memoryLog();
    const { budget, limiters, send } = open(1, log);
    await send('query');
    const waiting = send('query', { patienceMs: minute });
    budget.close();
    await expect(waiting).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    expect([limiters, events(40)]).toEqual([[], []]);
  });
});

describe('a budget that is shared', () => {
  const limit = 10;

  /** Another replica has used all of it, and all of that is forgotten in three seconds. */
  const openShared = async () => {
    const clock = createFakeClock();
    const forgottenAt = clock.now() + 3000;
    const listeners = new Set<() => void>();
    const state = { isShared: true, isSettled: false };
    const answer = (): SharedAnswer => {
      const waitMs = Math.max(0, forgottenAt - clock.now());
      const age = Math.floor((minute - waitMs) / 1000);
      return { waitMs, reserved: 0, others: waitMs === 0 ? [] : [{ age, count: limit }] };
    };
    const spending: SharedSpending = {
      get isShared() {
        return state.isShared;
      },
      get isSettled() {
        return state.isSettled;
      },
      parts: 2,
      missing: 0,
      spend: async () => answer(),
      look: async () => answer(),
      declare: () => {},
      tellRefused: () => {},
      onRefused: () => {},
      onChange: (listener) => void listeners.add(listener),
    };
    const budget = createBudget(limit, clock, spending);
    const send = (patienceMs: number) =>
      budget.run('caller', { lane: 'poll', patienceMs, signal: undefined }, async () => clock.now());
    const change = (to: Partial<typeof state>) => {
      Object.assign(state, to);
      for (const listener of listeners) listener();
    };
    await budget.ofAll('caller');
    return { clock, forgottenAt, send, change };
  };

  it('lets a request wait for what others have used, also while they may not have declared all', async () => {
    const { clock, forgottenAt, send } = await openShared();
    const sent = send(8000);
    await clock.advance(4000);
    expect(await sent).toBeGreaterThanOrEqual(forgottenAt);
    expect(await send(0)).toBe(clock.now());
  });

  it('says how long that is while they cannot be asked', async () => {
    const { clock, send, change } = await openShared();
    change({ isShared: false });
    await expect(send(0)).rejects.toMatchObject(refusedWith(3000));
    const sent = send(8000);
    await clock.advance(3000);
    expect(await sent).toBe(clock.now());
  });
});
