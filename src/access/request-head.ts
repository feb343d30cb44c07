import type { IncomingMessage } from 'node:http';

/** What is known of a request before its body, whichever front received it. */
export interface RequestHead {
  readonly method: string;
  /** The name that it was sent to. */
  readonly host: string | null;
  /** How often `Host` was sent: of several, whoever is in front may have gone by another than `host`. */
  hosts(): number;
  /** The address at the other end of its connection; undefined where nobody knows. */
  readonly peer: string | undefined;
  header(name: string): string | null;
}

/** Node keeps only the first. */
const countHosts = (rawHeaders: readonly string[]): number => {
  let count = 0;
  for (let n = 0; n < rawHeaders.length; n += 2) {
    const name = rawHeaders[n];
    if (name?.length === 4 && name.toLowerCase() === 'host') count += 1;
  }
  return count;
};

export const headOf = ({ method = 'GET', headers, rawHeaders, socket }: IncomingMessage): RequestHead => {
  const header: RequestHead['header'] = (name) => {
    const value = headers[name];
    return typeof value === 'string' ? value : null;
  };
  return {
    method,
    host: header('host'),
    hosts: () => countHosts(rawHeaders),
    peer: socket.remoteAddress,
    header,
  };
};

/** The same of a web-standard request, and the one of Node that it was made of, if any. */
export const headOfRequest = (request: Request, node: IncomingMessage | undefined): RequestHead => ({
  method: request.method,
  host: request.headers.get('host') ?? new URL(request.url).host,
  // a web-standard request joins them, unless it was made of node's
  hosts: () => (node ? countHosts(node.rawHeaders) : (request.headers.get('host')?.split(',').length ?? 0)),
  peer: node?.socket.remoteAddress,
  header: (name) => request.headers.get(name),
});

/** Whether an address can be made of a path and a Host. Proxies and clients send anything, and URL fails for it. */
export const isAddressed = ({
  url = '',
  headers: { host = 'localhost' },
  rawHeaders,
}: IncomingMessage): boolean =>
  countHosts(rawHeaders) <= 1 &&
  url.startsWith('/') &&
  /^[^\s/\\?#@*]+$/.test(host) &&
  URL.canParse(`http://${host}${url}`);
