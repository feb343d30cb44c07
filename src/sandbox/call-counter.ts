import type { Operation } from './operation.ts';

export type CallCounts = { readonly total: number; readonly byOperation: Readonly<Record<string, number>> };

export type CallCounter = {
  readonly total: number;
  of(operation: Operation): number;
  reset(): void;
  toJSON(): CallCounts;
};

export type CallRecorder = CallCounter & { record(operation: Operation): void };

export const createCallRecorder = (): CallRecorder => {
  const counts = new Map<Operation, number>();
  const total = (): number => [...counts.values()].reduce((sum, count) => sum + count, 0);
  return {
    get total() {
      return total();
    },
    of: (operation) => counts.get(operation) ?? 0,
    record: (operation) => void counts.set(operation, (counts.get(operation) ?? 0) + 1),
    reset: () => counts.clear(),
    toJSON: () => ({ total: total(), byOperation: Object.fromEntries(counts) }),
  };
};
