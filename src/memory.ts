import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type Clock, systemClock } from './domain/clock.ts';

export interface GiveBackOptions {
  readonly clock: Clock;
  /** Bytes held for V8's heap, used or not, and milliseconds of CPU since the process began. */
  readonly usage: () => { readonly heapBytes: number; readonly cpuMs: number };
  /** Collects everything, and gives back what is free then. The process pauses for it: 0.3 s with 160 MB in use. */
  readonly collect: () => void;
}

const lookEveryMs = 5_000;
/** Of one core. */
const quietShare = 0.15;
/** Once is a gap between two bursts. */
const quietLooks = 2;
/** How much more than after the last time is worth the pause. */
const isMuchMore = (heapBytes: number, keptBytes: number) => heapBytes > 1.25 * keptBytes + 16 * 1024 * 1024;

/**
 * V8 takes room for a burst, above all for its young generation, and keeps it for as long as a process has little to do,
 * since nothing is collected then. So that is done for it, until what is returned is called.
 */
export const giveBackWhenQuiet = ({ clock, usage, collect }: GiveBackOptions): (() => void) => {
  let keptBytes = 0;
  let quiet = 0;
  let seen = { at: clock.now(), cpuMs: usage().cpuMs };
  const look = () => {
    const { heapBytes, cpuMs } = usage();
    const at = clock.now();
    const isQuiet = cpuMs - seen.cpuMs < quietShare * (at - seen.at);
    quiet = isQuiet ? quiet + 1 : 0;
    if (quiet >= quietLooks && isMuchMore(heapBytes, keptBytes)) {
      collect();
      keptBytes = usage().heapBytes;
    }
    seen = { at: clock.now(), cpuMs: usage().cpuMs };
    cancel = clock.after(lookEveryMs, look);
  };
  let cancel = clock.after(lookEveryMs, look);
  return () => cancel();
};

/** How a process of the gateway uses memory, until what is returned is called. Of the whole process, so for who owns it. */
export const mindMemory = (): (() => void) => {
  // rows of jobs would be taken for long-lived, and put where only a full collection finds them
  setFlagsFromString('--no-allocation-site-pretenuring');
  setFlagsFromString('--expose-gc');
  const gc: NodeJS.GCFunction = runInNewContext('gc');
  return giveBackWhenQuiet({
    clock: systemClock,
    usage() {
      const { user, system } = process.cpuUsage();
      return { heapBytes: process.memoryUsage().heapTotal, cpuMs: (user + system) / 1000 };
    },
    collect: () => void gc({ type: 'major', flavor: 'last-resort' }),
  });
};
