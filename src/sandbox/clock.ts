import { setImmediate, setTimeout } from 'node:timers/promises';

/** Waits so many milliseconds, 0 for no more than a turn of the event loop; rejects once the signal aborts. */
export type After = (ms: number, signal: AbortSignal) => Promise<void>;

export type Clock = { readonly now: () => number; readonly after: After };

/** A timer cannot be shorter than a millisecond; what is meant to be is a turn. */
export const systemAfter: After = async (ms, signal) => {
  await (ms >= 1 ? setTimeout(ms, undefined, { signal }) : setImmediate(undefined, { signal }));
};
