import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';
import { GatewayError } from '../domain/gateway-error.ts';
import type { Log } from '../telemetry/log.ts';

/** Keys are fetched again when they are this old, so that one that was withdrawn is soon out. */
const refreshMs = 30_000;
/** Where they are older than that, as after a quiet time, nobody is let in by them before they are fetched again. */
const maxAgeMs = 60_000;
/** After a failure the endpoint has peace for so long, while there are no keys at all. */
const pauseMs = 1000;
/** Tokens may name any key they like, and must not make the gateway ask for it each time. */
const lookUpEveryMs = 10_000;

export interface RemoteKeysOptions {
  /** Fetches the key set once, in bounded time and size. */
  readonly request: () => Promise<JSONWebKeySet>;
  readonly now: () => number;
  readonly log: Log;
}

export interface RemoteKeys {
  /** Finds the key of a token, and asks the issuer where it has to. */
  readonly find: JWTVerifyGetKey;
  /** The set as it was last fetched, the same object for as long as it says the same; null while there is none. */
  readonly known: JWTVerifyGetKey | null;
  /** Fetches it again when it is old. Never fails. */
  look(): Promise<void>;
}

const unreachable = (): GatewayError =>
  new GatewayError(
    'UPSTREAM_UNAVAILABLE',
    'The gateway cannot check the token at present: it got no keys from the issuer. That is not the fault of the token. Ask again in a moment; if this goes on, the operator of the gateway should check GATEWAY_JWKS_URL.',
    { transient: true },
  );

const resting = (waitMs: number): GatewayError =>
  new GatewayError(
    'UPSTREAM_UNAVAILABLE',
    'The gateway cannot check the token at present: it does not know its key, and asked the issuer for new ones only a moment ago. Wait as long as retryAfterMs says, then ask again.',
    { transient: true, retryAfterMs: waitMs },
  );

/** The keys of an issuer. One fetch at a time; while it fails, the keys that are known go on being good. */
export const createRemoteKeys = ({ request, now, log }: RemoteKeysOptions): RemoteKeys => {
  let known: JWTVerifyGetKey | null = null;
  let knownText = '';
  let fetching: Promise<void> | null = null;
  let failure: GatewayError | null = null;
  let askedAt = Number.NEGATIVE_INFINITY;
  let gotAt = Number.NEGATIVE_INFINITY;
  let lookedUpAt = Number.NEGATIVE_INFINITY;

  // clocks are set back at times
  const isPast = (since: number, ms: number) => Math.abs(now() - since) >= ms;

  const renew = async () => {
    askedAt = now();
    try {
      const set = await request();
      const text = JSON.stringify(set);
      if (text !== knownText) known = createLocalJWKSet(set);
      knownText = text;
      gotAt = askedAt;
      failure = null;
    } catch (error) {
      failure = unreachable();
      log.warn({ err: error }, 'no keys from GATEWAY_JWKS_URL');
    } finally {
      fetching = null;
    }
  };
  const refresh = () => {
    fetching ??= renew();
    return fetching;
  };

  const current = async (): Promise<JWTVerifyGetKey> => {
    if (known === null) {
      if (fetching !== null || isPast(askedAt, pauseMs)) await refresh();
    } else if (isPast(askedAt, refreshMs)) {
      const refreshed = refresh();
      // in an outage nobody waits for what will most likely fail again
      if (failure === null && isPast(gotAt, maxAgeMs)) await refreshed;
    } else if (fetching !== null && failure === null && isPast(gotAt, maxAgeMs)) {
      await fetching;
    }
    if (known === null) throw failure ?? unreachable();
    return known;
  };

  const find: JWTVerifyGetKey = async (header, token) => {
    const keys = await current();
    try {
      return await keys(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      // it may be a new one
      if (isPast(lookedUpAt, lookUpEveryMs)) {
        lookedUpAt = now();
        await refresh();
      } else if (fetching !== null) {
        await fetching;
      } else {
        // whoever names keys at random must not make a new one look wrong
        throw resting(lookUpEveryMs - Math.abs(now() - lookedUpAt));
      }
      if (failure !== null) throw failure;
      return (await current())(header, token);
    }
  };

  return {
    find,
    get known() {
      return known;
    },
    look: async () => {
      if (isPast(askedAt, refreshMs)) await refresh();
    },
  };
};
