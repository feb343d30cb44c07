import type { IncomingMessage } from 'node:http';

/** What is known of a request before its body, whichever front received it. */
export interface RequestHead {
  readonly method: string;
  /** The name that it was sent to. */
  readonly host: string | null;
  /** The address at the other end of its connection; undefined where nobody knows. */
  readonly peer: string | undefined;
  header(name: string): string | null;
}

export const headOf = ({ method = 'GET', headers, socket }: IncomingMessage): RequestHead => {
  const header: RequestHead['header'] = (name) => {
    const value = headers[name];
    return typeof value === 'string' ? value : null;
  };
  return { method, host: header('host'), peer: socket.remoteAddress, header };
};

/** The same of a web-standard request, and the one of Node that it was made of, if any. */
export const headOfRequest = (request: Request, node: IncomingMessage | undefined): RequestHead => ({
  method: request.method,
  host: request.headers.get('host') ?? new URL(request.url).host,
  peer: node?.socket.remoteAddress,
  header: (name) => request.headers.get(name),
});

/** Whether an address can be made of a path and a Host. Proxies and clients send anything, and URL fails for it. */
export const isAddressed = ({ url = '', headers: { host = 'localhost' } }: IncomingMessage): boolean =>
  url.startsWith('/') && /^[^\s/\\?#@*]+$/.test(host) && URL.canParse(`http://${host}${url}`);
