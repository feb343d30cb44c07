/** Counts what is under way, for whoever must not stop before it is through. */
export interface UnderWay {
  track<Result>(result: Result): Result;
  /** Settles once there is nothing. */
  none(): Promise<void>;
}

export const createUnderWay = (): UnderWay => {
  let count = 0;
  let waiting: (() => void)[] = [];
  const end = () => {
    count -= 1;
    if (count > 0) return;
    for (const tell of waiting) tell();
    waiting = [];
  };
  return {
    track(result) {
      if (result instanceof Promise) {
        count += 1;
        result.then(end, end);
      }
      return result;
    },
    none: async () => {
      if (count > 0) await new Promise<void>((resolve) => waiting.push(resolve));
    },
  };
};
