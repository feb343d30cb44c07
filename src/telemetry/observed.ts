import type { Traceparent } from './traceparent.ts';

export type Transport = 'http' | 'sse' | 'ws';

/** What a client has asked for, once that is known. */
export interface OperationIdentity {
  readonly type: 'query' | 'mutation' | 'subscription';
  /** Its first characters; null for one without a name. */
  readonly name: string | null;
  /** SHA-256 of the document's text. */
  readonly hash: string;
}

/** What one operation has cost and met so far. Made where it comes in, and counted up by whoever works for it. */
export interface Observed {
  readonly requestId: string;
  /** On the clock of `performance`. */
  readonly startedAt: number;
  /** Where the client's own trace is at. */
  readonly traceparent: Traceparent | null;
  /** `http` until it is a stream of events: what a client accepts says little. */
  transport: Transport;
  traceId: string | null;
  /** Whether it has had a span of its own. */
  isTraced: boolean;
  identity: OperationIdentity | null;
  /** The name of who asks, or a short hash of what they show. */
  caller: string | null;
  /** Says that of an operation that was refused before there was a context. */
  nameCaller: (() => string | null) | null;
  /** How many its answer may have. */
  fields: number;
  upstreamCalls: number;
  /** Answers, and jobs, for which nobody had to be asked. */
  cacheHits: number;
  /** Events that a subscription was told. */
  events: number;
  /** What upstream calls its answers: the newest few. */
  upstreamRequestIds: readonly string[];
}

const maxRequestIds = 5;
const none: readonly string[] = [];

export interface Arrival {
  readonly requestId: string;
  readonly traceparent: Traceparent | null;
  readonly transport: Transport;
}

export const createObserved = ({ requestId, traceparent, transport }: Arrival): Observed => ({
  requestId,
  traceparent,
  transport,
  startedAt: performance.now(),
  traceId: traceparent?.traceId ?? null,
  isTraced: false,
  identity: null,
  caller: null,
  nameCaller: null,
  fields: 0,
  upstreamCalls: 0,
  cacheHits: 0,
  events: 0,
  upstreamRequestIds: none,
});

/** For what is done for nobody in particular, as the reads of a tick. */
export const unobserved = (): Observed =>
  createObserved({ requestId: '', traceparent: null, transport: 'http' });

/** Enough to tell callers apart and to find one again, and no way back to what they showed. */
export const shortHash = (callerKey: string): string => callerKey.slice(0, 10);

export const noteUpstreamRequest = (observed: Observed, requestId: string | null): void => {
  if (requestId === null) return;
  observed.upstreamRequestIds = [...observed.upstreamRequestIds, requestId].slice(-maxRequestIds);
};
