import { createServer } from 'node:http';
import type { Responder } from './responder.ts';

export type Listening = { readonly url: string; close(): Promise<void> };

/** Room for a cursor of 16000 characters in an address. */
const maxHeaderSize = 64 * 1024;
/** Longer than any client's: the side that opened a connection should be the one to give it up. */
const keepAliveTimeout = 65_000;

export const listen = async (respond: Responder, port: number, host: string): Promise<Listening> => {
  const server = createServer({ maxHeaderSize, keepAliveTimeout }, (message, response) => {
    void respond(message).then((reply) => {
      if (reply === null) return void response.destroy();
      const { status, headers, body } = reply;
      response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) }).end(body);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The sandbox has no port.');
  const closed = Promise.withResolvers<void>();
  server.once('close', () => closed.resolve());
  return {
    url: `http://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`,
    close: () => {
      server.close();
      server.closeAllConnections();
      return closed.promise;
    },
  };
};
