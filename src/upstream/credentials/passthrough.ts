import { GatewayError } from '../../domain/gateway-error.ts';
import { createCaller } from '../caller.ts';
import type { Credentials } from './credentials.ts';

/** What a header can carry: HTTP refuses anything else by itself, other transports do not. */
const headerValue = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Upstream takes no longer head, and HTTP none in which this would fit twice. */
const maxCredentialLength = 8192;

const badCredential = (): GatewayError =>
  new GatewayError(
    'UNAUTHENTICATED',
    'The credential has characters that no header can carry. Check authorization, wix-site-id and wix-account-id.',
  );

const longCredential = (): GatewayError =>
  new GatewayError(
    'UNAUTHENTICATED',
    `The credential has more than ${maxCredentialLength} characters. Check authorization, wix-site-id and wix-account-id.`,
  );

const noCredential = (): GatewayError =>
  new GatewayError(
    'UNAUTHENTICATED',
    'There is no credential to ask Wix with. Send the API key or access token of the site in the Authorization header.',
  );

/** Every caller brings a credential, which goes upstream byte for byte. */
export const passthrough: Credentials = {
  callerOf: createCaller,
  async authorize(caller, send) {
    const { authorization, siteId, accountId } = caller;
    if (authorization === null) throw noCredential();
    const values = [authorization, siteId ?? '', accountId ?? ''];
    if (values.some(({ length }) => length > maxCredentialLength)) throw longCredential();
    if (!values.every((value) => headerValue.test(value))) throw badCredential();
    return send(caller);
  },
};
