import { z } from 'zod';

/** Upstream says 14400 (CONTRACT 3.2). Where it says nothing, soon asking again is the safe reading. */
const defaultLifeSeconds = 300;

/** What a header can carry. */
const token = z.string().regex(/^[\x21-\x7e]{1,16384}$/);

const grant = z.object({
  access_token: token,
  expires_in: z.coerce.number().positive().catch(defaultLifeSeconds),
});

export interface Grant {
  readonly token: string;
  readonly lifeMs: number;
}

/** Null for what is no grant. Nothing of it may be told: it may hold a secret. */
export const decodeGrant = (body: unknown): Grant | null => {
  const { data } = grant.safeParse(body);
  return data ? { token: data.access_token, lifeMs: data.expires_in * 1000 } : null;
};
