const windowMs = 60_000;

export interface PollShare {
  /** How long to wait until so many calls fit into the share of the last minute. */
  waitMs(calls: number): number;
  /** One call is being made. */
  spend(): void;
}

/** Holds polling below its share of the allowance in any 60 seconds, also when many watches begin. */
export const createPollShare = (callsPerMinute: number, now: () => number): PollShare => {
  let spent: number[] = [];
  return {
    waitMs(calls) {
      const since = now() - windowMs;
      spent = spent.filter((instant) => instant > since);
      const wanted = Math.min(calls, callsPerMinute);
      const over = spent.length + wanted - callsPerMinute;
      const blocking = over > 0 ? spent[Math.ceil(over) - 1] : undefined;
      return blocking === undefined ? 0 : blocking + windowMs - now();
    },
    spend() {
      spent.push(now());
    },
  };
};
