import type { Clock } from './domain/clock.ts';
import type { CallerLive, JobHub } from './live/job-hub.ts';
import { createLazyLoaders, type Loaders } from './loaders.ts';
import type { Caller } from './upstream/caller.ts';
import type { CallerUpstream, Upstream } from './upstream/upstream.ts';
import { type CallerWrites, createCallerWrites } from './writes/caller-writes.ts';
import type { SubmitMemory } from './writes/submit-memory.ts';

/** What every resolver is given, whatever the transport. */
export interface Context {
  readonly caller: Caller;
  readonly upstream: CallerUpstream;
  readonly loaders: Loaders;
  readonly live: CallerLive;
  readonly writes: CallerWrites;
  readonly now: () => number;
  /** Fires when the client of this operation is gone, or its reads are given up. */
  readonly signal: AbortSignal;
  /** Ends the reads of this operation. Writes go on. */
  giveUp(reason: Error): void;
}

/** Reads one header or connection parameter of the client. */
export type ReadHeader = (name: string) => string | null;

export interface ContextFactory {
  /** For one operation of a client. */
  fromHeaders(header: ReadHeader, signal: AbortSignal): Context;
  /** For reading on behalf of a caller, as for the events of a tick. Nothing read before is remembered. */
  forCaller(caller: Caller): Context;
}

export interface ContextOptions {
  readonly upstream: Upstream;
  readonly hub: JobHub;
  readonly submitMemory: (callerKey: string) => SubmitMemory;
  readonly clock: Clock;
  /** Lent to callers without a credential. Only for the sandbox: null over a real upstream. */
  readonly demoAuthorization: string | null;
}

export const createContextFactory = (options: ContextOptions): ContextFactory => {
  const { upstream, hub, submitMemory, clock, demoAuthorization } = options;

  const create = (caller: Caller, clientSignal?: AbortSignal): Context => {
    const reads = new AbortController();
    const { signal } = reads;
    if (clientSignal?.aborted) reads.abort(clientSignal.reason);
    clientSignal?.addEventListener('abort', () => reads.abort(clientSignal.reason), { once: true });
    const callerUpstream = upstream.as(caller, 'query', signal);
    const live = hub.as(caller);
    return {
      caller,
      upstream: callerUpstream,
      loaders: createLazyLoaders(callerUpstream, caller.key),
      live,
      writes: createCallerWrites({
        jobs: () => upstream.as(caller, 'write').jobs,
        memory: () => submitMemory(caller.key),
        listener: live,
        clock,
      }),
      now: clock.now,
      signal,
      giveUp: (reason) => reads.abort(reason),
    };
  };

  return {
    fromHeaders(header, signal) {
      const caller = upstream.callerOf({
        authorization: header('authorization') || demoAuthorization,
        siteId: header('wix-site-id') || null,
        accountId: header('wix-account-id') || null,
      });
      return create(caller, signal);
    },
    forCaller: (caller) => create(caller),
  };
};
