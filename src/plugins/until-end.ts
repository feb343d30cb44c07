import type { ExecutionResult } from 'graphql';

export type Results = AsyncIterableIterator<ExecutionResult>;

export interface Ending {
  /** Fires when the client is gone; it may have fired already. */
  readonly signal: AbortSignal;
  /** Called with each result that is not the end. */
  readonly onResult?: (result: ExecutionResult) => void;
  /** Called once, however it ends; with what it failed with, if that is how. */
  readonly onEnd: (failure?: { readonly error: unknown }) => void;
}

const over = { done: true, value: undefined } as const;

/**
 * The same results, and word of their end. A client that leaves before the first byte is no reader who says so:
 * nobody ever asks for these results then, so the signal has to end them.
 */
export const untilEnd = (
  results: AsyncIterator<ExecutionResult>,
  { signal, onResult, onEnd }: Ending,
): Results => {
  let isOver = false;
  const finish = (failure?: { readonly error: unknown }) => {
    if (isOver) return;
    isOver = true;
    signal.removeEventListener('abort', leave);
    onEnd(failure);
  };
  const leave = () => {
    finish();
    void results.return?.();
  };
  signal.addEventListener('abort', leave, { once: true });
  if (signal.aborted) leave();
  return {
    async next() {
      try {
        const result = await results.next();
        if (result.done) finish();
        else onResult?.(result.value);
        return result;
      } catch (error) {
        finish({ error });
        throw error;
      }
    },
    async return() {
      finish();
      await results.return?.();
      return over;
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
};
