/** Readings older than the last so many are forgotten. */
const maxReadings = 32;
/** Clocks that differ by less than this are taken for the same. */
const negligibleMs = 200;
/** Readings of one clock are further apart than this only when answers are slow. */
const agreementMs = 3000;

export interface UpstreamClock {
  /** Takes in the Date header of an answer that has just arrived. */
  read(dateHeader: string | null): void;
  /** An instant of ours on upstream's clock, never later than it really was there. */
  fromOurs(instant: number): number;
}

/**
 * How far upstream's clock is behind ours, by the Date headers of its answers. These are cut to the second and some
 * time old, so the one that is least behind comes closest. A clock that is ahead is believed only as far as the
 * readings agree: a single wrong header must not make us claim to know what has not happened yet.
 */
export const createUpstreamClock = (now: () => number): UpstreamClock => {
  let readings: number[] = [];
  let behindMs = 0;
  return {
    read(dateHeader) {
      const instant = dateHeader === null ? Number.NaN : Date.parse(dateHeader);
      if (Number.isNaN(instant)) return;
      readings = [...readings.slice(1 - maxReadings), now() - instant];
      const least = Math.min(...readings);
      const most = Math.max(...readings);
      const ahead = Math.min(0, most - least <= agreementMs ? least : most);
      behindMs = least >= negligibleMs ? least : ahead;
    },
    fromOurs: (instant) => instant - behindMs,
  };
};
