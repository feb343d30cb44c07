/** Readings older than the last so many are forgotten. */
const maxReadings = 32;
/** Clocks that differ by less than this are taken for the same. */
const negligibleMs = 200;

export interface UpstreamClock {
  /** Takes in the Date header of an answer that has just arrived. */
  read(dateHeader: string | null): void;
  /** An instant of ours on upstream's clock, never later than it really was there. */
  fromOurs(instant: number): number;
}

/**
 * How far upstream's clock is behind ours, by the Date headers of its answers. These are cut to the second and some
 * time old, so the largest of the last readings comes closest. A clock that is ahead needs no correction: what is said
 * to have been known at an earlier instant is still true.
 */
export const createUpstreamClock = (now: () => number): UpstreamClock => {
  let readings: number[] = [];
  let behindMs = 0;
  return {
    read(dateHeader) {
      const instant = dateHeader === null ? Number.NaN : Date.parse(dateHeader);
      if (Number.isNaN(instant)) return;
      readings = [...readings.slice(1 - maxReadings), now() - instant];
      const behind = Math.min(...readings);
      behindMs = behind < negligibleMs ? 0 : behind;
    },
    fromOurs: (instant) => instant - behindMs,
  };
};
