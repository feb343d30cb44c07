import type { Clock } from '../domain/clock.ts';
import type { Answers } from './answers.ts';
import type { Budget } from './budget.ts';
import type { Caller } from './caller.ts';
import type { Circuit } from './circuit.ts';
import type { Credentials } from './credentials/credentials.ts';
import { type Answer, isWrite, type UpstreamHttp, type UpstreamRequest } from './http.ts';
import type { Retry } from './retry.ts';
import type { Lane } from './spend-window.ts';

/** What upstream is asked for: an answer to a client, a look at what is watched, or what belongs to a write. */
export type Purpose = 'query' | 'poll' | 'write';

export interface PipelineParts {
  readonly answers: Answers;
  readonly retry: Retry;
  readonly credentials: Pick<Credentials, 'authorize'>;
  readonly budget: Budget;
  readonly circuit: Circuit;
  readonly http: UpstreamHttp;
  readonly clock: Clock;
  /** For all attempts of one operation together. */
  readonly timeoutMs: number;
}

export interface Pipeline {
  /** Ends with the signal's reason once that fires, unless it is a write: a write that was begun goes on. */
  call(
    request: UpstreamRequest,
    caller: Caller,
    purpose: Purpose,
    signal: AbortSignal | undefined,
  ): Promise<Answer>;
}

/** Waiting for its turn may not take from an operation what the call itself needs. */
const callShare = 0.2;

/** Every call to upstream goes through these parts in this order. None of them knows of the others. */
export const createPipeline = (parts: PipelineParts): Pipeline => {
  const { answers, retry, credentials, budget, circuit, http, clock, timeoutMs } = parts;

  const attempt = async (
    request: UpstreamRequest,
    caller: Caller,
    lane: Lane,
    leftMs: number,
    signal: AbortSignal | undefined,
  ): Promise<Answer> => {
    signal?.throwIfAborted();
    const deadline = clock.now() + leftMs;
    const patienceMs = Math.max(0, leftMs - timeoutMs * callShare);
    const send = (authorized: Caller) =>
      circuit.run(caller, signal, () =>
        http.call(request, authorized, {
          timeoutMs: lane === 'write' ? timeoutMs : Math.max(1, deadline - clock.now()),
          signal,
        }),
      );
    // before a token is asked for, or a request of the budget is spent
    circuit.check(caller);
    return credentials.authorize(
      caller,
      (authorized) => budget.run(caller.key, { lane, patienceMs, signal }, () => send(authorized)),
      signal,
    );
  };

  const read = (request: UpstreamRequest, caller: Caller, signal: AbortSignal | undefined) =>
    retry(timeoutMs, signal, (leftMs) => attempt(request, caller, 'query', leftMs, signal));

  return {
    async call(request, caller, purpose, signal) {
      if (isWrite(request)) {
        // also when it failed: it may have been done
        return attempt(request, caller, 'write', timeoutMs, undefined).finally(() =>
          answers.outdate(caller.key),
        );
      }
      if (purpose === 'query') {
        return answers.read(caller, request, signal, (shared) => read(request, caller, shared));
      }
      if (purpose === 'write') return read(request, caller, signal);
      // the next poll comes by itself, so one that failed is not tried again
      const answer = await attempt(request, caller, 'poll', timeoutMs, signal);
      answers.outdate(caller.key);
      return answer;
    },
  };
};
