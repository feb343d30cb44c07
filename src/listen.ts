import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { linger } from './listen/linger.ts';
import { createUnread } from './listen/unread.ts';

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
  /** How long a client may go on sending what was answered without it. */
  readonly lingerMs: number;
  /** How long a connection may wait for its next request: longer than the usual proxy keeps it. */
  readonly keepAliveMs: number;
  /** How long a client may take nothing of what waits for it, as far as can be seen: kernels take 1.4 MB at a time. */
  readonly unreadMs: number;
  /** What may wait to be read by all clients together. */
  readonly maxUnreadBytes: number;
  /** How often slow ones are looked for. */
  readonly checkEveryMs: number;
  readonly maxConnections: number;
}

export const usualBounds: Bounds = {
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  lingerMs: 1_000,
  keepAliveMs: 65_000,
  // 1.4 MB in less than that are 24 KB/s
  unreadMs: 60_000,
  maxUnreadBytes: 256 * 1024 * 1024,
  checkEveryMs: 2_000,
  maxConnections: 20_000,
};

/** An answer, until it has ended. It lets go of the response, which the tables that a busy set outgrows would keep alive. */
interface UnderWay {
  response: ServerResponse | null;
}

/** How often what is unread is added up. A core writes some 600 MB of large answers in a second. */
const unreadEveryMs = 100;

/** What is being answered at present. */
const answersOf = new WeakMap<Server, Set<UnderWay>>();

const responsesOf = (server: Server): ServerResponse[] =>
  [...(answersOf.get(server) ?? [])].flatMap(({ response }) => response ?? []);

/** Only its answer tells: many clients would take a stream with every request, and get JSON. */
const isEventStream = (response: ServerResponse): boolean =>
  response.getHeader('content-type')?.toString().startsWith('text/event-stream') ?? false;

/** Cuts an event stream, or what turns out to be one. An end in order would tell its client that no more will come. */
const cutEventStream = (response: ServerResponse) => {
  if (isEventStream(response)) response.destroy();
  else response.once('pipe', () => cutEventStream(response));
};

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
  onHangUp: (reason: 'patience' | 'memory') => void = () => {},
): Promise<Listening> => {
  const options = {
    headersTimeout: bounds.headersTimeoutMs,
    requestTimeout: bounds.requestTimeoutMs,
    keepAliveTimeout: bounds.keepAliveMs,
    connectionsCheckingInterval: bounds.checkEveryMs,
  };
  const server: Server = createServer({
    ...options,
    // whoever offers another protocol, such as h2c, is served in HTTP/1.1 (by Node 24; an older one cannot)
    shouldUpgradeCallback: ({ headers: { upgrade } }) =>
      server.listenerCount('upgrade') > 0 && upgrade?.toLowerCase() === 'websocket',
  });
  server.maxConnections = bounds.maxConnections;
  const unread = createUnread({
    patienceMs: bounds.unreadMs,
    maxBytes: bounds.maxUnreadBytes,
    now: () => performance.now(),
    onHangUp,
  });
  server.on('connection', unread.add);
  const looking = setInterval(unread.look, Math.min(unreadEveryMs, bounds.checkEveryMs)).unref();
  server.once('close', () => clearInterval(looking));
  const answers = new Set<UnderWay>();
  answersOf.set(server, answers);
  // a connection that was kept alive has nothing more to wait for once the server is closing
  const leaveIfClosing = () => {
    if (!server.listening) server.closeIdleConnections();
  };
  const answer: RequestListener = (request, response) => {
    const underWay: UnderWay = { response };
    answers.add(underWay);
    // refused before its body was read
    response.prependOnceListener('finish', () => {
      if (request.complete) return;
      linger(request, bounds.lingerMs);
      request.once('close', leaveIfClosing);
    });
    response.once('close', () => {
      answers.delete(underWay);
      underWay.response = null;
      leaveIfClosing();
    });
    listener(request, response);
  };
  server.on('request', (request, response) => {
    // it came behind one that was answered with the end of the connection
    if (request.socket.writableEnded) return;
    // it has no socket while the answer before it has not been taken: of hundreds that come in one piece one is made
    if (response.socket === null) response.once('socket', () => answer(request, response));
    else answer(request, response);
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

/** Ends event streams, spread over `windowMs` so that their clients do not all come back at once. */
export const endEventStreams = async (server: Server, windowMs: number): Promise<void> => {
  await Promise.all(
    responsesOf(server).map((response) => {
      if (!isEventStream(response)) return cutEventStream(response);
      return new Promise<void>((resolve) => {
        const timer = setTimeout(cutEventStream, Math.random() * windowMs, response);
        response.once('close', () => {
          clearTimeout(timer);
          resolve();
        });
      });
    }),
  );
};

/**
 * Ends listening, idle connections and event streams at once; what else is under way gets `graceMs` to finish.
 */
export const drain = async (server: Server, graceMs: number): Promise<void> => {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  for (const response of responsesOf(server)) cutEventStream(response);
  server.closeIdleConnections();
  const deadline = setTimeout(() => server.closeAllConnections(), graceMs);
  await closed;
  clearTimeout(deadline);
};
