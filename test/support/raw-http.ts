import { once } from 'node:events';
import { type IncomingHttpHeaders, request } from 'node:http';
import { connect } from 'node:net';
import { onTestFinished } from 'vitest';
import { WebSocket } from 'ws';

export interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export interface RawRequest {
  readonly method?: string;
  /** Any header, as also browsers only may set it. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** One request with exactly these headers. */
export const sendRaw = async (url: string, { method, headers, body }: RawRequest): Promise<RawAnswer> => {
  const asking = request(url, { method: method ?? 'POST', headers: { ...headers }, agent: false });
  asking.end(body);
  const [response] = await once(asking, 'response');
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += chunk;
  return { status: response.statusCode, headers: response.headers, text };
};

export interface RawConnection {
  write(bytes: string): void;
  /** All that the server has said, once it has closed the connection. */
  readonly answer: Promise<string>;
}

/** A connection on which anything may be written, gone when the test ends. */
export const openRaw = async (url: string): Promise<RawConnection> => {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  onTestFinished(() => void socket.destroy());
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk) => {
    text += chunk;
  });
  // who is hung up on in the middle of writing may be told so
  socket.on('error', () => undefined);
  const answer = new Promise<string>((resolve) => socket.once('close', () => resolve(text)));
  await once(socket, 'connect');
  return { write: (bytes) => void socket.write(bytes), answer };
};

/** The status that an upgrade is refused with, and null when it is not. */
export const upgradeRefusal = async (
  url: string,
  headers: Record<string, string>,
): Promise<number | null> => {
  const socket = new WebSocket(url.replace(/^http/, 'ws'), 'graphql-transport-ws', { headers });
  socket.on('error', () => undefined);
  onTestFinished(() => socket.terminate());
  return Promise.race([
    once(socket, 'open').then(() => null),
    once(socket, 'unexpected-response').then(([, response]) => response.statusCode),
  ]);
};
