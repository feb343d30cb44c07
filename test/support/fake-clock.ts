import type { Clock } from '../../src/domain/clock.ts';

export interface FakeClock extends Clock {
  /** Lets time pass: timers fire in order, and what they start comes to rest before the next. */
  advance(ms: number): Promise<void>;
  /** How many timers wait. */
  readonly pending: number;
}

/** Lets everything that waits for no timer come to rest. */
export const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

export const createFakeClock = (start = Date.UTC(2026, 8, 14, 12)): FakeClock => {
  let now = start;
  const timers = new Set<{ readonly at: number; readonly callback: () => void }>();
  const dueBefore = (end: number) =>
    [...timers].filter(({ at }) => at <= end).sort((one, other) => one.at - other.at)[0];
  return {
    now: () => now,
    after(ms, callback) {
      const timer = { at: now + ms, callback };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    get pending() {
      return timers.size;
    },
    async advance(ms) {
      const end = now + ms;
      await settled();
      for (let timer = dueBefore(end); timer !== undefined; timer = dueBefore(end)) {
        timers.delete(timer);
        now = Math.max(now, timer.at);
        timer.callback();
        await settled();
      }
      now = end;
    },
  };
};

/** Lets time pass, a little at a time, until something has come over a real connection. */
export const within = async <Value>(clock: FakeClock, promise: Promise<Value>): Promise<Value> => {
  let isSettled = false;
  const settle = () => {
    isSettled = true;
  };
  promise.then(settle, settle);
  while (!isSettled) await clock.advance(1);
  return promise;
};

export interface HastyClock extends Clock {
  /** How many timers wait. */
  readonly pending: number;
}

/** The deadline of an execution as shipped: nothing that a test waits for is as far off. */
const farMs = 30_000;

/** Nobody waits: every timer fires in the next turn, and what it waited for has passed by then; but for deadlines. */
export const createHastyClock = (start: () => number = Date.now): HastyClock => {
  let leapt = 0;
  let pending = 0;
  const now = () => start() + leapt;
  return {
    now,
    after(ms, callback) {
      if (ms >= farMs) return () => {};
      // real clocks tell whole milliseconds
      const at = now() + Math.ceil(ms);
      pending += 1;
      let waits = true;
      const end = () => {
        if (waits) pending -= 1;
        waits = false;
      };
      const timer = setImmediate(() => {
        end();
        leapt += Math.max(0, at - now());
        callback();
      });
      return () => {
        end();
        clearImmediate(timer);
      };
    },
    get pending() {
      return pending;
    },
  };
};
