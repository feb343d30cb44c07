import type { After } from '../../src/sandbox/clock.ts';
import { startOfTest } from './open-sandbox.ts';

type Wait = { readonly ms: number; readonly end: () => void };

/** A clock that stands still until the test lets one wait after another pass. */
export const createStepClock = () => {
  let time = startOfTest;
  const waits: Wait[] = [];
  let begun = Promise.withResolvers<void>();

  const after: After = (ms, signal) => {
    if (signal.aborted) return Promise.reject(signal.reason);
    if (ms === 0) return Promise.resolve();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const wait: Wait = { ms, end: resolve };
    const abort = () => {
      if (waits.includes(wait)) waits.splice(waits.indexOf(wait), 1);
      reject(signal.reason);
    };
    signal.addEventListener('abort', abort, { once: true });
    waits.push(wait);
    begun.resolve();
    begun = Promise.withResolvers();
    return promise.finally(() => signal.removeEventListener('abort', abort));
  };

  return {
    now: () => time,
    after,
    /** How many wait now. */
    waiting: () => waits.length,
    /** Once somebody waits, lets the first of them have waited long enough; tells how long that was. */
    step: async (): Promise<number> => {
      while (waits.length === 0) await begun.promise;
      const wait = waits.shift();
      if (wait === undefined) return 0;
      time += wait.ms;
      wait.end();
      return wait.ms;
    },
    /** Once somebody waits, returns. */
    waited: async (): Promise<void> => {
      while (waits.length === 0) await begun.promise;
    },
    advance: (ms: number): void => {
      time += ms;
    },
  };
};
