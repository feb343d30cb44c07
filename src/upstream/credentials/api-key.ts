import type { ApiKeySettings } from '../../config/credential-settings.ts';
import type { Log } from '../../telemetry/log.ts';
import { createCaller } from '../caller.ts';
import type { Credentials } from './credentials.ts';
import { blameSettings, headerOf } from './own-credential.ts';

/** Every caller acts with the one API key, whatever they send. */
export const createApiKeyCredentials = (
  { scheme, apiKey, siteId }: ApiKeySettings,
  log: Log,
): Credentials => {
  const own = createCaller({ authorization: headerOf(scheme, apiKey), siteId, accountId: null });
  const blame = blameSettings('API key', 'WIX_API_KEY and WIX_SITE_ID', log);
  return {
    callerOf: () => own,
    authorize: (_caller, send) => send(own).catch(blame),
  };
};
