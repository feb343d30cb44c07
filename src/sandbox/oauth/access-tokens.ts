import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

export type AccessTokens = {
  issue(instanceId: string): string;
  /** The instance that a token of ours is for; null for any other credential. */
  instanceOf(authorization: string | undefined): string | null;
  /** True for a token of ours that has expired, and for one that only looks as if it were ours. */
  isStale(authorization: string): boolean;
};

const prefix = 'SandboxToken';

type Claims = { readonly instanceId: string; readonly expiresAt: number };

/** Nothing is kept of a token: it says itself whose it is and until when, and is signed. */
export const createAccessTokens = (lifeMs: number, now: () => number): AccessTokens => {
  const key = randomBytes(32);
  const sign = (text: string) => createHmac('sha256', key).update(text).digest();

  const isOurs = (payload: string, signature: string): boolean => {
    const given = Buffer.from(signature, 'base64url');
    const wanted = sign(payload);
    return given.length === wanted.length && timingSafeEqual(given, wanted);
  };

  /** Undefined for other credentials, null for a token that is not signed by us. */
  const read = (authorization: string): Claims | null | undefined => {
    const [head, payload = '', signature = ''] = authorization.replace(/^bearer +/i, '').split('.');
    if (head !== prefix) return undefined;
    return isOurs(payload, signature) ? JSON.parse(Buffer.from(payload, 'base64url').toString()) : null;
  };

  return {
    issue: (instanceId) => {
      const claims: Claims = { instanceId, expiresAt: now() + lifeMs };
      const payload = Buffer.from(JSON.stringify(claims)).toString('base64url');
      return `${prefix}.${payload}.${sign(payload).toString('base64url')}`;
    },
    instanceOf: (authorization = '') => read(authorization)?.instanceId ?? null,
    isStale: (authorization) => {
      const claims = read(authorization);
      return claims === null || (claims !== undefined && claims.expiresAt <= now());
    },
  };
};
