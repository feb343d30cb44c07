import type { Plugin } from 'graphql-yoga';
import type { Asking, Origins } from '../access/origins.ts';

/** What a page may send after asking first. Cookies mean nothing here, so credentials are not among it. */
const preflightHeaders = {
  'access-control-allow-methods': 'GET, POST',
  'access-control-allow-headers':
    'authorization, content-type, wix-site-id, wix-account-id, x-request-id, traceparent, tracestate',
  'access-control-max-age': '7200',
};

export interface CrossOrigin {
  readonly plugin: Plugin;
  /** The headers that every answer has, whoever it is for. */
  headersFor(asking: Asking): Readonly<Record<string, string>>;
}

const askingOf = ({ headers, url }: Request): Asking => ({
  origin: headers.get('origin'),
  host: headers.get('host') ?? new URL(url).host,
});

/** CORS: lets pages of allowed origins ask and read the answer. To all others no word is said. */
export const createCrossOrigin = (origins: Origins, path: string): CrossOrigin => {
  const isAllowed = (asking: Asking): boolean =>
    asking.origin !== null && origins.isOwnHost(asking.host) && origins.isAllowed(asking);
  const headersFor: CrossOrigin['headersFor'] = (asking) => ({
    // also where no origin was named: a cache must not give that answer to a page
    vary: 'Origin',
    'x-content-type-options': 'nosniff',
    ...(asking.origin !== null &&
      isAllowed(asking) && {
        'access-control-allow-origin': asking.origin,
        'access-control-expose-headers': 'retry-after, x-request-id',
      }),
  });
  return {
    headersFor,
    plugin: {
      onRequest({ request, url, fetchAPI, endResponse }) {
        const isPreflight =
          request.method === 'OPTIONS' && request.headers.has('access-control-request-method');
        if (!isPreflight || url.pathname !== path || !isAllowed(askingOf(request))) return;
        endResponse(new fetchAPI.Response(null, { status: 204, headers: preflightHeaders }));
      },
      onResponse({ request, response: { headers } }) {
        const { vary, ...others } = headersFor(askingOf(request));
        if (vary !== undefined) headers.append('vary', vary);
        for (const [name, value] of Object.entries(others)) headers.set(name, value);
      },
    },
  };
};
