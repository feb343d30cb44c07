import { LRUCache } from 'lru-cache';

const maxKeys = 10_000;

/** A number for each caller, or site, that grows whenever what is kept for it must not be served any longer. */
export interface Epochs {
  of(key: string): number;
  advance(key: string): void;
}

/** Bounded: whoever is forgotten counts as having changed just then, so nothing old comes back. */
export const createEpochs = (): Epochs => {
  let latest = 0;
  let floor = 0;
  const epochs = new LRUCache<string, number>({
    max: maxKeys,
    dispose: (_epoch, _key, reason) => {
      if (reason === 'evict') floor = latest;
    },
  });
  return {
    of: (key) => epochs.get(key) ?? floor,
    advance(key) {
      latest += 1;
      epochs.set(key, latest);
    },
  };
};
