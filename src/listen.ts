import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';

export interface Listening {
  readonly server: Server;
  /** Without a path, for example http://127.0.0.1:4000. */
  readonly url: string;
}

/** What a server bears of slow and of many clients. */
export interface Bounds {
  /** How long the head of a request may take. */
  readonly headersTimeoutMs: number;
  /** How long the whole of a request may take, up to the last byte of its body. */
  readonly requestTimeoutMs: number;
  /** How long a connection may wait for its next request: longer than the usual proxy keeps it. */
  readonly keepAliveMs: number;
  /** How often slow ones are looked for. */
  readonly checkEveryMs: number;
  readonly maxConnections: number;
}

export const usualBounds: Bounds = {
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  keepAliveMs: 65_000,
  checkEveryMs: 2_000,
  maxConnections: 20_000,
};

/** Answers to those who would take a stream, which never ends by itself. */
const eventStreamsOf = new WeakMap<Server, Set<ServerResponse>>();

const urlOf = (server: Server): string => {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server listens on no port.');
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return `http://${host}:${address.port}`;
};

/** An HTTP server once it listens; fails when it cannot. */
export const listen = async (
  listener: RequestListener,
  port: number,
  host: string,
  bounds: Bounds = usualBounds,
): Promise<Listening> => {
  const options = {
    headersTimeout: bounds.headersTimeoutMs,
    requestTimeout: bounds.requestTimeoutMs,
    keepAliveTimeout: bounds.keepAliveMs,
    connectionsCheckingInterval: bounds.checkEveryMs,
  };
  const server = createServer(options, listener);
  server.maxConnections = bounds.maxConnections;
  const eventStreams = new Set<ServerResponse>();
  eventStreamsOf.set(server, eventStreams);
  server.on('request', (request, response) => {
    if (request.headers.accept?.includes('text/event-stream')) eventStreams.add(response);
    // refused before its body was read: the rest is not waited for
    response.once('finish', () => {
      if (!request.complete) request.destroy();
    });
    // a connection that was kept alive has nothing more to wait for once the server is closing
    response.once('close', () => {
      eventStreams.delete(response);
      if (!server.listening) server.closeIdleConnections();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  return { server, url: urlOf(server) };
};

/** Ends listening, idle connections and event streams at once; what else is under way gets `graceMs` to finish. */
export const drain = async (server: Server, graceMs: number): Promise<void> => {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  // cut, not completed: its client is to connect again
  for (const response of eventStreamsOf.get(server) ?? []) {
    if (response.getHeader('content-type')?.toString().startsWith('text/event-stream')) response.destroy();
  }
  server.closeIdleConnections();
  const deadline = setTimeout(() => server.closeAllConnections(), graceMs);
  await closed;
  clearTimeout(deadline);
};
