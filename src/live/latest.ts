import { combine, type JobUpdate, type JobUpdateKind } from '../domain/job-update.ts';

/** One look at upstream. What the events of one tick lead to is read together. */
export type Tick = object;

/** An update on its way to readers; the same object for every reader of the same tick. */
export interface JobEvent {
  readonly update: JobUpdate;
  readonly tick: Tick;
}

/** Where one reader gets events from: by asking for the next, or by taking what is there when told so. */
export interface EventStream extends AsyncIterableIterator<JobEvent, undefined> {
  next(): Promise<IteratorResult<JobEvent, undefined>>;
  return(): Promise<IteratorResult<JobEvent, undefined>>;
  [Symbol.asyncIterator](): EventStream;
  /** The oldest waiting event; undefined when there is none at present. */
  take(): JobEvent | undefined;
  /** Set once nothing more comes after what is waiting; with the error, if that is why. */
  readonly end: { readonly error?: unknown } | null;
  /** Called whenever there is something to take, and at the end. One listener. */
  onReadable(listener: () => void): void;
}

export interface Latest {
  readonly stream: EventStream;
  wants(kind: JobUpdateKind): boolean;
  push(event: JobEvent): void;
  /** No more events; what is waiting is still read. */
  complete(): void;
  /** The reader gets the error after what is waiting. */
  fail(error: unknown): void;
  /** The reader is gone: nothing more is read. */
  drop(): void;
}

type Result = IteratorResult<JobEvent, undefined>;
const done: Result = { done: true, value: undefined };

/**
 * A stream that holds at most the newest state of each job while its reader is slow. It never queues, never loses
 * the end of a job, and ends at once when its reader leaves, even while that waits.
 * `onEnd` is called once, as soon as nothing more need be pushed.
 */
export const createLatest = (kinds: readonly JobUpdateKind[] | null, onEnd: () => void): Latest => {
  const waiting = new Map<string, JobEvent>();
  let asking: PromiseWithResolvers<Result> | null = null;
  let end: { readonly error?: unknown } | null = null;
  let listener: (() => void) | null = null;

  const take = (): JobEvent | undefined => {
    const [first] = waiting;
    if (first === undefined) return undefined;
    waiting.delete(first[0]);
    return first[1];
  };

  const answer = (): Promise<Result> | null => {
    const event = take();
    if (event !== undefined) return Promise.resolve({ done: false, value: event });
    if (end === null) return null;
    if (!('error' in end)) return Promise.resolve(done);
    const { error } = end;
    // an error is told once; who asks again finds the stream at its end
    end = {};
    return Promise.reject(error);
  };

  const tell = () => {
    if (asking !== null) {
      const settled = answer();
      if (settled !== null) {
        asking.resolve(settled);
        asking = null;
      }
    }
    listener?.();
  };

  const finish = (how: { readonly error?: unknown }) => {
    if (end !== null) return;
    end = how;
    onEnd();
    tell();
  };

  const drop = () => {
    waiting.clear();
    if (end === null) finish({});
    else end = {};
  };

  const stream: EventStream = {
    next() {
      const ready = answer();
      if (ready !== null) return ready;
      asking ??= Promise.withResolvers<Result>();
      return asking.promise;
    },
    async return() {
      drop();
      return done;
    },
    [Symbol.asyncIterator]: () => stream,
    take,
    get end() {
      return end;
    },
    onReadable(each) {
      listener = each;
    },
  };

  const wants = (kind: JobUpdateKind) => kinds === null || kinds.includes(kind);

  return {
    stream,
    wants,
    push(event) {
      if (end !== null || !wants(event.update.kind)) return;
      const { id } = event.update.job;
      const pending = waiting.get(id);
      if (pending === undefined) {
        waiting.set(id, event);
      } else {
        const update = combine(pending.update, event.update);
        // it now tells of a later time, so it comes after what happened before
        waiting.delete(id);
        waiting.set(id, update === event.update ? event : { update, tick: event.tick });
      }
      tell();
    },
    complete: () => finish({}),
    fail: (error) => finish({ error }),
    drop,
  };
};
