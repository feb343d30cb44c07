import type { After } from './clock.ts';

/** Awaited in long work, lets the rest of the process have a turn every so many rounds. */
export type TakeTurns = (rounds?: number) => Promise<void> | undefined;

/** As many rounds as make a turn due. */
export const wholeTurn = 1000;

export const createTurns = (after: After, signal: AbortSignal): TakeTurns => {
  let since = 0;
  return (rounds = 1) => {
    since += rounds;
    if (since < wholeTurn) return undefined;
    since = 0;
    return after(0, signal);
  };
};
