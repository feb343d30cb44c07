import { errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import type { JwtAccess } from '../config/access-settings.ts';
import { type Scope, scopes } from '../config/token-file.ts';
import type { Clock } from '../domain/clock.ts';
import { GatewayError } from '../domain/gateway-error.ts';
import type { Log } from '../telemetry/log.ts';
import type { Access } from './access.ts';
import { bearerOf, digestOf } from './bearer.ts';
import { fetchKeys } from './fetch-keys.ts';
import { type Principal, someone } from './principal.ts';
import { tokenExpired, tokenWithdrawn, unauthenticated } from './refusals.ts';
import { createRemoteKeys, type RemoteKeys } from './remote-keys.ts';

/** Whoever knows the public key must not be able to sign with it, so none that is symmetric. */
const algorithms = ['RS', 'PS', 'ES'].flatMap((family) => [`${family}256`, `${family}384`, `${family}512`]);
algorithms.push('EdDSA', 'Ed25519');

/** How far the clocks of issuer and gateway may be apart. */
const toleranceMs = 5000;
/** With keys that are asked for every 30 seconds, a withdrawn one is out within a minute. */
const lookEveryMs = 15_000;
/** The last instant that a date can say. */
const endOfTimeMs = 8.64e15;
/** The longest that a timer can wait. */
const maxWaitMs = 2 ** 31 - 1;

const advice = 'Get a token for this gateway from its issuer, and send that.';

const endless = `The token does not say in an exp when it ends, and one without end is not accepted. ${advice}`;

const explainClaim = ({ claim, reason }: errors.JWTClaimValidationFailed): string => {
  if (claim === 'exp' && reason === 'missing') {
    return endless;
  }
  if (claim === 'nbf' && reason === 'check_failed') {
    return 'The token is not valid yet (nbf). Ask again later, or check the clocks of issuer and gateway.';
  }
  if (claim === 'iss' || claim === 'aud') {
    return `The token is of another issuer (iss) or for another audience (aud) than this gateway accepts. ${advice}`;
  }
  return `A claim of the token is not as it has to be. ${advice}`;
};

/** What the client may be told. Nothing of the token, and so nothing of jose's errors, which carry its claims. */
const explain = (error: unknown): GatewayError => {
  if (error instanceof GatewayError) return error;
  if (error instanceof errors.JWTExpired) return tokenExpired();
  if (error instanceof errors.JWTClaimValidationFailed) return unauthenticated(explainClaim(error));
  if (error instanceof errors.JOSEAlgNotAllowed) {
    return unauthenticated(
      `The token is not signed in a way that is accepted: it has to be one of ${algorithms.join(', ')}. ${advice}`,
    );
  }
  if (error instanceof errors.JWSSignatureVerificationFailed || error instanceof errors.JWKSNoMatchingKey) {
    return unauthenticated(
      `The token is not signed with a key of the issuer that this gateway trusts. ${advice}`,
    );
  }
  return unauthenticated(`The authorization holds no JWT that could be checked. ${advice}`);
};

const textOf = (value: unknown): string | null =>
  typeof value === 'string' && value !== '' ? value.slice(0, 200) : null;

/** From `scope`, words with spaces between them, or `scp`, which may be a list as well. */
const scopesOf = ({ scope, scp }: JWTPayload): ReadonlySet<Scope> => {
  const words = [scope, scp].flatMap((claim) =>
    typeof claim === 'string' ? claim.split(' ') : Array.isArray(claim) ? claim : [],
  );
  return new Set(scopes.filter((each) => words.includes(each)));
};

/** A token that something lives on. */
interface Held {
  readonly token: string;
  /** The key set that it was last good by. */
  goodBy: JWTVerifyGetKey | null;
  /** Null once nothing lives on it any more: tables that a busy set outgrows keep what was in it alive. */
  sendAway: (() => void) | null;
}

/** Who may call by a token that an issuer has signed. */
export const createJwtAccess = (settings: JwtAccess, clock: Clock, log: Log): Access => {
  const { issuer, audience, keys } = settings;
  const { now } = clock;
  const ofIssuer = (url: URL) => {
    const remote = createRemoteKeys({ request: () => fetchKeys(url, clock), now, log });
    return { remote, getKey: remote.find };
  };
  const { remote, getKey }: { remote: RemoteKeys | null; getKey: JWTVerifyGetKey } =
    'url' in keys ? ofIssuer(keys.url) : { remote: null, getKey: async () => keys.publicKey };

  const expected = () => ({
    algorithms,
    issuer,
    audience,
    requiredClaims: ['exp'],
    clockTolerance: toleranceMs / 1000,
    currentDate: new Date(now()),
  });

  const verify = async (token: string, findKey = getKey): Promise<JWTPayload> => {
    try {
      return (await jwtVerify(token, findKey, expected())).payload;
    } catch (error) {
      if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
      // it names no key, so it may be any of them
      for await (const key of error) {
        try {
          return (await jwtVerify(token, key, expected())).payload;
        } catch (other) {
          if (!(other instanceof errors.JWSSignatureVerificationFailed)) throw other;
        }
      }
      throw new errors.JWSSignatureVerificationFailed();
    }
  };

  const principalOf = (token: string, payload: JWTPayload): Principal => {
    const { sub } = payload;
    const expiresAt = (payload.exp ?? 0) * 1000;
    if (expiresAt > endOfTimeMs) throw unauthenticated(endless);
    const client = textOf(payload['client_id']) ?? textOf(payload['azp']);
    // one that names nobody is told from others by itself
    const own = client === null ? ['token', digestOf(token).toString('base64url')] : ['client', client];
    return someone(['jwt', issuer, ...(textOf(sub) === null ? own : ['sub', String(sub)])], {
      name: textOf(sub) ?? client ?? 'unnamed',
      scopes: scopesOf(payload),
      // who comes in the time that tolerance gives is not sent away at once
      expiresAt: expiresAt > now() ? expiresAt : expiresAt + toleranceMs,
    });
  };

  const heldBy = new WeakMap<Principal, Held>();
  const living = new Set<Held>();

  /** Sends away whose tokens are no longer good by the keys as they are now. */
  const review = async (known: JWTVerifyGetKey) => {
    for (const held of living) {
      if (held.goodBy === known) continue;
      held.goodBy = known;
      await verify(held.token, known).catch((error: unknown) => {
        // that has a timer of its own
        if (!(error instanceof errors.JWTExpired)) held.sendAway?.();
      });
    }
  };

  let cancelLook: (() => void) | null = null;
  const lookLater = (keys: RemoteKeys) => {
    cancelLook ??= clock.after(lookEveryMs, async () => {
      await keys.look();
      if (keys.known !== null) await review(keys.known);
      cancelLook = null;
      if (living.size > 0) lookLater(keys);
    });
  };

  /** Calls back when the key of a token is withdrawn. */
  const whenWithdrawn = (principal: Principal, callback: (why: Error) => void): (() => void) => {
    const held = heldBy.get(principal);
    if (remote === null || held === undefined) return () => {};
    const leave = () => {
      living.delete(held);
      held.sendAway = null;
    };
    held.sendAway = () => {
      leave();
      callback(tokenWithdrawn());
    };
    living.add(held);
    lookLater(remote);
    return leave;
  };

  return {
    async identify(authorization) {
      const token = bearerOf(authorization);
      // before: they may be others by the time it is verified
      const goodBy = remote?.known ?? null;
      try {
        const principal = principalOf(token, await verify(token));
        heldBy.set(principal, { token, goodBy, sendAway: null });
        return principal;
      } catch (error) {
        throw explain(error);
      }
    },
    whenOver(principal, callback) {
      const { expiresAt } = principal;
      const stay = whenWithdrawn(principal, callback);
      let cancel = () => {};
      const wait = () => {
        const leftMs = (expiresAt ?? Number.POSITIVE_INFINITY) - now();
        if (leftMs > 0) cancel = clock.after(Math.min(leftMs, maxWaitMs), wait);
        else callback(tokenExpired());
      };
      wait();
      return () => {
        cancel();
        stay();
      };
    },
    // tokens are new every few minutes: neighbours of whoever sends wrong ones would soon be shut out
    isGuessable: false,
    close() {
      living.clear();
      cancelLook?.();
    },
  };
};
