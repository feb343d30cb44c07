import { LRUCache } from 'lru-cache';

const maxCallers = 10_000;

/** A number for each caller that grows whenever what is kept for it must not be served any longer. */
export interface Epochs {
  of(callerKey: string): number;
  advance(callerKey: string): void;
}

/** Bounded: whoever is forgotten counts as having changed just then, so nothing old comes back. */
export const createEpochs = (): Epochs => {
  let latest = 0;
  let floor = 0;
  const epochs = new LRUCache<string, number>({
    max: maxCallers,
    dispose: (_epoch, _callerKey, reason) => {
      if (reason === 'evict') floor = latest;
    },
  });
  return {
    of: (callerKey) => epochs.get(callerKey) ?? floor,
    advance(callerKey) {
      latest += 1;
      epochs.set(callerKey, latest);
    },
  };
};
