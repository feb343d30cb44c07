import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type Clock, systemClock } from './domain/clock.ts';

export interface GiveBackOptions {
  readonly clock: Clock;
  /**
   * Bytes resident, and milliseconds of CPU since the process began. Not those of V8's heap: what it has done without
   * since a collection of its own stays resident, and is not counted there.
   */
  readonly usage: () => { readonly residentBytes: number; readonly cpuMs: number };
  /** Collects everything, and gives back what is free then. The process pauses for it: 0.3 s with 160 MB in use. */
  readonly collect: () => void;
}

/** Short, or a load that begins would be taken for quiet, and collected at the worst moment. */
const lookEveryMs = 2_000;
/** Of one core. V8's own collections and the pings of many sockets stay below, on a slow host too. */
const quietShare = 0.5;
const leastQuietMs = 10_000;
const dayMs = 24 * 3_600_000;
/** However often it was in vain, and however long there was work. */
const mostQuietMs = { inVain: 3_600_000, afterWork: 120_000 } as const;
const mb = 1_000_000;
/** Whether there is more than what a gateway takes anyway, and enough more than is kept to be worth it. */
const isMuch = (residentBytes: number, keptBytes: number) =>
  residentBytes > Math.max(200 * mb, 1.25 * keptBytes + 64 * mb);

/**
 * V8 takes room for a burst, above all for its young generation, and keeps it for as long as a process has little to do,
 * since nothing is collected then. So that is done for it, until what is returned is called.
 *
 * Compiled code goes along: it is given up with the shapes of objects of which none lives, as none of a request does
 * while there are none, and is made again within some seconds of work. So it has to have been quiet for half as long as
 * there was work since the last time: what took long to get fast stays fast for longer. What is given back and taken
 * again and again is needed: each time in a day makes the next wait twice as long.
 */
export const giveBackWhenQuiet = ({ clock, usage, collect }: GiveBackOptions): (() => void) => {
  const begun = usage();
  let seen = { at: clock.now(), cpuMs: begun.cpuMs };
  /** The least there has been since the last time. */
  let keptBytes = begun.residentBytes;
  /** CPU since the last time, but for what it takes to be quiet. */
  let workMs = 0;
  let quietMs = 0;
  let collectedAt: readonly number[] = [];

  const wantedMs = (now: number) => {
    collectedAt = collectedAt.filter((at) => at > now - dayMs);
    const inVainMs = Math.min(mostQuietMs.inVain, leastQuietMs * 2 ** collectedAt.length);
    return Math.max(inVainMs, Math.min(mostQuietMs.afterWork, workMs / 2));
  };
  const look = () => {
    const { residentBytes, cpuMs } = usage();
    const at = clock.now();
    const [passedMs, usedMs] = [at - seen.at, cpuMs - seen.cpuMs];
    const isQuiet = usedMs < quietShare * passedMs;
    quietMs = isQuiet ? quietMs + passedMs : 0;
    if (!isQuiet) workMs += usedMs;
    keptBytes = Math.min(keptBytes, residentBytes);
    if (quietMs >= wantedMs(at) && isMuch(residentBytes, keptBytes)) {
      collect();
      keptBytes = usage().residentBytes;
      collectedAt = [...collectedAt, at];
      workMs = 0;
      quietMs = 0;
    }
    seen = { at: clock.now(), cpuMs: usage().cpuMs };
    cancel = clock.after(lookEveryMs, look);
  };
  let cancel = clock.after(lookEveryMs, look);
  return () => cancel();
};

/** For a V8 of this version, which takes these while it runs. One that it does not know it would complain of. */
export const flagsFor = (version: string): readonly string[] => [
  // rows of jobs would be taken for long-lived, and put where only a full collection finds them
  '--no-allocation-site-pretenuring',
  // what outlives its request by chance is collected at half as much again, not at four times as much
  '--heap-growing-percent=50',
  // V8 itself would give up code after eight seconds of quiet, whatever there was to do before; Node 22 still does
  ...(Number.parseInt(version, 10) >= 13 ? ['--no-memory-reducer-favors-memory'] : []),
  // nor do the collections that it makes all the same: a shape outlives so many of them, two by default
  '--retain-maps-for-n-gc=100',
];

/** How a process of the gateway uses memory, until what is returned is called. Of the whole process, so for who owns it. */
export const mindMemory = (): (() => void) => {
  for (const flag of flagsFor(process.versions.v8)) setFlagsFromString(flag);
  setFlagsFromString('--expose-gc');
  const gc: NodeJS.GCFunction = runInNewContext('gc');
  return giveBackWhenQuiet({
    clock: systemClock,
    usage() {
      const { user, system } = process.cpuUsage();
      return { residentBytes: process.memoryUsage.rss(), cpuMs: (user + system) / 1000 };
    },
    collect: () => void gc({ type: 'major', flavor: 'last-resort' }),
  });
};
