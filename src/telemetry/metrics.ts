import type { Transport } from './observed.ts';

export interface Operated {
  /** Null where the document was not read: it is no GraphQL, or nobody got as far as that. */
  readonly name: string | null;
  readonly type: 'query' | 'mutation' | 'subscription' | 'unknown';
  /** OK, or that of its first error. */
  readonly code: string;
  /** Whether it ended well and brought something of upstream's: strangers get no further than their own words. */
  readonly isProven: boolean;
  /** Null for what goes on as long as its client likes. */
  readonly seconds: number | null;
}

export interface UpstreamCalled {
  readonly endpoint: string;
  /** Upstream's, or the code of the failure where there was none. */
  readonly status: string;
  readonly attempt: number;
  readonly seconds: number;
}

export interface Polled {
  readonly outcome: 'changed' | 'unchanged' | 'failed';
  readonly seconds: number;
  /** Until the next one. */
  readonly intervalSeconds: number;
}

/** What is looked at when somebody reads the metrics. */
export type GatewayState = () => {
  /** Null for a process that is the only one. */
  readonly replicas: {
    readonly isTogether: boolean;
    readonly count: number;
    readonly missing: number;
    readonly leases: number;
    readonly reservedShare: number;
    readonly parts: number;
  } | null;
  readonly budget: {
    readonly callers: number;
    readonly exhausted: number;
    readonly throttled: number;
    /** Of the caller who has least; null where that is not known of any. */
    readonly lowest: number | null;
  };
  readonly circuit: { readonly isOpenForAll: boolean; readonly openCallers: number };
  readonly answers: { readonly fields: number; readonly waiting: number };
  readonly live: { readonly watchers: number; readonly watchedJobs: number };
};

/** Caches whose hits are counted. */
export type CacheName = 'finished_jobs' | 'answers';
/** Why a connection was hung up on: its client took nothing for too long, or it was one too much for memory. */
export const hangUps = ['patience', 'memory'] as const;
export type HangUp = (typeof hangUps)[number];
/** What became of a webhook: `refused` is not Wix's or no event, `busy` was not read. */
export type WebhookResult = 'news' | 'duplicate' | 'late' | 'other' | 'refused' | 'busy' | 'failed';
/**
 * Who says that requests were too many: Wix by a 429, the gateway after one, its budget, its limits on callers, or how many
 * large answers wait to be made.
 */
export const limiters = ['wix', 'after_429', 'budget', 'gate', 'answers'] as const;
export type Limiter = (typeof limiters)[number];
export type CacheResult = 'hit' | 'joined' | 'miss';

/** What is counted. No label has more values than somebody here could list. */
export interface Metrics {
  operated(operation: Operated): void;
  upstreamCalled(call: UpstreamCalled): void;
  /** A request was too many, or an operation or connection where the gate says so. */
  rateLimited(by: Limiter): void;
  /** A request had its turn after so long, with what asking the other replicas took. */
  budgetWaited(lane: string, seconds: number): void;
  redisAsked(seconds: number): void;
  batched(loader: string, size: number): void;
  cached(cache: CacheName, result: CacheResult, count: number): void;
  polled(poll: Polled): void;
  /** An event is handed to a subscriber, so long after upstream was seen to say it. */
  delivered(seconds: number): void;
  /** A subscriber is told that nothing has been heard of a job for a while. */
  toldStale(): void;
  webhook(result: WebhookResult): void;
  /** Spans, by the batch. */
  tracesSent(result: 'sent' | 'lost'): void;
  subscribed(transport: Transport, change: 1 | -1): void;
  hungUp(reason: HangUp): void;
  follow(state: GatewayState): void;
}

const nothing = () => {};

export const noMetrics: Metrics = {
  operated: nothing,
  upstreamCalled: nothing,
  rateLimited: nothing,
  budgetWaited: nothing,
  redisAsked: nothing,
  batched: nothing,
  cached: nothing,
  polled: nothing,
  delivered: nothing,
  toldStale: nothing,
  webhook: nothing,
  tracesSent: nothing,
  subscribed: nothing,
  hungUp: nothing,
  follow: nothing,
};
