import { GraphQLError } from 'graphql';
import type { Plugin } from 'graphql-yoga';

/**
 * Reads no request body but JSON. A page of any other site may send forms and plain text without the browser
 * asking first, and a client that got its content type wrong is told so.
 */
export const useJsonRequests = (): Plugin => ({
  onRequestParse({ request }) {
    if (request.method !== 'POST') return;
    const contentType = request.headers.get('content-type');
    if (contentType !== null && /^application\/json\s*(;|$)/i.test(contentType)) return;
    throw new GraphQLError(
      `A POST needs "Content-Type: application/json" and a JSON body; this one has ${contentType ?? 'no content type'}.`,
      { extensions: { code: 'BAD_USER_INPUT', http: { status: 415 } } },
    );
  },
});
