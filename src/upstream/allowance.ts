import { LRUCache } from 'lru-cache';

const windowMs = 60_000;
const maxCallers = 10_000;

export interface Allowance {
  readonly limitPerMinute: number;
  readonly remaining: number;
  readonly resetAt: Date;
}

/** Counts each caller's upstream requests by the minute, as upstream is understood to do. */
export const createAllowances = (limitPerMinute: number, now: () => number) => {
  const windows = new LRUCache<string, { readonly endsAt: number; used: number }>({ max: maxCallers });

  const windowOf = (callerKey: string) => {
    const current = windows.get(callerKey);
    return current && current.endsAt > now() ? current : { endsAt: now() + windowMs, used: 0 };
  };

  return {
    spend(callerKey: string): void {
      const window = windowOf(callerKey);
      window.used += 1;
      windows.set(callerKey, window);
    },
    of(callerKey: string): Allowance {
      const { endsAt, used } = windowOf(callerKey);
      return { limitPerMinute, remaining: Math.max(0, limitPerMinute - used), resetAt: new Date(endsAt) };
    },
  };
};
