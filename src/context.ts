import type { Clock } from './domain/clock.ts';
import type { CallerLive, JobHub } from './live/job-hub.ts';
import { createLazyLoaders, type Loaders } from './loaders.ts';
import { type Caller, createCaller } from './upstream/caller.ts';
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
  /** Fires when the client of this operation is gone. */
  readonly signal: AbortSignal;
}

/** All that is ever read of a client's headers: a transport with long connections need keep no others. */
export const callerHeaders = ['authorization', 'wix-site-id', 'wix-account-id'] as const;

/** Reads one header or connection parameter of the client. */
export type ReadHeader = (name: (typeof callerHeaders)[number]) => string | null;

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
  const never = new AbortController().signal;

  const create = (caller: Caller, signal: AbortSignal): Context => {
    const callerUpstream = upstream.as(caller, signal);
    const live = hub.as(caller);
    return {
      caller,
      upstream: callerUpstream,
      loaders: createLazyLoaders(callerUpstream, caller.key),
      live,
      writes: createCallerWrites({
        jobs: () => upstream.as(caller).jobs,
        memory: () => submitMemory(caller.key),
        listener: live,
        clock,
      }),
      now: clock.now,
      signal,
    };
  };

  return {
    fromHeaders(header, signal) {
      const caller = createCaller({
        authorization: header('authorization') || demoAuthorization,
        siteId: header('wix-site-id') || null,
        accountId: header('wix-account-id') || null,
      });
      return create(caller, signal);
    },
    forCaller: (caller) => create(caller, never),
  };
};
