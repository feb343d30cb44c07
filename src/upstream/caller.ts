import { hash } from 'node:crypto';

/** Whose rights a call has: upstream's credential and, for API keys, the site or account it is meant for. */
export interface Caller {
  readonly authorization: string | null;
  readonly siteId: string | null;
  readonly accountId: string | null;
  /** The three above as one opaque name: what caches, watchers and cursors are kept under. Never shown. */
  readonly key: string;
}

export const createCaller = ({ authorization, siteId, accountId }: Omit<Caller, 'key'>): Caller => ({
  authorization,
  siteId,
  accountId,
  key: hash('sha256', JSON.stringify([authorization, siteId, accountId]), 'base64url'),
});
