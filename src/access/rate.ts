import { LRUCache } from 'lru-cache';

const minuteMs = 60_000;
/** Who is not among the last so many has done nothing for a while. */
const maxKeys = 100_000;

/** So much in a minute for each of many. */
export interface Rate {
  /** How long to wait until one more is due; 0 when it is due now. Counts nothing. */
  waitMs(key: string): number;
  /** Counts one where it is due, and says the same as `waitMs` before. */
  take(key: string): number;
}

const unlimited: Rate = { waitMs: () => 0, take: () => 0 };

/**
 * A leaky bucket (GCRA): one number for each key, the time at which its bucket will be empty. A minute's worth may come
 * at once; after that one more each time a part has leaked out.
 */
export const createRate = (perMinute: number, now: () => number): Rate => {
  if (perMinute === 0) return unlimited;
  const stepMs = minuteMs / perMinute;
  const emptyAt = new LRUCache<string, number>({ max: maxKeys });

  const fill = (key: string, at: number) => {
    const empty = emptyAt.get(key) ?? at;
    // a clock that was set back must not lock anybody out
    return empty - at > minuteMs + stepMs ? at : Math.max(empty, at);
  };
  const waitFor = (empty: number, at: number) => Math.max(0, empty + stepMs - minuteMs - at);

  return {
    waitMs(key) {
      const at = now();
      return waitFor(fill(key, at), at);
    },
    take(key) {
      const at = now();
      const empty = fill(key, at);
      const wait = waitFor(empty, at);
      if (wait === 0) emptyAt.set(key, empty + stepMs);
      return wait;
    },
  };
};
