import type { Clock } from '../domain/clock.ts';
import { GatewayError } from '../domain/gateway-error.ts';
import { type Log, silentLog } from '../telemetry/log.ts';
import { logOnce } from '../telemetry/log-once.ts';
import { type Metrics, noMetrics } from '../telemetry/metrics.ts';
import { noteUpstreamRequest, type Observed } from '../telemetry/observed.ts';
import type { Answers } from './answers.ts';
import type { Budget } from './budget.ts';
import type { Caller } from './caller.ts';
import type { Circuit } from './circuit.ts';
import type { Credentials } from './credentials/credentials.ts';
import { type Answer, isWrite, type Read, type UpstreamHttp, type UpstreamRequest } from './http.ts';
import { logFailure } from './log-failure.ts';
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
  readonly metrics?: Metrics;
  readonly log?: Log;
}

/** Who wants a call, and what for. */
export interface Errand {
  readonly caller: Caller;
  readonly purpose: Purpose;
  readonly signal: AbortSignal | undefined;
  /** The operation that it is for, if it is for one. */
  readonly observed: Observed | undefined;
}

export interface Pipeline {
  /** Ends with the signal's reason once that fires, unless it is a write: a write that was begun goes on. */
  call<Value>(request: UpstreamRequest, errand: Errand, read: Read<Value>): Promise<Answer<Value>>;
}

/** Waiting for its turn may not take from an operation what the call itself needs. */
const callShare = 0.2;

/** Counts a call for its operation, and keeps what upstream calls its answer. */
const count = async (observed: Observed | undefined, call: Promise<Answer>): Promise<Answer> => {
  if (observed === undefined) return call;
  observed.upstreamCalls += 1;
  try {
    const answer = await call;
    noteUpstreamRequest(observed, answer.requestId);
    return answer;
  } catch (error) {
    if (error instanceof GatewayError) noteUpstreamRequest(observed, error.upstream?.requestId ?? null);
    throw error;
  }
};

/**
 * Reads an answer and lets go of the raw one. All promises that waited for it are as old as the call by now, so V8 looks
 * for them only where it collects all garbage, and until then they would keep alive what they hold.
 */
const decoded = async <Value>(asked: Promise<Answer>, read: Read<Value>): Promise<Answer<Value>> => {
  const answer = await asked;
  const body = read(answer);
  answer.body = undefined;
  return { ...answer, body };
};

/** Every call to upstream goes through these parts in this order. None of them knows of the others. */
export const createPipeline = (parts: PipelineParts): Pipeline => {
  const { answers, retry, credentials, budget, circuit, http, clock, timeoutMs } = parts;
  const { metrics = noMetrics, log = silentLog } = parts;

  const attempt = async (
    request: UpstreamRequest,
    { caller, observed, signal }: Errand,
    lane: Lane,
    { leftMs, number }: { readonly leftMs: number; readonly number: number },
  ): Promise<Answer> => {
    signal?.throwIfAborted();
    const deadline = clock.now() + leftMs;
    const patienceMs = Math.max(0, leftMs - timeoutMs * callShare);
    const send = (authorized: Caller) =>
      circuit.run(caller, signal, () => {
        const left = lane === 'write' ? timeoutMs : Math.max(1, deadline - clock.now());
        return count(observed, http.call(request, authorized, { timeoutMs: left, signal, number }));
      });
    // before a token is asked for, or a request of the budget is spent
    circuit.check(caller);
    return credentials.authorize(
      caller,
      (authorized) => budget.run(caller.key, { lane, patienceMs, signal }, () => send(authorized)),
      signal,
    );
  };

  const tryAgain = (request: UpstreamRequest, errand: Errand) =>
    retry(timeoutMs, errand.signal, (leftMs, number) =>
      attempt(request, errand, 'query', { leftMs, number }),
    );

  const call = async <Value>(
    request: UpstreamRequest,
    errand: Errand,
    read: Read<Value>,
  ): Promise<Answer<Value>> => {
    const { caller, purpose, signal, observed } = errand;
    const first = { leftMs: timeoutMs, number: 1 };
    if (isWrite(request)) {
      // also when it failed: it may have been done
      const asked = attempt(request, { ...errand, signal: undefined }, 'write', first);
      return decoded(
        asked.finally(() => answers.outdate(caller.key)),
        read,
      );
    }
    if (purpose === 'query') {
      const ask = (shared: AbortSignal) => decoded(tryAgain(request, { ...errand, signal: shared }), read);
      return answers.read(caller, request, signal, ask, (result) => {
        metrics.cached('answers', result, 1);
        if (observed !== undefined && result === 'hit') observed.cacheHits += 1;
      });
    }
    if (purpose === 'write') return decoded(tryAgain(request, errand), read);
    // the next poll comes by itself, so one that failed is not tried again
    const asked = attempt(request, errand, 'poll', first);
    return decoded(
      asked.then((answer) => {
        answers.outdate(caller.key);
        return answer;
      }),
      read,
    );
  };

  return {
    async call(request, errand, read) {
      try {
        return await call(request, errand, read);
      } catch (error) {
        // polling says of itself when it begins to fail
        if (error instanceof GatewayError && errand.purpose !== 'poll') {
          logOnce(error, () => logFailure(log, error, { endpoint: request.operation, ...errand }));
        }
        throw error;
      }
    },
  };
};
