/** Time as an argument, so that a test can hold it still. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Calls back once after `ms`, unless cancelled with what is returned. */
  after(ms: number, callback: () => void): () => void;
}

/** The same instants, but never going back: where the clock is set back, time goes on from where it was. */
export const steadily = (now: () => number): (() => number) => {
  let offset = 0;
  let last = Number.NEGATIVE_INFINITY;
  return () => {
    if (now() + offset < last) offset = last - now();
    last = now() + offset;
    return last;
  };
};

export const systemClock: Clock = {
  now: Date.now,
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};
