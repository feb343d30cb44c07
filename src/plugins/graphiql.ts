import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import type { Plugin } from 'graphql-yoga';
import { type ExampleIds, exampleTabs } from './graphiql-examples.ts';

export interface GraphiQLOptions {
  readonly path: string;
  readonly examples: ExampleIds;
}

interface Page {
  readonly etag: string;
  readonly bodies: Readonly<Record<'br' | 'gzip' | 'identity', Uint8Array<ArrayBuffer>>>;
}

const bytes = (buffer: Buffer): Uint8Array<ArrayBuffer> => Uint8Array.from(buffer);

/** GraphiQL keeps its tabs in their places until one is pressed: then it may jump away, and the click is lost. */
const steadyTabs = '<style>.graphiql-tab { transform: none !important }</style>';

/** The whole playground in one page of some 9 MB, so that nothing is loaded from elsewhere. */
const renderPage = async ({ path, examples }: GraphiQLOptions): Promise<Page> => {
  const { renderGraphiQL } = await import('@graphql-yoga/render-graphiql');
  const html = Buffer.from(
    renderGraphiQL({
      title: 'Data Movement Jobs',
      // a POST to the page's own address would make the browser throw its copy of the page away
      endpoint: `${path}?graphiql`,
      defaultTabs: exampleTabs(examples),
      defaultEditorToolsVisibility: true,
      shouldPersistHeaders: false,
      subscriptionsProtocol: 'WS',
    }).replace('</head>', `${steadyTabs}</head>`),
  );
  const [br, gzipped] = await Promise.all([
    // quality 5 packs a page of this size in a fraction of a second; the default takes many
    promisify(brotliCompress)(html, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } }),
    promisify(gzip)(html),
  ]);
  return {
    etag: `"${createHash('sha256').update(html).digest('base64url')}"`,
    bodies: { br: bytes(br), gzip: bytes(gzipped), identity: bytes(html) },
  };
};

const encodingFor = (accepted: string): keyof Page['bodies'] => {
  const offered = accepted.toLowerCase().replace(/\s/g, '').split(',');
  const isOffered = (encoding: string) =>
    offered.some(
      (each) => each === encoding || (each.startsWith(`${encoding};q=`) && !/;q=0(\.0*)?$/.test(each)),
    );
  if (isOffered('br')) return 'br';
  return isOffered('gzip') ? 'gzip' : 'identity';
};

/** Serves the playground to browsers that open the GraphQL address, and sends them there from the root. */
export const useGraphiQL = (options: GraphiQLOptions): Plugin => {
  const { path } = options;
  let page: Promise<Page> | undefined;
  return {
    async onRequest({ request, url, fetchAPI, endResponse }) {
      const isForBrowser = request.method === 'GET' && request.headers.get('accept')?.includes('text/html');
      if (!isForBrowser) return;
      if (url.pathname === '/') {
        endResponse(new fetchAPI.Response(null, { status: 302, headers: { location: path } }));
        return;
      }
      if (url.pathname !== path) return;
      page ??= renderPage(options);
      const { etag, bodies } = await page;
      const headers = { etag, 'cache-control': 'no-cache', vary: 'accept, accept-encoding' };
      if (request.headers.get('if-none-match')?.replace(/^W\//, '') === etag) {
        endResponse(new fetchAPI.Response(null, { status: 304, headers }));
        return;
      }
      const encoding = encodingFor(request.headers.get('accept-encoding') ?? '');
      endResponse(
        new fetchAPI.Response(bodies[encoding], {
          headers: {
            ...headers,
            'content-type': 'text/html; charset=utf-8',
            ...(encoding === 'identity' ? {} : { 'content-encoding': encoding }),
          },
        }),
      );
    },
  };
};
