import type { Clock } from '../domain/clock.ts';
import type { Latest } from './latest.ts';

/** Completes each reader after the longest life of a watch. */
export interface Lives {
  begin(latest: Latest): void;
  end(latest: Latest): void;
}

/** All live equally long, so whoever came first goes first: one timer is enough for all. */
export const createLives = (clock: Clock, lifeMs: number): Lives => {
  const ends = new Map<Latest, number>();
  let cancel: (() => void) | null = null;

  const plan = () => {
    cancel = null;
    for (const [latest, at] of ends) {
      const remaining = at - clock.now();
      if (remaining > 0) {
        cancel = clock.after(remaining, plan);
        return;
      }
      ends.delete(latest);
      latest.complete();
    }
  };

  return {
    begin(latest) {
      ends.set(latest, clock.now() + lifeMs);
      cancel ??= clock.after(lifeMs, plan);
    },
    end(latest) {
      ends.delete(latest);
      if (ends.size > 0) return;
      cancel?.();
      cancel = null;
    },
  };
};
