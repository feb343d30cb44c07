import type { AppSettings } from '../../config/credential-settings.ts';
import { GatewayError } from '../../domain/gateway-error.ts';
import type { Log } from '../../telemetry/log.ts';
import { createCaller } from '../caller.ts';
import type { UpstreamHttp } from '../http.ts';
import { decodeGrant, type Grant } from '../wire/access-token.ts';

const nobody = createCaller({ authorization: null, siteId: null, accountId: null });

/** What OAuth answers to a client or grant that it does not accept. */
const refusals: ReadonlySet<number | undefined> = new Set([400, 401, 403]);

/** Nothing of the answer is kept, nor the failure it was read into: it may repeat the secret. */
const explain = (error: GatewayError): GatewayError => {
  if (refusals.has(error.upstream?.status)) {
    return new GatewayError(
      'UNAUTHENTICATED',
      'Wix gives the gateway no access token: it does not accept WIX_APP_ID, WIX_APP_SECRET or WIX_INSTANCE_ID. Asking again does not help until the operator of the gateway has mended them.',
    );
  }
  return new GatewayError(
    'UPSTREAM_UNAVAILABLE',
    'The gateway got no access token from Wix, so it can ask for nothing at present. Ask again in a moment; if this goes on, its operator should check WIX_API_URL, WIX_APP_ID, WIX_APP_SECRET and WIX_INSTANCE_ID.',
    { notSent: true, transient: true },
  );
};

export interface TokenRequestOptions {
  readonly http: Pick<UpstreamHttp, 'call'>;
  readonly timeoutMs: number;
  readonly log: Log;
}

/** Asks for an access token (CONTRACT 3.2), once: outside of budget and circuit, which are of callers. */
export const createTokenRequest =
  ({ appId, appSecret, instanceId }: AppSettings, { http, timeoutMs, log }: TokenRequestOptions) =>
  async (): Promise<Grant> => {
    const body = {
      grant_type: 'client_credentials',
      client_id: appId,
      client_secret: appSecret,
      instance_id: instanceId,
    };
    try {
      const answer = await http.call(
        { operation: 'CreateAccessToken', method: 'POST', path: '/oauth2/token', body },
        nobody,
        { timeoutMs, signal: undefined },
      );
      const grant = decodeGrant(answer.body);
      if (grant === null) throw new GatewayError('UPSTREAM_INVALID_RESPONSE', 'It holds no access token.');
      return grant;
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      const { code, upstream } = error;
      log.warn(
        { code, status: upstream?.status ?? null, requestId: upstream?.requestId ?? null },
        'no access token',
      );
      throw explain(error);
    }
  };
