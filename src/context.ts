import { createLoaders, type Loaders } from './loaders.ts';
import { type Caller, createCaller } from './upstream/caller.ts';
import type { CallerUpstream, Upstream } from './upstream/upstream.ts';

/** What every resolver is given, whatever the transport. */
export interface Context {
  readonly caller: Caller;
  readonly upstream: CallerUpstream;
  readonly loaders: Loaders;
  readonly now: () => number;
}

/** Reads one header or connection parameter of the caller. */
export type ReadHeader = (name: string) => string | null;

export interface ContextOptions {
  readonly upstream: Upstream;
  readonly now: () => number;
  /** Lent to callers without a credential. Only for the sandbox: null over a real upstream. */
  readonly demoAuthorization: string | null;
}

/** Makes contexts: one for each operation, the same for all transports. */
export const createContextFactory =
  ({ upstream, now, demoAuthorization }: ContextOptions) =>
  (header: ReadHeader, signal?: AbortSignal): Context => {
    const caller = createCaller({
      authorization: header('authorization') || demoAuthorization,
      siteId: header('wix-site-id') || null,
      accountId: header('wix-account-id') || null,
    });
    const callerUpstream = upstream.as(caller, signal);
    return { caller, upstream: callerUpstream, loaders: createLoaders(callerUpstream, caller.key), now };
  };
