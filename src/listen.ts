import { createServer, type RequestListener, type Server } from 'node:http';

export interface Listening {
  readonly server: Server;
  /** Without a path, for example http://127.0.0.1:4000. */
  readonly url: string;
}

const urlOf = (server: Server): string => {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server listens on no port.');
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return `http://${host}:${address.port}`;
};

/** An HTTP server once it listens; fails when it cannot. */
export const listen = async (listener: RequestListener, port: number, host: string): Promise<Listening> => {
  const server = createServer(listener);
  server.on('request', (_request, response) => {
    // a connection that was kept alive has nothing more to wait for once the server is closing
    response.once('close', () => {
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

/** Ends listening and idle connections at once; what is under way gets `graceMs` to finish. */
export const drain = async (server: Server, graceMs: number): Promise<void> => {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const deadline = setTimeout(() => server.closeAllConnections(), graceMs);
  await closed;
  clearTimeout(deadline);
};
