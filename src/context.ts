import { nobody, type Principal } from './access/principal.ts';
import type { Clock } from './domain/clock.ts';
import type { CallerLive, JobHub } from './live/job-hub.ts';
import { createLazyLoaders, type Loaders } from './loaders.ts';
import { type Observed, shortHash, unobserved } from './telemetry/observed.ts';
import type { Telemetry } from './telemetry/telemetry.ts';
import type { Caller } from './upstream/caller.ts';
import type { CallerUpstream, Upstream } from './upstream/upstream.ts';
import { type CallerWrites, createCallerWrites } from './writes/caller-writes.ts';
import type { SharedSubmits } from './writes/shared-submits.ts';
import type { SubmitMemory } from './writes/submit-memory.ts';

/** What every resolver is given, whatever the transport. */
export interface Context {
  /** Whose rights upstream is asked with. */
  readonly caller: Caller;
  /** Who asks the gateway: many of them may be one caller. */
  readonly principal: Principal;
  readonly upstream: CallerUpstream;
  readonly loaders: Loaders;
  readonly live: CallerLive;
  readonly writes: CallerWrites;
  readonly now: () => number;
  /** What the operation has cost so far. */
  readonly observed: Observed;
  /** Fires when the client of this operation is gone, or its reads are given up. */
  readonly signal: AbortSignal;
  /** Ends the reads of this operation. Writes go on. */
  giveUp(reason: Error): void;
}

/** All that is ever read of a client's headers: a transport with long connections need keep no others. */
export const callerHeaders = ['authorization', 'wix-site-id', 'wix-account-id'] as const;

/** Those of one client that were sent. */
export type CallerHeaders = Readonly<Partial<Record<(typeof callerHeaders)[number], string>>>;

/** Reads one header or connection parameter of the client. */
export type ReadHeader = (name: (typeof callerHeaders)[number]) => string | null;

/** Who sent an operation. */
export interface Client {
  readonly principal: Principal;
  readonly signal: AbortSignal;
  readonly observed: Observed;
}

export interface ContextFactory {
  /** For one operation of a client. */
  fromHeaders(header: ReadHeader, client: Client): Context;
  /** What the log calls who asks. */
  nameOf(header: ReadHeader, principal: Principal): string;
  /** For reading on behalf of a caller, as for the events of a tick. Nothing read before is remembered. */
  forCaller(caller: Caller): Context;
}

export interface ContextOptions {
  readonly upstream: Upstream;
  readonly hub: JobHub;
  readonly submitMemory: (callerKey: string, principalKey: string) => SubmitMemory;
  /** What other replicas know of submits. */
  readonly submits: SharedSubmits;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  /** Lent to callers without a credential. Only for the sandbox: null over a real upstream. */
  readonly demoAuthorization: string | null;
}

export const createContextFactory = (options: ContextOptions): ContextFactory => {
  const { upstream, hub, submitMemory, submits, clock, demoAuthorization, telemetry } = options;

  const create = (
    caller: Caller,
    principal: Principal,
    observed: Observed,
    clientSignal?: AbortSignal,
  ): Context => {
    const reads = new AbortController();
    const { signal } = reads;
    if (clientSignal?.aborted) reads.abort(clientSignal.reason);
    clientSignal?.addEventListener('abort', () => reads.abort(clientSignal.reason), { once: true });
    const callerUpstream = upstream.as(caller, 'query', signal, observed);
    const live = hub.as(caller);
    const loaders = createLazyLoaders(callerUpstream, caller.key, telemetry);
    return {
      caller,
      principal,
      upstream: callerUpstream,
      loaders,
      live,
      writes: createCallerWrites({
        jobs: () => upstream.as(caller, 'write', undefined, observed).jobs,
        memory: () => submitMemory(caller.key, principal.key),
        others: () => submits.as(caller.key, principal.key),
        listener: live,
        outdate: () => loaders.forget(),
        clock,
      }),
      now: clock.now,
      observed,
      signal,
      giveUp: (reason) => reads.abort(reason),
    };
  };

  const callerOf = (header: ReadHeader, principal: Principal): Caller =>
    upstream.callerOf({
      // of who had to prove who they are, it is the gateway's and no business of upstream
      authorization: principal.key === '' ? header('authorization') || demoAuthorization : null,
      siteId: header('wix-site-id') || null,
      accountId: header('wix-account-id') || null,
    });

  return {
    nameOf: (header, principal) => principal.name ?? shortHash(callerOf(header, principal).key),
    fromHeaders(header, { principal, signal, observed }) {
      const caller = callerOf(header, principal);
      observed.caller = principal.name ?? shortHash(caller.key);
      // a subscription lives long, and need not keep its request
      observed.nameCaller = null;
      return create(caller, principal, observed, signal);
    },
    forCaller: (caller) => create(caller, nobody, unobserved()),
  };
};
