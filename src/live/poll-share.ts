/** Of the share of a minute, so much may be spent at once; the rest comes back evenly. */
const burstPart = 0.2;

export interface PollShare {
  /** How long to wait until so many calls may be made. */
  waitMs(calls: number): number;
  /** How many calls may be made at present, when the next after them can wait so long. */
  room(ms: number): number;
  /** One call is being made. */
  spend(): void;
}

/** Calls a minute that can be kept up, whatever was spent at once before. */
export const sustained = (callsPerMinute: number): number => callsPerMinute * (1 - burstPart);

/**
 * Holds polling below its share of the allowance in any 60 seconds, also when many watches begin. A burst never spends
 * so much that nothing could be looked at for long afterwards.
 */
export const createPollShare = (callsPerMinute: number, now: () => number): PollShare => {
  const capacity = Math.max(1, callsPerMinute * burstPart);
  const perMs = sustained(callsPerMinute) / 60_000;
  let tokens = capacity;
  let countedAt = now();

  const count = () => {
    tokens = Math.min(capacity, tokens + (now() - countedAt) * perMs);
    countedAt = now();
  };

  return {
    waitMs(calls) {
      count();
      // a look that takes more than can be saved up leaves a debt behind
      const missing = Math.min(calls, capacity) - tokens;
      return missing <= 0 ? 0 : Math.ceil(missing / perMs);
    },
    room(ms) {
      count();
      return Math.floor(tokens + ms * perMs);
    },
    spend() {
      count();
      tokens -= 1;
    },
  };
};
