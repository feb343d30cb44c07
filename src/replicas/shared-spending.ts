import { z } from 'zod';
import { parseJson } from '../domain/json.ts';
import type { SharedSpending } from '../upstream/shared-spending.ts';
import type { Spent } from '../upstream/spend-window.ts';
import type { Link } from './link.ts';
import { restScript, spendScript } from './spend-script.ts';

/** After Redis was away each goes on alone for so long: until everybody has declared what was sent meanwhile. */
const declaringMs = 2500;
const maxRestMs = 60_000;

const reply = z.tuple([z.number(), z.number(), z.number()]);
const refusal = z.object({ from: z.string(), caller: z.string(), ms: z.number().min(0).max(maxRestMs) });

const listOf = (spent: readonly Spent[]) => spent.flatMap(({ age, lane, count }) => [age, lane, count]);

export const createSharedSpending = (link: Link): SharedSpending & { close(): void } => {
  const listeners = new Set<() => void>();
  const refusedListeners = new Set<(callerKey: string, retryAfterMs: number) => void>();
  let isSettled = false;
  let timer: NodeJS.Timeout | undefined;

  const tell = () => {
    for (const listener of [...listeners]) listener();
  };
  link.onChange(() => {
    clearTimeout(timer);
    isSettled = false;
    tell();
    if (!link.isUp) return;
    timer = setTimeout(() => {
      isSettled = true;
      tell();
    }, declaringMs);
  });
  void link.listen('refused', (message) => {
    const { data } = refusal.safeParse(parseJson(String(message)));
    if (!data || data.from === link.replica) return;
    for (const listener of refusedListeners) listener(data.caller, data.ms);
  });

  /** Without the parts of those that may be going on alone. */
  const rest = (limitPerMinute: number) =>
    Math.max(1, Math.floor((limitPerMinute * (link.replicas - link.missing)) / link.replicas));

  const keysOf = (callerKey: string) => [`spent:{${callerKey}}`, `rest:{${callerKey}}`];

  return {
    get isShared() {
      return link.isUp;
    },
    get isSettled() {
      return isSettled;
    },
    get parts() {
      return link.replicas;
    },
    async spend(callerKey, { lane, limitPerMinute, shares, recovery, declared }) {
      const answer = await link.run(spendScript, keysOf(callerKey), [
        link.replica,
        lane,
        rest(limitPerMinute),
        shares.write,
        shares.query,
        shares.poll,
        recovery?.room ?? -1,
        recovery?.age ?? 0,
        declared === null ? 0 : 1,
        ...listOf(declared ?? []),
      ]);
      const [waitMs, usedByAll] = reply.parse(answer);
      return { waitMs, usedByAll };
    },
    declare(callerKey, spent) {
      if (!link.isUp) return;
      const args = [link.replica, '', 0, 0, 0, 0, -1, 0, 1, ...listOf(spent)];
      // whoever was not heard declares again with the next request
      link.run(spendScript, keysOf(callerKey), args).catch(() => undefined);
    },
    tellRefused(callerKey, retryAfterMs) {
      if (!link.isUp) return;
      const ms = Math.min(Math.ceil(retryAfterMs), maxRestMs);
      if (ms > 0) link.run(restScript, [`rest:{${callerKey}}`], [ms]).catch(() => undefined);
      link.publish('refused', JSON.stringify({ from: link.replica, caller: callerKey, ms }));
    },
    onRefused: (listener) => void refusedListeners.add(listener),
    onChange: (listener) => void listeners.add(listener),
    close: () => clearTimeout(timer),
  };
};
