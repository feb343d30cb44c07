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

/** Thousands of these wait at a time, so they share their methods rather than have a closure for each. */
class NewestStates implements EventStream, Latest {
  readonly #kinds: readonly JobUpdateKind[] | null;
  readonly #onEnd: (latest: Latest) => void;
  /** By the ids of jobs; null while nothing waits. */
  #waiting: Map<string, JobEvent> | null = null;
  #asking: PromiseWithResolvers<Result> | null = null;
  #listener: (() => void) | null = null;
  end: { readonly error?: unknown } | null = null;

  constructor(kinds: readonly JobUpdateKind[] | null, onEnd: (latest: Latest) => void) {
    this.#kinds = kinds;
    this.#onEnd = onEnd;
  }

  get stream(): EventStream {
    return this;
  }

  [Symbol.asyncIterator](): EventStream {
    return this;
  }

  next(): Promise<Result> {
    const ready = this.#answer();
    if (ready !== null) return ready;
    this.#asking ??= Promise.withResolvers<Result>();
    return this.#asking.promise;
  }

  async return(): Promise<Result> {
    this.drop();
    return done;
  }

  onReadable(listener: () => void): void {
    this.#listener = listener;
  }

  take(): JobEvent | undefined {
    if (this.#waiting === null) return undefined;
    const [first] = this.#waiting;
    if (first === undefined) return undefined;
    if (this.#waiting.size === 1) this.#waiting = null;
    else this.#waiting.delete(first[0]);
    return first[1];
  }

  wants(kind: JobUpdateKind): boolean {
    return this.#kinds === null || this.#kinds.includes(kind);
  }

  push(event: JobEvent): void {
    if (this.end !== null || !this.wants(event.update.kind)) return;
    const { id } = event.update.job;
    this.#waiting ??= new Map();
    const pending = this.#waiting.get(id);
    if (pending === undefined) {
      this.#waiting.set(id, event);
    } else {
      const update = combine(pending.update, event.update);
      // it now tells of a later time, so it comes after what happened before
      this.#waiting.delete(id);
      this.#waiting.set(id, update === event.update ? event : { update, tick: event.tick });
    }
    this.#tell();
  }

  complete(): void {
    this.#finish({});
  }

  fail(error: unknown): void {
    this.#finish({ error });
  }

  drop(): void {
    this.#waiting = null;
    if (this.end === null) this.#finish({});
    else this.end = {};
  }

  #answer(): Promise<Result> | null {
    const event = this.take();
    if (event !== undefined) return Promise.resolve({ done: false, value: event });
    if (this.end === null) return null;
    if (!('error' in this.end)) return Promise.resolve(done);
    const { error } = this.end;
    // an error is told once; who asks again finds the stream at its end
    this.end = {};
    return Promise.reject(error);
  }

  #tell(): void {
    if (this.#asking !== null) {
      const settled = this.#answer();
      if (settled !== null) {
        this.#asking.resolve(settled);
        this.#asking = null;
      }
    }
    this.#listener?.();
  }

  #finish(how: { readonly error?: unknown }): void {
    if (this.end !== null) return;
    this.end = how;
    this.#onEnd(this);
    this.#tell();
  }
}

/**
 * A stream that holds at most the newest state of each job while its reader is slow. It never queues, never loses
 * the end of a job, and ends at once when its reader leaves, even while that waits.
 * `onEnd` is called once, as soon as nothing more need be pushed.
 */
export const createLatest = (
  kinds: readonly JobUpdateKind[] | null,
  onEnd: (latest: Latest) => void,
): Latest => new NewestStates(kinds, onEnd);
