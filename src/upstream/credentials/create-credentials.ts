import type { CredentialSettings } from '../../config/credential-settings.ts';
import type { Log } from '../../telemetry/log.ts';
import type { UpstreamHttp } from '../http.ts';
import { createApiKeyCredentials } from './api-key.ts';
import { createAppCredentials } from './app.ts';
import { createAppTokens } from './app-tokens.ts';
import type { Credentials } from './credentials.ts';
import { passthrough } from './passthrough.ts';
import { createTokenRequest } from './token-request.ts';

export interface CredentialsOptions {
  readonly settings: CredentialSettings;
  readonly http: Pick<UpstreamHttp, 'call'>;
  /** How long asking for an access token may take. */
  readonly timeoutMs: number;
  readonly now: () => number;
  readonly log: Log;
}

export const createCredentials = (options: CredentialsOptions): Credentials => {
  const { settings, now, log } = options;
  switch (settings.mode) {
    case 'passthrough':
      return passthrough;
    case 'api-key':
      return createApiKeyCredentials(settings, log);
    case 'app': {
      const request = createTokenRequest(settings, options);
      return createAppCredentials(settings, createAppTokens({ request, now, log }), log);
    }
  }
};
