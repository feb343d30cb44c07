import type { KeyObject } from 'node:crypto';
import { errors, type JWTPayload, jwtVerify } from 'jose';

/** What Wix gives its tokens, longer than it goes on trying to deliver them. */
export const longestLifeSeconds = 300_000;
const toleranceSeconds = 60;

export type Verified =
  | { readonly payload: JWTPayload }
  /** Why not, in a word of the library that holds nothing of the token. */
  | { readonly payload: null; readonly reason: string; readonly isToken: boolean };

const malformed: ReadonlySet<string> = new Set([errors.JWSInvalid.code, errors.JWTInvalid.code]);

/** Whether Wix signed this for the app, lately. The key decides the algorithm, never the token. */
export const verifyToken = async (token: string, key: KeyObject, now: number): Promise<Verified> => {
  try {
    const { payload } = await jwtVerify(token, key, {
      algorithms: ['RS256'],
      requiredClaims: ['iat', 'exp'],
      maxTokenAge: longestLifeSeconds,
      clockTolerance: toleranceSeconds,
      currentDate: new Date(now),
    });
    return { payload };
  } catch (error) {
    if (!(error instanceof errors.JOSEError)) throw error;
    return { payload: null, reason: error.code, isToken: !malformed.has(error.code) };
  }
};
