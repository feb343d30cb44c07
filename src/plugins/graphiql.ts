import { type BinaryToTextEncoding, createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import type { Plugin } from 'graphql-yoga';
import { type ExampleIds, exampleTabs } from './graphiql-examples.ts';

export interface GraphiQLOptions {
  readonly path: string;
  readonly examples: ExampleIds;
}

interface Page {
  readonly headers: Readonly<Record<string, string>>;
  readonly bodies: Readonly<Record<'br' | 'gzip' | 'identity', Uint8Array<ArrayBuffer>>>;
}

const bytes = (buffer: Buffer): Uint8Array<ArrayBuffer> => Uint8Array.from(buffer);

/** GraphiQL keeps its tabs in their places until one is pressed: then it may jump away, and the click is lost. */
const steadyTabs = '<style>.graphiql-tab { transform: none !important }</style>';

/** What is written into its headers editor goes along with requests; over a WebSocket it belongs into connectionParams. */
const withHeadersInParams = (html: string): string =>
  html.replace(
    /(\w+)\?\.connectionParams&&typeof \1\?\.connectionParams=="object"&&\((\w+)=Object\.assign\(\2,\1\.connectionParams\)\)/,
    '$2={...$1?.headers}',
  );

const sha256 = (text: string | Buffer, encoding: BinaryToTextEncoding) =>
  createHash('sha256').update(text).digest(encoding);

/** The page's one script, told by its hash: no other may run, and none may make text into code. */
const scriptOf = (html: string): string =>
  html.slice(html.indexOf('<script>') + '<script>'.length, html.lastIndexOf('</script>'));

const guards = (html: string): Readonly<Record<string, string>> => ({
  'content-security-policy': [
    "default-src 'none'",
    `script-src 'sha256-${sha256(scriptOf(html), 'base64')}'`,
    // the editor draws by style attributes and writes style sheets as it goes
    "style-src 'unsafe-inline'",
    'worker-src blob:',
    'img-src data:',
    'font-src data:',
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'x-frame-options': 'DENY',
  // the address holds the operation and its variables
  'referrer-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
});

/** The whole playground in one page of some 9 MB, so that nothing is loaded from elsewhere. */
const renderPage = async ({ path, examples }: GraphiQLOptions): Promise<Page> => {
  const { renderGraphiQL } = await import('@graphql-yoga/render-graphiql');
  const html = Buffer.from(
    withHeadersInParams(
      renderGraphiQL({
        title: 'Data Movement Jobs',
        // a POST to the page's own address would make the browser throw its copy of the page away
        endpoint: `${path}?graphiql`,
        defaultTabs: exampleTabs(examples),
        defaultEditorToolsVisibility: true,
        shouldPersistHeaders: false,
        subscriptionsProtocol: 'WS',
      }),
    ).replace('</head>', `${steadyTabs}</head>`),
  );
  const [br, gzipped] = await Promise.all([
    // quality 5 packs a page of this size in a fraction of a second; the default takes many
    promisify(brotliCompress)(html, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } }),
    promisify(gzip)(html),
  ]);
  return {
    headers: { etag: `"${sha256(html, 'base64url')}"`, ...guards(html.toString()) },
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
      const { headers: ownHeaders, bodies } = await page;
      const headers = { ...ownHeaders, 'cache-control': 'no-cache', vary: 'accept, accept-encoding' };
      if (request.headers.get('if-none-match')?.replace(/^W\//, '') === ownHeaders['etag']) {
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
