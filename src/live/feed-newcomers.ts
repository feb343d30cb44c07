import type { FeedReader } from './feed-reader.ts';

/** Readers of a feed who have not been told yet what they open with. */
export interface FeedNewcomers {
  readonly size: number;
  /** When the first of those came whose streams are not open yet. */
  readonly waitingSince: number;
  all(): readonly FeedReader[];
  has(reader: FeedReader): boolean;
  /** Settles once the stream may open. */
  add(reader: FeedReader): Promise<void>;
  delete(reader: FeedReader): void;
  /** What they open with is being read: their streams open, however long that takes. */
  open(): void;
  /** Ends those who still wait for an open stream. */
  refuse(error: unknown): void;
  /** Ends one of them, whether its stream is open or not. */
  fail(reader: FeedReader, error: unknown): void;
}

export const createFeedNewcomers = (): FeedNewcomers => {
  const readers = new Set<FeedReader>();
  const waiting = new Map<FeedReader, PromiseWithResolvers<void>>();

  const settle = (reader: FeedReader) => {
    waiting.get(reader)?.resolve();
    waiting.delete(reader);
  };

  const fail = (reader: FeedReader, error: unknown) => {
    // first of all: who waits for the stream must hear of the error before hearing of its end
    waiting.get(reader)?.reject(error);
    reader.latest.fail(error);
  };

  return {
    get size() {
      return readers.size;
    },
    get waitingSince() {
      return Math.min(...[...waiting.keys()].map(({ joinedAt }) => joinedAt));
    },
    all: () => [...readers],
    has: (reader) => readers.has(reader),
    add(reader) {
      const opened = Promise.withResolvers<void>();
      readers.add(reader);
      waiting.set(reader, opened);
      return opened.promise;
    },
    delete(reader) {
      settle(reader);
      readers.delete(reader);
    },
    open() {
      for (const reader of [...waiting.keys()]) settle(reader);
    },
    refuse(error) {
      for (const reader of [...waiting.keys()]) fail(reader, error);
    },
    fail,
  };
};
