import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';

/** One answer of upstream, whole. */
export interface Exchanged {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Null for a body that is larger than the dispatcher takes. */
  readonly text: string | null;
}

export interface Patience {
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/** The time that one exchange may take is over. */
export class DeadlineOver extends Error {}

const decoder = new TextDecoder();

const isTooLarge = (error: Error): boolean =>
  'code' in error && error.code === 'UND_ERR_RES_EXCEEDED_MAX_SIZE';

/**
 * Sends a request, gathers its answer and has it read at once: promises that have waited for upstream are old, and what
 * they are given lives as long as they do, so it should not be the text. Fails with DeadlineOver, with the signal's reason, or as the connection does.
 * It stands in place of undici's `request`, whose streams keep what was read through several collections of garbage,
 * and of AbortSignal.timeout and any, which go on for as long as the exchange might have taken.
 */
export const exchange = <Value>(
  dispatcher: Dispatcher,
  request: Dispatcher.DispatchOptions,
  { timeoutMs, signal }: Patience,
  read: (exchanged: Exchanged) => Value,
): Promise<Value> => {
  const answer = Promise.withResolvers<Value>();
  // let go of at the end: a connection keeps what it was last asked until it is asked again
  let waiting: typeof answer | null = answer;
  let chunks: Buffer[] = [];
  let headers: IncomingHttpHeaders = {};
  let status = 0;
  let controller: Dispatcher.DispatchController | null = null;
  let given: Error | null = null;

  const finish = (settle: (answer: PromiseWithResolvers<Value>) => void) => {
    clearTimeout(timer);
    signal?.removeEventListener('abort', leave);
    const settled = waiting;
    waiting = null;
    try {
      if (settled !== null) settle(settled);
    } catch (error) {
      settled?.reject(error);
    }
    chunks = [];
    headers = {};
  };
  const giveUp = (reason: Error) => {
    given = reason;
    finish(({ reject }) => reject(reason));
    controller?.abort(reason);
  };
  const leave = () => giveUp(signal?.reason);
  const timer = setTimeout(() => giveUp(new DeadlineOver()), timeoutMs);
  signal?.addEventListener('abort', leave, { once: true });
  if (signal?.aborted) {
    leave();
    return answer.promise;
  }

  dispatcher.dispatch(request, {
    onRequestStart(started) {
      controller = started;
      // given up while it waited for a connection: it need not be sent any more
      if (given !== null) started.abort(given);
    },
    onResponseStart(_controller, statusCode, receivedHeaders) {
      status = statusCode;
      headers = receivedHeaders;
    },
    onResponseData(_controller, chunk) {
      chunks.push(chunk);
    },
    onResponseEnd() {
      const [first] = chunks;
      const bytes = chunks.length === 1 ? first : Buffer.concat(chunks);
      finish(({ resolve }) => resolve(read({ status, headers, text: decoder.decode(bytes) })));
    },
    onResponseError(_controller, error) {
      finish(({ resolve, reject }) => {
        // what the status says is true all the same
        if (status !== 0 && isTooLarge(error)) resolve(read({ status, headers, text: null }));
        else reject(error);
      });
    },
  });
  return answer.promise;
};
