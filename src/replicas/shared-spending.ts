import { z } from 'zod';
import { parseJson } from '../domain/json.ts';
import {
  partOf,
  type SharedAnswer,
  type SharedSpending,
  type SharedWish,
} from '../upstream/shared-spending.ts';
import type { Spent } from '../upstream/spend-window.ts';
import type { Link } from './link.ts';
import { restScript, spendScript } from './spend-script.ts';

const maxRestMs = 60_000;

const reply = z.tuple([z.number(), z.number(), z.array(z.number())]);
const refusal = z.object({ from: z.string(), caller: z.string(), ms: z.number().min(0).max(maxRestMs) });

const listOf = (spent: readonly Spent[]) => spent.flatMap(({ age, lane, count }) => [age, lane, count]);

/** A wish to spend nothing. */
const noWish = { lane: '', shares: { write: 0, query: 0, poll: 0 }, recovery: null } as const;

export const createSharedSpending = (link: Link): SharedSpending => {
  const listeners = new Set<() => void>();
  const refusedListeners = new Set<(callerKey: string, retryAfterMs: number) => void>();

  const tell = () => {
    for (const listener of [...listeners]) listener();
  };
  link.onChange(tell);
  link.onSettled(tell);
  void link.listen('refused', (message) => {
    const { data } = refusal.safeParse(parseJson(String(message)));
    if (!data || data.from === link.replica) return;
    for (const listener of refusedListeners) listener(data.caller, data.ms);
  });

  const keysOf = (callerKey: string) => [`spent:{${callerKey}}`, `rest:{${callerKey}}`, 'memory'];

  const run = async (
    callerKey: string,
    wish: Omit<SharedWish, 'lane'> & { readonly lane: SharedWish['lane'] | '' },
  ): Promise<SharedAnswer> => {
    const { lane, limitPerMinute, shares, recovery, declared } = wish;
    const { here, missing, vanished, memory } = link.fleet;
    const answer = await link.run(spendScript, keysOf(callerKey), [
      link.replica,
      lane,
      limitPerMinute,
      shares.write,
      shares.query,
      shares.poll,
      recovery?.room ?? -1,
      recovery?.age ?? 0,
      declared === null ? 0 : 1,
      missing,
      // what they would have if all shared evenly
      Math.floor((limitPerMinute * missing) / (here + missing)),
      vanished.length,
      memory,
      ...vanished.flatMap(({ replica, parts }) => [replica, partOf(limitPerMinute, parts)]),
      ...listOf(declared ?? []),
    ]);
    const [waitMs, reserved, listed] = reply.parse(answer);
    const others: { age: number; count: number }[] = [];
    for (let at = 0; at < listed.length; at += 2) {
      others.push({ age: listed[at] ?? 0, count: listed[at + 1] ?? 0 });
    }
    return { waitMs, reserved, others };
  };

  return {
    get isShared() {
      return link.isUp;
    },
    get isSettled() {
      return link.isSettled;
    },
    get parts() {
      return link.parts;
    },
    get missing() {
      return link.fleet.missing;
    },
    spend: run,
    look: (callerKey, limitPerMinute) => run(callerKey, { ...noWish, limitPerMinute, declared: null }),
    declare(callerKey, limitPerMinute, spent) {
      if (!link.isUp) return;
      // whoever was not heard declares again with the next request
      run(callerKey, { ...noWish, limitPerMinute, declared: spent }).catch(() => undefined);
    },
    tellRefused(callerKey, retryAfterMs) {
      if (!link.isUp) return;
      const ms = Math.min(Math.ceil(retryAfterMs), maxRestMs);
      if (ms > 0) link.run(restScript, [`rest:{${callerKey}}`], [ms]).catch(() => undefined);
      link.publish('refused', JSON.stringify({ from: link.replica, caller: callerKey, ms }));
    },
    onRefused: (listener) => void refusedListeners.add(listener),
    onChange: (listener) => void listeners.add(listener),
  };
};
