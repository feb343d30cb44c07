import { type Answer, jsonAnswer } from '../http/answer.ts';
import type { Route } from '../http/route.ts';
import type { AccessTokens } from './access-tokens.ts';

/** The one app that the sandbox knows, for everybody; it is installed wherever somebody asks. */
export const demoApp = { id: 'sandbox-app', secret: 'sandbox-secret' };

const longestInstanceId = 256;

/** As OAuth has it (RFC 6749, 5.2); upstream's own fields are inferred (CONTRACT 3.2). */
const refuse = (status: number, error: string, description: string): Answer =>
  jsonAnswer(status, { error, error_description: description });

export const tokenRoutes = (tokens: AccessTokens, lifeSeconds: number): readonly Route[] => {
  const createAccessToken: Route['handle'] = ({ input }) => {
    const { grant_type: grant, client_id: id, client_secret: secret, instance_id: instance } = input;
    if (grant === undefined) return refuse(400, 'invalid_request', 'grant_type is missing.');
    if (grant !== 'client_credentials') {
      return refuse(400, 'unsupported_grant_type', 'grant_type must be client_credentials.');
    }
    if (id !== demoApp.id || secret !== demoApp.secret) {
      return refuse(401, 'invalid_client', 'client_id or client_secret is wrong.');
    }
    if (typeof instance !== 'string' || instance === '' || instance.length > longestInstanceId) {
      return refuse(400, 'invalid_request', `instance_id must be 1 to ${longestInstanceId} characters.`);
    }
    return jsonAnswer(
      200,
      { access_token: tokens.issue(instance), token_type: 'Bearer', expires_in: lifeSeconds },
      { 'cache-control': 'no-store' },
    );
  };
  return [
    {
      operation: 'CreateAccessToken',
      isOpen: true,
      method: 'POST',
      path: '/oauth2/token',
      handle: createAccessToken,
    },
  ];
};
