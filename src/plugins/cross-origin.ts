import type { Plugin } from 'graphql-yoga';
import type { Origins } from '../access/origins.ts';

/** What a page may send after asking first. Cookies mean nothing here, so credentials are not among it. */
const preflightHeaders = {
  'access-control-allow-methods': 'GET, POST',
  'access-control-allow-headers':
    'authorization, content-type, wix-site-id, wix-account-id, x-request-id, traceparent, tracestate',
  'access-control-max-age': '7200',
};

/** CORS: lets pages of allowed origins ask and read the answer. To all others no word is said. */
export const useCrossOrigin = (origins: Origins, path: string): Plugin => {
  const allowedOrigin = (request: Request): string | null => {
    const origin = request.headers.get('origin');
    if (origin === null) return null;
    const host = request.headers.get('host') ?? new URL(request.url).host;
    return origins.isOwnHost(host) && origins.isAllowed({ origin, host }) ? origin : null;
  };
  return {
    onRequest({ request, url, fetchAPI, endResponse }) {
      const isPreflight =
        request.method === 'OPTIONS' && request.headers.has('access-control-request-method');
      if (!isPreflight || url.pathname !== path || allowedOrigin(request) === null) return;
      endResponse(new fetchAPI.Response(null, { status: 204, headers: preflightHeaders }));
    },
    onResponse({ request, response: { headers } }) {
      // also where no origin was named: a cache must not give that answer to a page
      headers.append('vary', 'Origin');
      headers.set('x-content-type-options', 'nosniff');
      const origin = allowedOrigin(request);
      if (origin === null) return;
      headers.set('access-control-allow-origin', origin);
      headers.set('access-control-expose-headers', 'retry-after, x-request-id');
    },
  };
};
