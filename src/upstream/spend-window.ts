/** Who a request is for. Earlier ones go first. */
export const lanes = ['write', 'query', 'poll'] as const;
export type Lane = (typeof lanes)[number];

const bucketMs = 1000;
// a minute, the second that is running, and one more for requests that were longer under way than their followers
const buckets = 62;

/** Requests of one lane in one second. */
export interface Spent {
  /** In whole seconds before now. */
  readonly age: number;
  readonly lane: Lane;
  readonly count: number;
}

/** The requests that one caller sent within about the last minute. */
export interface SpendWindow {
  spend(lane: Lane, now: number): void;
  /** A request that was counted at this instant was not sent after all. */
  takeBack(lane: Lane, at: number): void;
  /** Of one lane, or of all. */
  used(now: number, lane?: Lane): number;
  /** When so many of those sent will be forgotten: the earliest instant that this many more may be sent. */
  forgottenAt(count: number, now: number): number;
  /** All that is counted. */
  spent(now: number): readonly Spent[];
}

/**
 * Counts by the second and forgets a second only when a whole minute lies behind it, so that in no 60 seconds more
 * are sent than were allowed. A bucket of tokens that refills would allow nearly twice as many after a pause.
 */
export const createSpendWindow = (): SpendWindow => {
  const counts = new Uint32Array(buckets * lanes.length);
  const totals = new Uint32Array(lanes.length);
  let newest = 0;

  const total = () => totals.reduce((sum, each) => sum + each, 0);
  const row = (second: number) => (second % buckets) * lanes.length;

  const advance = (now: number) => {
    // a clock that is set back forgets nothing
    const second = Math.max(newest, Math.floor(now / bucketMs));
    const first = Math.max(newest + 1, second - buckets + 1);
    for (let each = first; each <= second; each += 1) {
      for (let lane = 0; lane < lanes.length; lane += 1) {
        const at = row(each) + lane;
        totals[lane] = (totals[lane] ?? 0) - (counts[at] ?? 0);
        counts[at] = 0;
      }
    }
    newest = second;
  };

  return {
    spend(lane, now) {
      advance(now);
      const at = lanes.indexOf(lane);
      totals[at] = (totals[at] ?? 0) + 1;
      counts[row(newest) + at] = (counts[row(newest) + at] ?? 0) + 1;
    },
    takeBack(lane, at) {
      const second = Math.floor(at / bucketMs);
      const index = row(second) + lanes.indexOf(lane);
      if (second <= newest - buckets || (counts[index] ?? 0) === 0) return;
      counts[index] = (counts[index] ?? 1) - 1;
      totals[lanes.indexOf(lane)] = (totals[lanes.indexOf(lane)] ?? 1) - 1;
    },
    spent(now) {
      advance(now);
      const all: Spent[] = [];
      for (let age = 0; age < buckets; age += 1) {
        for (const [index, lane] of lanes.entries()) {
          const count = counts[row(newest - age) + index] ?? 0;
          if (newest - age >= 0 && count > 0) all.push({ age, lane, count });
        }
      }
      return all;
    },
    used(now, lane) {
      advance(now);
      return lane === undefined ? total() : (totals[lanes.indexOf(lane)] ?? 0);
    },
    forgottenAt(count, now) {
      advance(now);
      let missing = count;
      for (let each = newest - buckets + 1; each <= newest; each += 1) {
        if (missing <= 0) break;
        const start = row(each);
        for (let lane = 0; lane < lanes.length; lane += 1) missing -= counts[start + lane] ?? 0;
        if (missing <= 0) return (each + buckets) * bucketMs;
      }
      // more than were sent: of those who go before, too, some have to be forgotten
      return missing <= 0 ? now : (newest + 2 * buckets) * bucketMs;
    },
  };
};
