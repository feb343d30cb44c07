import { createHash } from 'node:crypto';
import type { AppSettings } from '../../config/credential-settings.ts';
import type { Log } from '../../telemetry/log.ts';
import type { Caller } from '../caller.ts';
import type { AppToken, AppTokens } from './app-tokens.ts';
import type { Credentials } from './credentials.ts';
import { blameSettings, headerOf, isRefused } from './own-credential.ts';

/**
 * The same whatever the token, since caches, watchers and cursors are kept under it. The secret is part of it: what
 * signs cursors must not follow from ids that others know.
 */
const keyOf = ({ appId, appSecret, instanceId }: AppSettings): string =>
  createHash('sha256')
    .update(JSON.stringify(['app', appId, appSecret, instanceId]))
    .digest('base64url');

/** Every caller acts as the one app on its instance, whatever they send. */
export const createAppCredentials = (settings: AppSettings, tokens: AppTokens, log: Log): Credentials => {
  // a token is bound to its instance, and so to a site, by itself
  const own: Caller = { authorization: null, siteId: null, accountId: null, key: keyOf(settings) };
  const bearerOf = ({ value }: AppToken): Caller => ({
    ...own,
    authorization: headerOf(settings.scheme, value),
  });
  const blame = blameSettings('access token', 'WIX_APP_ID, WIX_APP_SECRET and WIX_INSTANCE_ID', log);
  return {
    callerOf: () => own,
    async authorize(_caller, send, signal) {
      const token = await tokens.current(signal);
      try {
        return await send(bearerOf(token));
      } catch (error) {
        if (!isRefused(error)) throw error;
        const renewed = await tokens.insteadOf(token, signal);
        return renewed === null ? blame(error) : send(bearerOf(renewed)).catch(blame);
      }
    },
  };
};
