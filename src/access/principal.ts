import type { Scope } from '../config/token-file.ts';
import { digestOf } from './bearer.ts';

/** A caller of the gateway, whatever rights upstream is asked with. */
export interface Principal {
  /** For people and logs; null where nobody says who they are. */
  readonly name: string | null;
  /** The same as one opaque word, for what belongs to this principal alone. Empty where nobody says who they are. */
  readonly key: string;
  /** What limits count under; null where one cannot be told from another. */
  readonly limitKey: string | null;
  readonly scopes: ReadonlySet<Scope>;
  /** When the token ends, in milliseconds since 1970; null when it does not by itself. */
  readonly expiresAt: number | null;
}

const everything: ReadonlySet<Scope> = new Set(['jobs:read', 'jobs:write']);

/** The gateway itself, as when it reads on behalf of all who watch the same. */
export const nobody: Principal = {
  name: null,
  key: '',
  limitKey: null,
  scopes: everything,
  expiresAt: null,
};

/** One who need not say who they are. What they send to Wix tells them apart, where limits count. */
export const anyone = (authorization: string | null): Principal =>
  authorization === null ? nobody : { ...nobody, limitKey: digestOf(authorization).toString('base64url') };

/** One who has proved who they are; `identity` is what makes it that one. */
export const someone = (
  identity: readonly string[],
  known: Pick<Principal, 'name' | 'scopes' | 'expiresAt'>,
): Principal => {
  const key = digestOf(JSON.stringify(identity)).toString('base64url');
  return { ...known, key, limitKey: key };
};
